import * as Schema from "@effect/schema/Schema"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import { architectureKey } from "../domain/architecture/architecture.ts"
import { type CellTensors, probabilities } from "../domain/neighborhood/relaxed_shape.ts"
import { layoutSize } from "../domain/program/layout.ts"
import { elementCount } from "../domain/program/program.ts"
import { split } from "../domain/random.ts"
import { meanEntropy, skipShare } from "../domain/search/gradient/diagnosis.ts"
import { discretize } from "../domain/search/gradient/discretize.ts"
import { initialAlpha } from "../domain/search/gradient/noise.ts"
import { type Level, planEpoch, planStep, type StepPlan } from "../domain/search/gradient/plan.ts"
import {
  addBatch,
  type EpochRecord,
  GRADIENT_START,
  GradientPosition,
  meansOf
} from "../domain/search/gradient/record.ts"
import { type StepPrograms, stepPrograms } from "../domain/search/gradient/step_programs.ts"
import { stopOf } from "../domain/search/gradient/stop_rule.ts"
import { WEIGHTS } from "../domain/search/gradient/updates.ts"
import { CheckpointError, Checkpoints } from "./checkpoints.ts"
import { type HostValues, makeDeviceState } from "./device_state.ts"
import { alphaOf, type GradientPlan, makeCurvature, makeStep } from "./gradient_step.ts"

/** A search has come to an end that no later step can mend. */
export class DivergedError extends Schema.TaggedError<DivergedError>()("DivergedError", {
  epoch: Schema.Int,
  step: Schema.Int,
  level: Schema.Literal("alpha", "weights")
}) {
  override get message(): string {
    const what = this.level === "alpha" ? "the validation loss" : "the training loss"
    return `Cannot go on: ${what} is no number at step ${this.step} of epoch ${this.epoch}; begin again with a lower learning rate or a stronger clip`
  }
}

/** Where a running search is. */
export interface GradientProgress {
  readonly epoch: number
  readonly step: number
  readonly steps: number
  readonly epochs: number
  /** Means over the epoch so far. */
  readonly loss: Readonly<Record<Level, number>>
  readonly accuracy: Readonly<Record<Level, number>>
  /** Of the last epoch that has ended. */
  readonly skipShare: number | undefined
  /** Steps that this process has made, and the milliseconds that they took; those that it waited for batches. */
  readonly done: number
  readonly milliseconds: number
  readonly waited: number
}

/** How a gradient search ended. */
export interface GradientOutcome {
  /** Key of the architecture that was found. */
  readonly architecture: string
  /** The epoch whose alpha it was read off. */
  readonly epoch: number
  /** Whether the stop rule ended the search. */
  readonly stopped: boolean
  readonly epochs: ReadonlyArray<EpochRecord>
}

/** Milliseconds between two checkpoints within an epoch. */
const BETWEEN_CHECKPOINTS = 30_000

const positionJson = Schema.parseJson(GradientPosition)

/**
 * Run a gradient search to its end. It is a pure function of the plan on one backend: stopped anywhere and run again over the same checkpoints it
 * ends with the same bits. A checkpoint is written after every epoch, now and then within it, and when the search is interrupted.
 *
 * Source: Liu, Simonyan, Yang 2019 (arXiv 1806.09055) for the alternation; Wang et al. 2021 (arXiv 2105.06369) for the neighborhood.
 */
