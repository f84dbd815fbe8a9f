import { writeFileSync, readFileSync } from "node:fs"
import { createRequire } from "node:module"
import * as Either from "effect/Either"
import { buildProgram } from "../src/domain/program/builder.ts"
import { differentiate } from "../src/domain/program/differentiate.ts"
import { simplify } from "../src/domain/program/rewrite.ts"
import { dartsSearchNetwork } from "../src/domain/network/darts_networks.ts"
import { crossEntropy, softmax } from "../src/domain/network/mixture.ts"
import { translate } from "../src/adapters/tensor/onnx/translate.ts"
const ort = createRequire(import.meta.url)("onnxruntime-node")
const [channels, cells, batch, size] = [16, 8, 64, 32]
const parameters = new Map()
let t = performance.now()
const lap = (what: string) => { console.log(what, (performance.now() - t).toFixed(0)); t = performance.now() }
const p = Either.getOrThrow(buildProgram((b) => {
  const net = { b, statistics: "batch", tracked: false, parameters } as const
  const weights = { normal: softmax(net, b.input("alpha/normal", [14, 8])), reduce: softmax(net, b.input("alpha/reduce", [14, 8])) }
  const logits = dartsSearchNetwork(net, b.input("x", [batch, 3, size, size]), { channels, cells, classes: 10 }, weights)
  b.output("loss", crossEntropy(net, logits, b.input("targets", [batch, 10])))
}))
lap("build")
const d = Either.getOrThrow(differentiate(p, { loss: "loss", gradients: new Map([...parameters.keys()].map((n) => [`g/${n}`, `param/${n}`])) }))
lap("differentiate")
const q = simplify(d)
lap("simplify")
const m = translate(q, { block: 16, fusedProducts: true })
lap(`translate ${m.operators} ${m.bytes.length}`)
const main = async () => {
  const opt = (level: string, extra = {}) => ({ graphOptimizationLevel: level, intraOpNumThreads: 2, enableMemPattern: false, ...extra })
  let s = await ort.InferenceSession.create(m.bytes, opt("disabled")); lap("ort disabled"); await s.release()
  s = await ort.InferenceSession.create(m.bytes, opt("disabled", { extra: { session: { disable_prepacking: "1" } } })); lap("ort no prepack"); await s.release()
  s = await ort.InferenceSession.create(m.bytes, opt("disabled", { optimizedModelFilePath: "/tmp/m.ort", extra: { session: { save_model_format: "ORT" } } })); lap("ort save"); await s.release()
  const bytes = readFileSync("/tmp/m.ort"); lap(`read ${bytes.length}`)
  s = await ort.InferenceSession.create(bytes, opt("disabled", { extra: { session: { load_model_format: "ORT" } } })); lap("ort load ORT"); await s.release()
  s = await ort.InferenceSession.create("/tmp/m.ort", opt("disabled")); lap("ort load ORT file"); await s.release()
  s = await ort.InferenceSession.create(m.bytes, opt("basic")); lap("ort basic"); await s.release()
}
main()
