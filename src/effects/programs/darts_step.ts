import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import { neighborhoodGap } from "../../domain/darts/diagnosis.ts"
import { hessianVectorProgram, productOf, vectorOf } from "../../domain/darts/hessian.ts"
import type { Level } from "../../domain/darts/level.ts"
import type { DartsSearch } from "../../domain/darts/method.ts"
import { readsAlpha, runInputs } from "../../domain/darts/run_inputs.ts"
import type { StepPlan, UpdatePlan } from "../../domain/darts/step_plan.ts"
import type { LevelPrograms, StepPrograms } from "../../domain/darts/step_programs.ts"
import { trainingInput } from "../../domain/darts/unrolled.ts"
import { GRADIENT, ofRun, WEIGHTS } from "../../domain/darts/updates.ts"
import type { BatchRequest } from "../../domain/data/batch.ts"
import { largestEigenvalue, observeProduct, proposeVector, startLanczos } from "../../domain/linear_algebra/lanczos.ts"
import type { CellTensors } from "../../domain/neighborhood/relaxed_shape.ts"
import type { SearchNetwork } from "../../domain/network/search_network.ts"
import { aggregateGradient } from "../../domain/objective/aggregate_gradient.ts"
import { withVector } from "../../domain/program/layout.ts"
import { fullName, ofRole } from "../../domain/program/port.ts"
import { elementCount, type Program } from "../../domain/program/program.ts"
import { type Seed, split } from "../../domain/random.ts"
import type { Space } from "../../domain/space/space.ts"
import type { SampleReader } from "../ports/datasets.ts"
import { type Executable, type HostValues, TensorBackend, type TensorError } from "../ports/tensor_backend.ts"
import { type DeviceState, upload } from "./device_state.ts"

/** Where in a search a batch is taken. */
export interface BatchPlace {
  readonly epoch: number
  readonly step: number
  readonly level: Level
}

/** What a gradient search is made of: its method and settings, and what it runs on. */
export interface DartsPlan extends DartsSearch {
  readonly space: Space
  readonly network: SearchNetwork
  /** Number of training images; alpha and the weights share them. */
  readonly examples: number
  readonly seed: Seed
  /** The weights at the start, by their inputs `param/<name>`. */
  readonly initial: ReadonlyMap<string, ArrayLike<number>>
  /** Where the training images come from. */
  readonly reader: SampleReader
  /**
   * The request of a batch of images, which are numbers below `examples`. The same arguments give
   * the same bits.
   */
  readonly request: (images: Int32Array, at: BatchPlace) => BatchRequest
}

/** A batch as the inputs of the loss: `x`, `targets` and further ones, by name. */
export type BatchInputs = ReadonlyMap<string, HostValues>

/** The batches of a step. */
export type StepBatches = Readonly<Record<Level, BatchInputs>>

interface Compiled {
  readonly program: Program
  readonly executable: Executable
}

/** The architecture parameters of this moment. */
export const alphaOf = ({ network }: DartsPlan, state: DeviceState): Effect.Effect<CellTensors, TensorError> =>
  Effect.suspend(() => {
    const names = network.shape.map(({ name }) => [name, fullName({ role: "alpha", name })] as const)
    const all = new Set(names.map(([, full]) => full))
    return Effect.map(
      state.download((name) => all.has(name)),
      (values) => new Map(names.map(([name, full]) => [name, values.get(full)!]))
    )
  })

/** What a step tells of a level. */
interface LevelLosses {
  readonly loss: number
  readonly correct: number
  readonly gap: number | undefined
}

/** What a step tells of both levels. */
export type StepLosses = Readonly<Record<Level, LevelLosses>>

