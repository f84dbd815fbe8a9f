/**
 * Compares our networks with reference numbers: logits, loss, every gradient, running statistics,
 * evaluation logits and, where the file has it, the exact unrolled hypergradient, made by
 * differentiating twice, with the finite difference's error beside it.
 *
 *     npx tsx bench/parity.ts FILE.safetensors... [--backend reference] [--precision f64|f32] [--json]
 *
 * `--backend` names any backend; the reference computes in double precision, with `--precision f32`
 * in single. The network and its sizes are read from the file. An error is the largest difference
 * of a tensor by the tensor's largest magnitude, or by a thousandth of the largest of its group
 * where the tensor is smaller. Tolerance: 1e-4, gradients 1e-3. TensorFlow's kernels sum in single
 * precision without compensation: there the floor is a hundredth, since gradients that are 0 on
 * paper come out as 1e-7.
 *
 * The derivative of a ReLU or a max pool jumps where rounding moves a number across its kink.
 * Gradients beyond the tolerance are therefore compared once more, with those of the
 * double-precision reference whose ReLUs and max pools see the backend's own numbers; both errors
 * and the number of elements that changed sides are printed.
 */
import { readFileSync } from "node:fs"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import { backendLayer } from "../src/adapters/tensor/backends.ts"
import { type GoldenNetwork, goldenNetwork } from "../src/adapters/tensor/golden.ts"
import * as Reference from "../src/adapters/tensor/reference.ts"
import { readSafetensors, type StoredTensor, type StoredTensors } from "../src/adapters/tensor/safetensors.ts"
import type { LossProgram } from "../src/domain/darts/loss_program.ts"
import { finiteDifferenceProgram, unrolledProgram } from "../src/domain/darts/unrolled.ts"
import { BACKEND_NAMES } from "../src/domain/data/names.ts"
import { programCost } from "../src/domain/program/cost.ts"
import { differentiate } from "../src/domain/program/differentiate.ts"
import { fullName, ofRole, portOf } from "../src/domain/program/port.ts"
import type { Program } from "../src/domain/program/program.ts"
import { simplify } from "../src/domain/program/rewrite.ts"
import { TensorBackend } from "../src/effects/ports/tensor_backend.ts"
import { choice, rest, scriptFlags, toggle } from "./_flags.ts"
import { kinksOf } from "./_kinks.ts"

const TOLERANCE = { value: 1e-4, gradient: 1e-3 } as const
interface Comparison {
  readonly group: string
  readonly tensors: number
  readonly error: number
  readonly tolerance: number
  /**
   * The error beside the reference on the backend's side of every kink, and the number of elements
   * on another side than the reference's own.
   */
  readonly pinned?: { readonly error: number; readonly crossed: number }
}

type Values = ReadonlyMap<string, ArrayLike<number>>

