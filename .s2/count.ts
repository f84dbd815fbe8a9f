import * as Either from "effect/Either"
import { buildProgram } from "../src/domain/program/builder.ts"
import { differentiate } from "../src/domain/program/differentiate.ts"
import { simplify } from "../src/domain/program/rewrite.ts"
import { dartsSearchNetwork } from "../src/domain/network/darts_networks.ts"
import { crossEntropy, softmax } from "../src/domain/network/mixture.ts"
import { translate } from "../src/adapters/tensor/onnx/translate.ts"
import { OnnxGraph } from "../src/adapters/tensor/onnx/model.ts"
const [channels, cells, batch, size] = [16, 8, 64, 32]
const parameters = new Map()
const p = Either.getOrThrow(buildProgram((b) => {
  const net = { b, statistics: "batch", tracked: false, parameters } as const
  const weights = { normal: softmax(net, b.input("alpha/normal", [14, 8])), reduce: softmax(net, b.input("alpha/reduce", [14, 8])) }
  const logits = dartsSearchNetwork(net, b.input("x", [batch, 3, size, size]), { channels, cells, classes: 10 }, weights)
  b.output("loss", crossEntropy(net, logits, b.input("targets", [batch, 10])))
}))
const d = Either.getOrThrow(differentiate(p, { loss: "loss", gradients: new Map([...parameters.keys()].map((n) => [`g/${n}`, `param/${n}`])) }))
const q = simplify(d)
const el = (s: ReadonlyArray<number>) => s.reduce((a, c) => a * c, 1)
const counts = new Map<string, number>()
for (const n of q.nodes) { const k = `${n.operation._tag}${"kind" in n.operation ? "." + n.operation.kind : ""} ${el(n.shape) > 5000 ? "large" : "small"}`; counts.set(k, (counts.get(k) ?? 0) + 1) }
console.log([...counts].sort((a, b) => b[1] - a[1]).slice(0, 30))
const orig = OnnxGraph.prototype.operator
const oc = new Map<string, number>()
OnnxGraph.prototype.operator = function (type, ins, o) { const before = this.size; const r = orig.call(this, type, ins, o); if (this.size > before) oc.set(type, (oc.get(type) ?? 0) + 1); return r }
translate(q, { block: 16, fusedProducts: true })
console.log([...oc].sort((a, b) => b[1] - a[1]))