/** Compiles the programs of a search's steps; gives what runs one step. */
export const makeStep = Effect.fnUntraced(function* (plan: DartsPlan, programs: StepPrograms, state: DeviceState) {
  const backend = yield* TensorBackend
  const { network } = plan
  const compiled = new Map<Program, Compiled>()
  const unread: CellTensors = new Map(
    network.shape.map(({ name, edges, width }) => [name, new Float64Array(edges.length * width)])
  )
  const compile = Effect.fnUntraced(function* (program: Program) {
    compiled.set(program, { program, executable: yield* backend.compile(program) })
  })
  const all = (own: LevelPrograms) => (own._tag === "Fused" ? [own.step] : [own.gradient, ...own.update.values()])
  yield* Effect.forEach([...all(programs.alpha), ...all(programs.weights)], compile, { discard: true })

  const update = Effect.fnUntraced(function* (step: StepPlan, planned: UpdatePlan, batches: StepBatches) {
    const { level, runs, learningRate, aggregate: how } = planned
    const own = programs[level]
    const values = new Map(batches[level])
    const first = own._tag === "Fused" ? own.step : own.gradient
    if (ofRole(first.inputs, "ahead").length > 0)
      for (const [name, value] of batches.weights) values.set(fullName(trainingInput(name)), value)
    values.set("learningRate", { shape: [], data: [learningRate] })
    const batch = yield* upload(values)
    const alpha = readsAlpha(plan, level) ? yield* alphaOf(plan, state) : unread
    const inputs = (i: number) =>
      Effect.map(upload(runInputs(plan, network.shape, step, planned, i, alpha)), (own) => new Map([...batch, ...own]))
    if (own._tag === "Fused") {
      const read = yield* state.run(compiled.get(own.step)!.executable, yield* inputs(0), ["loss", "correct"])
      return { loss: read.get("loss")![0]!, correct: read.get("correct")![0]!, gap: undefined }
    }
    const { executable } = compiled.get(own.gradient)!
    const losses: Array<number> = []
    let correct = 0
    const given = new Map(batch)
    for (const [i] of runs.entries()) {
      const outputs = yield* executable.run(new Map([...state.tensors(), ...(yield* inputs(i))]))
      losses.push((yield* backend.download(outputs.get("loss")!))[0]!)
      if (i === 0) correct = (yield* backend.download(outputs.get("correct")!))[0]!
      given.set(fullName(ofRun(i, GRADIENT)), outputs.get(GRADIENT)!)
    }
    const distances = runs.map((neighbor) => neighbor.length)
    const shares = aggregateGradient(how, losses, distances)
    given.set("shares", yield* backend.upload([runs.length], shares))
    yield* state.run(compiled.get(own.update.get(runs.length)!)!.executable, given)
    const hasCenter = distances[0] === 0
    const mean = losses.reduce((sum, loss) => sum + loss, 0) / losses.length
    return {
      loss: hasCenter ? losses[0]! : mean,
      correct,
      gap: hasCenter ? neighborhoodGap(how, losses[0]!, losses, distances) : undefined
    }
  }, Effect.scoped)

  return Effect.fnUntraced(function* (
    step: StepPlan,
    batches: StepBatches
  ): Effect.fn.Return<StepLosses, TensorError, TensorBackend | Scope.Scope> {
    const [first, second] = step.updates
    const [one, two] = [yield* update(step, first, batches), yield* update(step, second, batches)]
    return first.level === "alpha" ? { alpha: one, weights: two } : { alpha: two, weights: one }
  })
})

/**
 * Compiles the Hessian-vector product; gives the largest eigenvalue in an epoch, of the Hessian of
 * the mean loss over batches.
 */
export const makeCurvature = Effect.fnUntraced(function* (
  plan: DartsPlan,
  { loss, weightLayout }: StepPrograms,
  batches: ReadonlyArray<BatchInputs>
) {
  const backend = yield* TensorBackend
  const program = withVector(hessianVectorProgram(loss), WEIGHTS, weightLayout)
  const executable = yield* backend.compile(program)
  const sizes = loss.alphas.map(({ shape }) => elementCount(shape))
  const total = sizes.reduce((sum, size) => sum + size, 0)
  return Effect.fnUntraced(function* (epoch: number, state: DeviceState) {
    const uploaded = yield* Effect.forEach(batches, (batch) => upload(batch))
    let lanczos = startLanczos({ size: total }, split(plan.seed, "curvature", epoch))
    for (let vector = proposeVector(lanczos); vector !== undefined; vector = proposeVector(lanczos)) {
      const product = new Float64Array(total)
      let start = 0
      const parts = new Map<string, HostValues>()
      for (const [i, alpha] of loss.alphas.entries()) {
        const { shape } = alpha
        parts.set(fullName(vectorOf(alpha)), { shape, data: vector.slice(start, start + sizes[i]!) })
        start += sizes[i]!
      }
      const vectors = yield* upload(parts)
      for (const batch of uploaded) {
        const outputs = yield* executable.run(new Map([...state.tensors(), ...batch, ...vectors]))
        start = 0
        for (const alpha of loss.alphas) {
          for (const value of yield* backend.download(outputs.get(fullName(productOf(alpha)))!))
            product[start++]! += value / batches.length
        }
      }
      lanczos = observeProduct(lanczos, product)
    }
    return largestEigenvalue(lanczos)?.value ?? 0
  }, Effect.scoped)
})