/** Run a program on numbers from the host. */
const evaluate = Effect.fn("evaluate")(function* (program: Program, given: ReadonlyMap<string, StoredTensor>) {
  const backend = yield* TensorBackend
  const executable = yield* backend.compile(program)
  const inputs = new Map()
  for (const [name, { shape }] of program.inputs) {
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

/**
 * The inputs of a program: parameters and alphas as stored, a batch under the program's names,
 * running statistics at their start.
 */
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

function gradientsOf(program: Program, names: ReadonlyArray<string>): Program {
  const gradients = new Map(names.map((name) => [`grad/${name}`, name]))
  return simplify(Either.getOrThrow(differentiate(program, { loss: "loss", gradients })))
}

/** The loss of a search network, for its second-order alpha gradients. */
function lossOf(golden: GoldenNetwork): LossProgram {
  const program = golden.program("batch")
  const alphas = golden.alphas.map((name) => portOf(program.inputs, name))
  return {
    program,
    alphas,
    weights: ofRole(program.inputs, "parameter"),
    batch: ofRole(program.inputs, "batch"),
    shape: []
  }
}

function largest(data: ArrayLike<number>): number {
  let top = 0
  for (let i = 0; i < data.length; i++) top = Math.max(top, Math.abs(data[i]!))
  return top
}

/** The errors of one group of tensors: pairs of our name and the expected one's. */
function compare(
  group: string,
  expected: (name: string) => ArrayLike<number>,
  values: Values,
  pairs: ReadonlyArray<readonly [string, string]>,
  tolerance: number
): Comparison {
  const stored = pairs.map(([, name]) => expected(name))
  const floor = FLOOR * Math.max(...stored.map(largest))
  let error = 0
  for (const [i, [own]] of pairs.entries()) {
    const [ours, theirs] = [values.get(own)!, stored[i]!]
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
  const program = gradientsOf(golden.program("batch"), names)
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
    if (known.length > 0)
      comparisons.push(compare(group, (name) => file.tensors.get(name)!.data, from, known, tolerance))
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
  if (comparisons.some(({ group, error, tolerance }) => groups.has(group) && error > tolerance)) {
    const { exact, crossed } = yield* onSameSide(golden, names, inputsOf(file, golden, batch!, "start"))
    for (const [i, comparison] of comparisons.entries()) {
      const { group, error, tolerance } = comparison
      if (!groups.has(group) || error <= tolerance) continue
      const pairs = groups.get(group)!.map((name) => [`grad/${name}`, `grad/${name}`] as const)
      const again = compare(group, (name) => exact.get(name)!, values, pairs, tolerance)
      comparisons[i] = { ...comparison, pinned: { error: again.error, crossed } }
    }
  }
  check(
    "running statistics",
    values,
    ofRole(program.outputs, "buffer").map((port) => [fullName(port), fullName(port)])
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
    const byAlpha = gradientsOf(golden.program("batch"), golden.alphas)
    const valid = yield* evaluate(byAlpha, inputsOf(file, golden, "input/valid", "start"))
    check("validation loss", valid, [["loss", "valid/loss"]])
    check("validation gradients of alpha", valid, pairs, TOLERANCE.gradient)
    const { unrolled: options } = golden.metadata
    if (options !== undefined) {
      const inputs = inputsOf(file, golden, "input/valid", "start")
      inputs.set("xi", { shape: [], data: Float64Array.of(options.xi) })
      inputs.set("train/x", file.tensors.get("input/train/x")!)
      inputs.set("train/targets", oneHot(file.tensors.get("input/train/y")!, golden.metadata.classes))
      const unrolling = { weightDecay: options.weight_decay, momentum: 0 }
      const ahead = yield* evaluate(unrolledProgram(lossOf(golden), unrolling), inputs)
      check("unrolled loss", ahead, [["loss", "unrolled/valid/loss"]])
      const hyper = golden.alphas.map((name) => [`gradient/${name}`, `unrolled/grad/${name}`] as const)
      check("unrolled hypergradient", ahead, hyper, TOLERANCE.gradient)
      for (const step of [0.01, 1e-7]) {
        const approximate = yield* evaluate(finiteDifferenceProgram(lossOf(golden), unrolling, step), inputs)
        check(`the same by finite difference, step ${step}`, approximate, hyper, Number.POSITIVE_INFINITY)
      }
    }
  }
  const cost = programCost(program)
  const seconds = { build: (built - begun) / 1000, all: (performance.now() - begun) / 1000 }
  return { path, kind: golden.kind, cost, seconds, comparisons, missing }
})

/**
 * The reference's gradients where ReLUs and max pools see what they see on the backend, and how
 * many elements lie on another side of 0 there.
 */
const onSameSide = Effect.fn("onSameSide")(function* (
  golden: GoldenNetwork,
  names: ReadonlyArray<string>,
  inputs: ReadonlyMap<string, StoredTensor>
) {
  const { seen, pinned, names: kinks } = kinksOf(golden.program("batch"))
  const [own, exactly] = [
    yield* evaluate(seen, inputs),
    yield* Effect.provide(evaluate(seen, inputs), Reference.layer("f64"))
  ]
  const shaped = kinks.map((name) => {
    const { shape } = portOf(pinned.inputs, name)
    return [name, { shape, data: Float64Array.from(own.get(name)!) }] as const
  })
  const exact = yield* Effect.provide(
    evaluate(gradientsOf(pinned, names), new Map([...inputs, ...shaped])),
    Reference.layer("f64")
  )
  let crossed = 0
  for (const name of kinks) {
    const [ours, theirs] = [own.get(name)!, exactly.get(name)!]
    for (let i = 0; i < ours.length; i++) if (ours[i]! > 0 !== theirs[i]! > 0) crossed += 1
  }
  return { exact, crossed }
})

function grouped(names: ReadonlyArray<string>): Map<string, Array<string>> {
  const groups = new Map<string, Array<string>>()
  for (const name of names) groups.set(groupOf(name), [...(groups.get(groupOf(name)) ?? []), name])
  return groups
}

const flags = scriptFlags({
  files: rest(1),
  backend: choice(BACKEND_NAMES, "reference"),
  precision: choice(["f64", "f32"], "f64"),
  json: toggle
})
const { backend, precision } = flags
const FLOOR = backend.startsWith("tfjs") ? 1e-2 : 1e-3
let wrong = 0
for (const path of flags.files) {
  const result = await Effect.runPromise(
    Effect.either(Effect.provide(checkFile(path), backendLayer(backend, { precision })))
  )
  if (Either.isLeft(result)) {
    console.error(`error: ${result.left.message}`)
    wrong += 1
    continue
  }
  const { comparisons, missing, kind, cost, seconds } = result.right
  const fails = ({ error, tolerance, pinned }: Comparison) => (pinned?.error ?? error) > tolerance
  const failed = comparisons.filter(fails).length + missing.length
  wrong += failed
  if (flags.json) {
    console.log(JSON.stringify({ file: path, backend, ...result.right, passed: failed === 0 }))
    continue
  }
  console.log(
    `${path}: ${kind}, ${cost.nodes} nodes built in ${seconds.build.toFixed(1)} s, all in ${seconds.all.toFixed(1)} s on ${backend}`
  )
  for (const comparison of comparisons) {
    const { group, tensors, error, tolerance, pinned } = comparison
    const limit = Number.isFinite(tolerance) ? ` of ${tolerance.toExponential(0)}` : "        "
    const note =
      pinned === undefined
        ? ""
        : `; ${pinned.error.toExponential(1)} on the backend's side of every kink, ${pinned.crossed} elements crossed one`
    console.log(
      `  ${fails(comparison) ? "FAILS " : "holds "} ${error.toExponential(1)}${limit}  ${group} (${tensors})${note}`
    )
  }
  for (const name of missing) console.log(`  FAILS  no such gradient: ${name}`)
}
process.exitCode = wrong === 0 ? 0 : 1
