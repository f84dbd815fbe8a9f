import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Onnx from "../src/adapters/tensor/onnx.ts"
import { buildProgram } from "../src/domain/program/builder.ts"
import { copyNodes, differentiate } from "../src/domain/program/differentiate.ts"
import { simplify } from "../src/domain/program/rewrite.ts"
import { programCost } from "../src/domain/program/cost.ts"
import { dartsSearchNetwork } from "../src/domain/network/darts_networks.ts"
import { crossEntropy, softmax } from "../src/domain/network/mixture.ts"
import { TensorBackend } from "../src/effects/tensor_backend.ts"
const [channels, cells, batch, size] = process.argv.slice(2, 6).map(Number) as [number, number, number, number]
const trace = process.argv[6]
function build(which: "alpha" | "weights") {
  const parameters = new Map()
  const p = Either.getOrThrow(buildProgram((b) => {
    const net = { b, statistics: "batch", tracked: false, parameters } as const
    const weights = { normal: softmax(net, b.input("alpha/normal", [14, 8])), reduce: softmax(net, b.input("alpha/reduce", [14, 8])) }
    const logits = dartsSearchNetwork(net, b.input("x", [batch, 3, size, size]), { channels, cells, classes: 10 }, weights)
    b.output("loss", crossEntropy(net, logits, b.input("targets", [batch, 10])))
  }))
  const wrt = which === "alpha" ? ["alpha/normal", "alpha/reduce"] : [...parameters.keys()].map((n) => `param/${n}`)
  return simplify(Either.getOrThrow(differentiate(p, { loss: "loss", gradients: new Map(wrt.map((n) => [`grad/${n}`, n])) })))
}
const main = Effect.gen(function* () {
  const backend = yield* TensorBackend
  const times: Array<number> = []
  for (const which of ["alpha", "weights"] as const) {
    const t0 = performance.now()
    const program = build(which)
    const t1 = performance.now()
    const ex = yield* backend.compile(program)
    const t2 = performance.now()
    const cost = programCost(program)
    console.log(which, "nodes", program.nodes.length, "build", (t1 - t0).toFixed(0), "compile", (t2 - t1).toFixed(0), "GMAC", (cost.multiplyAdds / 1e9).toFixed(2), "GB", (cost.bytesMoved / 1e9).toFixed(2), "peak MB", (cost.peakBytes / 1e6).toFixed(0))
    const inputs = new Map()
    let seed = 1
    const rnd = () => { seed = (seed * 1103515245 + 12345) & 0x7fffffff; return seed / 0x7fffffff - 0.5 }
    for (const [name, at] of program.inputs) {
      const { shape } = program.nodes[at]!
      const n = shape.reduce((a, c) => a * c, 1)
      inputs.set(name, yield* backend.upload(shape, name === "targets" ? Float32Array.from({ length: n }, (_, i) => (i % 10 === 3 ? 1 : 0)) : Float32Array.from({ length: n }, () => rnd())))
    }
    const runs: Array<number> = []
    for (let i = 0; i < 5; i++) {
      const s = performance.now()
      yield* Effect.scoped(ex.run(inputs))
      runs.push(performance.now() - s)
    }
    console.log(which, runs.map((x) => x.toFixed(0)).join(" "))
    times.push(Math.min(...runs.slice(1)))
  }
  console.log("step ms", times[0]! + times[1]!, "rss MB", (process.memoryUsage().rss / 1e6).toFixed(0), "max", process.resourceUsage().maxRSS / 1e3)
})
Effect.runPromise(main.pipe(Effect.scoped, Effect.provide(Onnx.layer({ threads: 2, ...(process.env.CACHE ? { cache: process.env.CACHE } : {}), ...(trace ? { trace } : {}) }))))