export const gradientSearch = Effect.fn("gradientSearch")(function* <E>(
  plan: GradientPlan<E>,
  onProgress: (progress: GradientProgress) => Effect.Effect<void>
) {
  const checkpoints = yield* Checkpoints
  const { settings, network, space } = plan
  const programs = yield* stepPrograms(settings, network)
  const kept = yield* checkpoints.latest
  let position = kept === undefined ? GRADIENT_START : yield* decodePosition(kept.record)
  const finished = outcomeOf(plan, position)
  if (finished !== undefined) return finished
  const state = yield* makeDeviceState(kept?.tensors ?? startTensors(plan, programs))
  const run = yield* makeStep(plan, programs, state)
  const every = settings.stop === undefined ? plan.eigenvalueEvery : 1
  const curvature = every > 0 ? yield* makeCurvature(plan, programs) : undefined
  const save = Effect.gen(function* () {
    const tensors = new Map<string, HostValues>()
    for (const [name, data] of yield* state.download(() => true))
      tensors.set(name, { shape: programs.state.get(name)!, data })
    yield* checkpoints.save({ record: Schema.encodeSync(positionJson)(position), tensors })
  })
  const begun = yield* Clock.currentTimeMillis
  let [saved, done, waited] = [begun, 0, 0]

  const oneStep = Effect.fnUntraced(function* (step: StepPlan, steps: number) {
    const losses = yield* run(step)
    waited += losses.waited
    const sums = { ...position.sums }
    for (const level of ["alpha", "weights"] as const) {
      const { loss, correct, gap } = losses[level]
      if (!Number.isFinite(loss)) return yield* new DivergedError({ epoch: step.epoch, step: step.step, level })
      sums[level] = addBatch(sums[level], loss, correct, gap)
    }
    done += 1
    position = { ...position, step: step.step + 1, sums }
    if (step.step + 1 < steps) {
      const now = yield* Clock.currentTimeMillis
      if (now - saved > BETWEEN_CHECKPOINTS) {
        yield* save
        saved = now
      }
      return
    }
    const alpha = yield* alphaOf(plan, state)
    const isDue = curvature !== undefined && (step.epoch + 1) % every === 0
    const eigenvalue = isDue ? yield* curvature(step, state) : null
    const record = epochRecord(plan, position, alpha, eigenvalue)
    position = { ...GRADIENT_START, epoch: step.epoch + 1, epochs: [...position.epochs, record] }
    yield* save
    saved = yield* Clock.currentTimeMillis
  }, Effect.uninterruptible)

  const show = (step: StepPlan, steps: number) =>
    Effect.gen(function* () {
      const milliseconds = (yield* Clock.currentTimeMillis) - begun
      const last = position.epochs.at(-1)
      const ended = position.step === 0 ? last : undefined
      const means = (level: Level) =>
        ended === undefined
          ? meansOf(position.sums[level], settings.batchSize, false)
          : level === "alpha"
            ? ended.validation
            : ended.weights
      yield* onProgress({
        epoch: step.epoch,
        step: step.step + 1,
        steps,
        epochs: settings.epochs,
        loss: { alpha: means("alpha").loss, weights: means("weights").loss },
        accuracy: { alpha: means("alpha").accuracy, weights: means("weights").accuracy },
        skipShare: last?.skipShare,
        done,
        milliseconds,
        waited
      })
    })

  const epochs = Effect.gen(function* () {
    let outcome = outcomeOf(plan, position)
    while (outcome === undefined) {
      const epoch = planEpoch(settings, network.shape, plan.examples, plan.seed, position.epoch)
      for (let step = position.step; step < epoch.steps; step++) {
        const planned = planStep(settings, network.shape, epoch, step)
        yield* oneStep(planned, epoch.steps)
        yield* show(planned, epoch.steps)
      }
      outcome = outcomeOf(plan, position)
    }
    return outcome
  })
  return yield* Effect.onInterrupt(epochs, () => Effect.orDie(save))

  /** The outcome of a search that has ended. */
  function outcomeOf(own: GradientPlan<E>, { epochs: records }: GradientPosition): GradientOutcome | undefined {
    const eigenvalues = records.flatMap(({ eigenvalue }) => eigenvalue ?? [])
    const stop = own.settings.stop === undefined ? undefined : stopOf(own.settings.stop, eigenvalues)
    if (stop === undefined && records.length < own.settings.epochs) return undefined
    const result = records[stop?.kept ?? records.length - 1]!
    return {
      architecture: result.architecture,
      epoch: result.epoch,
      stopped: stop !== undefined,
      epochs: records
    }
  }

  function epochRecord(
    own: GradientPlan<E>,
    { epoch, sums }: GradientPosition,
    alpha: CellTensors,
    eigenvalue: number | null
  ): EpochRecord {
    const relaxed = probabilities(network.shape, alpha)
    const architecture = discretize(space, relaxed, settings.readNone)
    const hasGap = (level: Level) =>
      settings._tag === "NaDarts" &&
      settings.center &&
      settings.neighbors !== 0 &&
      (settings.steps === "both" || settings.steps === level)
    return {
      epoch,
      architecture: architectureKey(architecture),
      alpha: Object.fromEntries([...alpha].map(([name, values]) => [name, Array.from(values)])),
      weights: meansOf(sums.weights, own.settings.batchSize, hasGap("weights")),
      validation: meansOf(sums.alpha, own.settings.batchSize, hasGap("alpha")),
      skipShare: skipShare(space, architecture),
      entropy: meanEntropy(relaxed),
      eigenvalue
    }
  }
}, Effect.scoped)

const decodePosition = (record: string) =>
  Effect.mapError(
    Schema.decodeUnknown(positionJson)(record),
    () => new CheckpointError({ place: "checkpoint", detail: "its record is not understood" })
  )

/** Weights and alpha of the start; moments are zero. */
function startTensors<E>(plan: GradientPlan<E>, programs: StepPrograms): ReadonlyMap<string, HostValues> {
  const { network, settings, seed } = plan
  const alpha = initialAlpha(network.shape, split(seed, "alpha"), settings.initialAlpha)
  const weights = new Float32Array(layoutSize(programs.weightLayout))
  let start = 0
  for (const [name, shape] of programs.weightLayout) {
    weights.set(Float32Array.from(plan.initial.get(name)!), start)
    start += elementCount(shape)
  }
  return new Map(
    [...programs.state].map(([name, shape]) => {
      const data = name === WEIGHTS ? weights : alpha.get(name.replace(/^alpha\//, ""))
      return [name, { shape, data: data ?? new Float32Array(elementCount(shape)) }]
    })
  )
}
