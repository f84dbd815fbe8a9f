/**
 * Compares our networks with reference numbers: logits, loss, every gradient, running statistics, evaluation logits and, where the
 * file has it, the exact unrolled hypergradient, made by differentiating twice, with the finite difference's error beside it.
 *
 *     npx tsx bench/parity.ts FILE.safetensors... [--backend reference|reference-f32|tfjs-cpu|tfjs-wasm|tfjs-node|tfjs-gpu] [--json]
 *
 * The network and its sizes are read from the file. An error is the largest difference of a tensor by the tensor's largest
 * magnitude, or by a thousandth (in single precision a hundredth) of the largest of its group where the tensor is smaller: gradients that
 * are 0 on paper. Tolerance: 1e-4, gradients 1e-3.
 */
import { readFileSync } from "node:fs"
import { parseArgs } from "node:util"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import type * as Layer from "effect/Layer"
import { type GoldenNetwork, goldenNetwork } from "../src/adapters/tensor/golden.ts"
import * as Reference from "../src/adapters/tensor/reference.ts"
import { readSafetensors, type StoredTensor, type StoredTensors } from "../src/adapters/tensor/safetensors.ts"
import * as Tfjs from "../src/adapters/tensor/tfjs.ts"
import { buildProgram, type ProgramBuilder } from "../src/domain/program/builder.ts"
import { programCost } from "../src/domain/program/cost.ts"
import { copyNodes, differentiate } from "../src/domain/program/differentiate.ts"
import type { Program } from "../src/domain/program/program.ts"
import { simplify } from "../src/domain/program/rewrite.ts"
import { TensorBackend, type TensorError } from "../src/effects/tensor_backend.ts"

const TOLERANCE = { value: 1e-4, gradient: 1e-3 } as const
const BACKENDS = {
  reference: Reference.layer("f64"),
  "reference-f32": Reference.layer("f32"),
  ...Object.fromEntries(Tfjs.RUNTIMES.map((runtime) => [runtime, Tfjs.layer(runtime)]))
} as Readonly<Record<string, Layer.Layer<TensorBackend, TensorError>>>

interface Comparison {
  readonly group: string
  readonly tensors: number
  readonly error: number
  readonly tolerance: number
}

type Values = ReadonlyMap<string, ArrayLike<number>>

/** Run a program on numbers from the host. */
const evaluate = Effect.fn("evaluate")(function* (program: Program, given: ReadonlyMap<string, StoredTensor>) {
  const backend = yield* TensorBackend
  const executable = yield* backend.compile(program)
  const inputs = new Map()
  for (const [name, at] of program.inputs) {
    const { shape } = program.nodes[at]!
    const tensor = given.get(name)
    if (tensor === undefined) return yield* Effect.dieMessage(`the file has no ${name}`)
    inputs.set(name, yield* backend.upload(shape, tensor.data))
  }
  const outputs = yield* executable.run(inputs)
  const values = new Map<string, ArrayLike<number>>()
  for (const [name, tensor] of outputs) values.set(name, yield* backend.download(tensor))
  return values
}, Effect.scoped)

function oneHot(labels: StoredTensor, classes: number): StoredTensor {
  const data = new Float32Array(labels.data.length * classes)
  for (const [i, label] of labels.data.entries()) data[i * classes + label] = 1
  return { shape: [labels.data.length, classes], data }
}

/** The inputs of a program: parameters and alphas as stored, a batch under the program's names, running statistics at their start. */
function inputsOf(
  file: StoredTensors,
  golden: GoldenNetwork,
  batch: string,
  buffers: "start" | "stored"
): Map<string, StoredTensor> {
  const inputs = new Map([...file.tensors].filter(([name]) => name.startsWith("param/") || name.startsWith("alpha")))
  inputs.set("x", file.tensors.get(`${batch}/x`)!)
  inputs.set("targets", oneHot(file.tensors.get(`${batch}/y`)!, golden.metadata.classes))
  for (const [name, tensor] of file.tensors) {
    if (!name.startsWith("buffer/")) continue
    const start = new Float32Array(tensor.data.length).fill(name.endsWith("running_var") ? 1 : 0)
    inputs.set(name, buffers === "start" ? { shape: tensor.shape, data: start } : tensor)
  }
  return inputs
}

function gradientsOf(golden: GoldenNetwork, names: ReadonlyArray<string>): Program {
  const gradients = new Map(names.map((name) => [`grad/${name}`, name]))
  return simplify(Either.getOrThrow(differentiate(golden.program("batch"), { loss: "loss", gradients })))
}

