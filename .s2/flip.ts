import { readFileSync } from "node:fs"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import { goldenNetwork } from "../src/adapters/tensor/golden.ts"
import * as Reference from "../src/adapters/tensor/reference.ts"
import * as Onnx from "../src/adapters/tensor/onnx.ts"
import { readSafetensors } from "../src/adapters/tensor/safetensors.ts"
import { buildProgram } from "../src/domain/program/builder.ts"
import { copyNodes } from "../src/domain/program/differentiate.ts"
import { TensorBackend } from "../src/effects/tensor_backend.ts"
const path = process.argv[2]!
const main = Effect.gen(function* () {
  const file = yield* readSafetensors(path, readFileSync(path))
  const golden = yield* goldenNetwork(path, file)
  const p = golden.program("batch")
  const q = Either.getOrThrow(buildProgram((b) => {
    const moved = copyNodes(b, p)
    for (const [at, n] of p.nodes.entries()) if ((n.operation._tag === "Unary" && n.operation.kind === "relu")) b.output(`${n.operation._tag}/${at}`, moved[n.operands[0]!]!)
    for (const [at, n] of p.nodes.entries()) if (n.operation._tag === "MaxPool") b.output(`MaxPool/${at}`, b.add({ ...n.operation, _tag: "MaxPoolGather" } as never, moved[n.operands[0]!]!, b.input(`iota/${at}`, p.nodes[n.operands[0]!]!.shape)))
  }))
  const run = Effect.gen(function* () {
    const backend = yield* TensorBackend
    const ex = yield* backend.compile(q)
    const inputs = new Map()
    for (const [name, at] of q.inputs) {
      const { shape } = q.nodes[at]!
      const n = shape.reduce((a, b) => a * b, 1)
      let data: ArrayLike<number>
      if (name.startsWith("iota")) data = Array.from({ length: n }, (_, i) => i)
      else if (name === "x") data = file.tensors.get("input/x")!.data
      else if (name === "targets") { const y = file.tensors.get("input/y")!.data; const c = n / y.length; data = new Float32Array(n); y.forEach((l: number, i: number) => { (data as Float32Array)[i * c + l] = 1 }) }
      else data = file.tensors.get(name)?.data ?? new Float32Array(n).fill(name.endsWith("var") ? 1 : 0)
      inputs.set(name, yield* backend.upload(shape, data))
    }
    const out = new Map<string, ArrayLike<number>>()
    for (const [name, t] of yield* ex.run(inputs)) out.set(name, yield* backend.download(t))
    return out
  }).pipe(Effect.scoped)
  const a = yield* Effect.provide(run, Reference.layer("f64"))
  const b = yield* Effect.provide(run, process.argv[3] === "onnx" ? Onnx.layer() : Reference.layer("f32"))
  let min = 1; for (const [name, x] of a) if (name.startsWith("Unary")) for (let i = 0; i < x.length; i++) min = Math.min(min, Math.abs(x[i]!)); for (const [name, x] of a) { const y = b.get(name)!; if (!name.startsWith("Unary")) continue; let e = 0; for (let i = 0; i < x.length; i++) e += (x[i]! - y[i]!) ** 2; console.log(name, Math.sqrt(e / x.length).toExponential(1)) }
  console.log("outputs", a.size, "smallest", min)
  for (const [name, x] of a) { const y = b.get(name)!; for (let i = 0; i < x.length; i++) if (name.startsWith("MaxPool") ? x[i] !== y[i] : (x[i]! > 0) !== (y[i]! > 0)) console.log(name, i, x[i], y[i], JSON.stringify(p.nodes[Number(name.split("/")[1])]!.shape)) }
})
await Effect.runPromise(main as never)