/** Validation loss at weights one training step ahead, and its gradient by the alphas. */
function unrolled(golden: GoldenNetwork, xi: number, weightDecay: number): Program {
  const names = golden.parameters.map((name) => `param/${name}`)
  const training = gradientsOf(golden, names)
  const program = buildProgram((b: ProgramBuilder) => {
    const shape = (name: string) => training.nodes[training.inputs.get(name)!]!.shape
    const batch = (part: string) =>
      new Map(["x", "targets"].map((name) => [name, b.input(`${part}/${name}`, shape(name))] as const))
    const moved = copyNodes(b, training, { substitutes: batch("train") })
    const stepped = names.map((name) => {
      const weight = b.input(name, shape(name))
      const gradient = moved[training.outputs.get(`grad/${name}`)!]!
      return [name, b.minus(weight, b.scale(b.plus(gradient, b.scale(weight, weightDecay)), xi))] as const
    })
    const validation = golden.program("batch")
    const ahead = copyNodes(b, validation, { substitutes: new Map([...batch("valid"), ...stepped]) })
    b.output("loss", ahead[validation.outputs.get("loss")!]!)
  })
  const gradients = new Map(golden.alphas.map((name) => [`grad/${name}`, name]))
  return simplify(Either.getOrThrow(differentiate(Either.getOrThrow(program), { loss: "loss", gradients })))
}

/**
 * The unrolled hypergradient by the finite difference of DARTS: with r = step / ‖v‖, where DARTS's step is 0.01 and v is the validation gradient by the
 * weights one step ahead, ∇α L_val(w′) − ξ (∇α L_train(w + r v) − ∇α L_train(w − r v)) / (2 r).
 *
 * Source: Liu, Simonyan, Yang 2019 (arXiv 1806.09055) eq. 8.
 */
const finiteDifference = Effect.fn("finiteDifference")(function* (
  file: StoredTensors,
  golden: GoldenNetwork,
  training: Values,
  { xi, weight_decay: weightDecay }: { readonly xi: number; readonly weight_decay: number },
  step: number
) {
  const names = golden.parameters.map((name) => `param/${name}`)
  const moved = (batch: string, direction: (name: string) => ArrayLike<number>, size: number) => {
    const inputs = inputsOf(file, golden, batch, "start")
    for (const name of names) {
      const { shape, data } = inputs.get(name)!
      const by = direction(name)
      inputs.set(name, { shape, data: Float64Array.from(data, (weight, i) => weight + size * by[i]!) })
    }
    return inputs
  }
  const decayed = (name: string) => {
    const weights = file.tensors.get(name)!.data
    return Float64Array.from(training.get(`grad/${name}`)!, (gradient, i) => gradient + weightDecay * weights[i]!)
  }
  const ahead = yield* evaluate(gradientsOf(golden, [...names, ...golden.alphas]), moved("input/valid", decayed, -xi))
  const v = (name: string) => ahead.get(`grad/${name}`)!
  const norm = Math.sqrt(names.reduce((sum, name) => Array.from(v(name)).reduce((total, x) => total + x * x, sum), 0))
  const r = step / norm
  const byAlpha = gradientsOf(golden, golden.alphas)
  const plus = yield* evaluate(byAlpha, moved("input/train", v, r))
  const minus = yield* evaluate(byAlpha, moved("input/train", v, -r))
  return new Map(
    golden.alphas.map((alpha) => {
      const [up, down] = [plus.get(`grad/${alpha}`)!, minus.get(`grad/${alpha}`)!]
      return [`grad/${alpha}`, Array.from(v(alpha), (own, i) => own - (xi * (up[i]! - down[i]!)) / (2 * r))] as const
    })
  )
})

function largest(data: ArrayLike<number>): number {
  let top = 0
  for (let i = 0; i < data.length; i++) top = Math.max(top, Math.abs(data[i]!))
  return top
}

/** The errors of one group of tensors: names in the file by our names. */
function compare(
  group: string,
  file: StoredTensors,
  values: Values,
  pairs: ReadonlyArray<readonly [string, string]>,
  tolerance: number
): Comparison {
  const stored = pairs.map(([, name]) => file.tensors.get(name)!)
  const floor = FLOOR * Math.max(...stored.map(({ data }) => largest(data)))
  let error = 0
  for (const [i, [own]] of pairs.entries()) {
    const [ours, theirs] = [values.get(own)!, stored[i]!.data]
    let difference = ours.length === theirs.length ? 0 : Number.POSITIVE_INFINITY
    for (let k = 0; k < theirs.length; k++) difference = Math.max(difference, Math.abs(ours[k]! - theirs[k]!))
    error = Math.max(error, difference / Math.max(largest(theirs), floor, 1e-30))
  }
  return { group, tensors: pairs.length, error: Number.isNaN(error) ? Number.POSITIVE_INFINITY : error, tolerance }
}

/** The place of a gradient in the network: `stem`, `cells.3`, `classifier`. */
function groupOf(name: string): string {
  const [first, second] = name.replace(/^param\//, "").split(".")
  return first === "cells" ? `gradients of ${first}.${second}` : `gradients of ${first}`
}

const checkFile = Effect.fn("checkFile")(function* (path: string) {
  const file = yield* readSafetensors(path, readFileSync(path))
  const golden = yield* goldenNetwork(path, file)
  const search = file.tensors.has("input/train/x")
  const [batch, prefix] = search ? ["input/train", "train/"] : ["input", ""]
  const names = [...golden.parameters.map((name) => `param/${name}`), ...golden.alphas]
  const begun = performance.now()
  const program = gradientsOf(golden, names)
  const built = performance.now()
  const values = yield* evaluate(program, inputsOf(file, golden, batch!, "start"))
  const comparisons: Array<Comparison> = []
  const check = (
    group: string,
    from: Values,
    pairs: ReadonlyArray<readonly [string, string]>,
    tolerance: number = TOLERANCE.value
  ) => {
    const known = pairs.filter(([own, name]) => from.has(own) && file.tensors.has(name))
    if (known.length > 0) comparisons.push(compare(group, file, from, known, tolerance))
  }
  for (const name of ["logits", "logits_aux", "loss"]) check(name, values, [[name, `${prefix}${name}`]])
  const groups = grouped(names)
  for (const [group, members] of groups)
    check(
      group,
      values,
      members.map((name) => [`grad/${name}`, `${prefix}grad/${name}`] as const),
      TOLERANCE.gradient
    )
  check(
    "running statistics",
    values,
    [...program.outputs.keys()].filter((name) => name.startsWith("buffer/")).map((name) => [name, name])
  )
  const missing = [...file.tensors.keys()].filter(
    (name) => name.startsWith(`${prefix}grad/`) && !values.has(name.slice(prefix!.length))
  )
  if (file.tensors.has("eval/logits")) {
    const running = simplify(golden.program("running"), ["logits"])
    check("evaluation logits", yield* evaluate(running, inputsOf(file, golden, batch!, "stored")), [
      ["logits", "eval/logits"]
    ])
  }
  if (search) {
    const pairs = golden.alphas.map((name) => [`grad/${name}`, `valid/grad/${name}`] as const)
    const valid = yield* evaluate(gradientsOf(golden, golden.alphas), inputsOf(file, golden, "input/valid", "start"))
    check("validation loss", valid, [["loss", "valid/loss"]])
    check("validation gradients of alpha", valid, pairs, TOLERANCE.gradient)
    const { unrolled: options } = golden.metadata
    if (options !== undefined) {
      const inputs = inputsOf(file, golden, "input/train", "start")
      for (const part of ["train", "valid"]) {
        inputs.set(`${part}/x`, file.tensors.get(`input/${part}/x`)!)
        inputs.set(`${part}/targets`, oneHot(file.tensors.get(`input/${part}/y`)!, golden.metadata.classes))
      }
      const ahead = yield* evaluate(unrolled(golden, options.xi, options.weight_decay), inputs)
      check("unrolled loss", ahead, [["loss", "unrolled/valid/loss"]])
      const hyper = golden.alphas.map((name) => [`grad/${name}`, `unrolled/grad/${name}`] as const)
      check("unrolled hypergradient", ahead, hyper, TOLERANCE.gradient)
      for (const step of [0.01, 1e-7]) {
        const approximate = yield* finiteDifference(file, golden, values, options, step)
        check(`the same by finite difference, step ${step}`, approximate, hyper, Number.POSITIVE_INFINITY)
      }
    }
  }
  const cost = programCost(program)
  const seconds = { build: (built - begun) / 1000, all: (performance.now() - begun) / 1000 }
  return { path, kind: golden.kind, cost, seconds, comparisons, missing }
})

function grouped(names: ReadonlyArray<string>): Map<string, Array<string>> {
  const groups = new Map<string, Array<string>>()
  for (const name of names) groups.set(groupOf(name), [...(groups.get(groupOf(name)) ?? []), name])
  return groups
}

const { values: flags, positionals } = parseArgs({
  allowPositionals: true,
  options: { backend: { type: "string", default: "reference" }, json: { type: "boolean", default: false } }
})
const backend = flags.backend
const FLOOR = backend === "reference" ? 1e-3 : 1e-2
if (positionals.length === 0 || !(backend in BACKENDS)) {
  console.error(
    `usage: npx tsx bench/parity.ts FILE.safetensors... [--backend ${Object.keys(BACKENDS).join("|")}] [--json]`
  )
  process.exit(2)
}
let wrong = 0
for (const path of positionals) {
  const result = await Effect.runPromise(Effect.either(Effect.provide(checkFile(path), BACKENDS[backend]!)))
  if (Either.isLeft(result)) {
    console.error(`error: ${result.left.message}`)
    wrong += 1
    continue
  }
  const { comparisons, missing, kind, cost, seconds } = result.right
  const failed = comparisons.filter(({ error, tolerance }) => error > tolerance).length + missing.length
  wrong += failed
  if (flags.json) {
    console.log(JSON.stringify({ file: path, backend, ...result.right, passed: failed === 0 }))
    continue
  }
  console.log(
    `${path}: ${kind}, ${cost.nodes} nodes built in ${seconds.build.toFixed(1)} s, all in ${seconds.all.toFixed(1)} s on ${backend}`
  )
  for (const { group, tensors, error, tolerance } of comparisons) {
    console.log(
      `  ${error > tolerance ? "FAILS " : "holds "} ${error.toExponential(1)}${Number.isFinite(tolerance) ? ` of ${tolerance.toExponential(0)}` : "        "}  ${group} (${tensors})`
    )
  }
  for (const name of missing) console.log(`  FAILS  no such gradient: ${name}`)
}
process.exitCode = wrong === 0 ? 0 : 1
