import * as Schema from "@effect/schema/Schema"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import { architectureKey } from "../../domain/architecture/architecture.ts"
import { epochPoint } from "../../domain/darts/curves.ts"
import { meanEntropy, skipShare } from "../../domain/darts/diagnosis.ts"
import { LEVELS, type Level } from "../../domain/darts/level.ts"
import { initialAlpha } from "../../domain/darts/noise.ts"
import { addBatch, type EpochRecord, GRADIENT_START, GradientPosition, meansOf } from "../../domain/darts/record.ts"
import { type EpochPlan, hasGap, planEpoch, planStep, ruleOf, type StepPlan } from "../../domain/darts/step_plan.ts"
import { type StepPrograms, stepPrograms } from "../../domain/darts/step_programs.ts"
import { canStop, endOf } from "../../domain/darts/stop_rule.ts"
import { WEIGHTS } from "../../domain/darts/updates.ts"
import { type CellTensors, probabilities } from "../../domain/neighborhood/relaxed_shape.ts"
import { layoutSize } from "../../domain/program/layout.ts"
import { fullName } from "../../domain/program/port.ts"
import { elementCount } from "../../domain/program/program.ts"
import { split } from "../../domain/random.ts"
import { Checkpoints, decodeRecord } from "../ports/checkpoints.ts"
import { Curves } from "../ports/curves.ts"
import type { HostValues } from "../ports/tensor_backend.ts"
import { openStepBatches, takeCurvatureBatches } from "./darts_batches.ts"
import { alphaOf, type GradientPlan, makeCurvature, makeStep, type StepBatches } from "./darts_step.ts"
import { makeDeviceState } from "./device_state.ts"

/** A search has come to an end that no later step can mend: a loss, or what a step made, is NaN or infinite. Its last checkpoint is from before. */
export class DivergedError extends Schema.TaggedError<DivergedError>()("DivergedError", {
  /** Counted from 0, as is the step. */
  epoch: Schema.Int,
  step: Schema.Int,
  what: Schema.String,
  /** Of the weights, and of alpha. */
  learningRates: Schema.Tuple(Schema.Number, Schema.Number)
}) {
  /** The settings that prevent it; the message names them in backquotes. */
  get settings(): ReadonlyArray<string> {
    return ["learningRate", "alphaLearningRate"]
  }
  override get message(): string {
    const [weights, alpha] = this.learningRates
    return `Cannot go on: ${this.what} at step ${this.step + 1} of epoch ${this.epoch + 1}; give a lower \`learningRate\` (it was ${weights}) or \`alphaLearningRate\` (it was ${alpha}): a run that is kept goes on with them from its last checkpoint`
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
export const gradientSearch = Effect.fn("gradientSearch")(function* (
  plan: GradientPlan,
  onProgress: (progress: GradientProgress) => Effect.Effect<void>
) {
  const checkpoints = yield* Checkpoints
  const { method, settings, network, space } = plan
  const programs = yield* stepPrograms(plan, network)
  const kept = yield* checkpoints.latest
  let position = kept === undefined ? GRADIENT_START : yield* decodeRecord(positionJson, kept.record, checkpoints.place)
  const curves = yield* Curves
  yield* curves.show(position.epochs.map(epochPoint))
  const finished = outcomeOf(plan, position)
  if (finished !== undefined) return finished
  const take = yield* openStepBatches(plan, programs, position)
  const state = yield* makeDeviceState(kept?.tensors ?? startTensors(plan, programs))
  const run = yield* makeStep(plan, programs, state)
  const rule = ruleOf(plan)
  const asked = settings.eigenvalue ? settings.eigenvalueEvery : 0
  const every = rule !== undefined && canStop(rule, settings.epochs) ? 1 : asked
  const curvature =
    every > 0 ? yield* makeCurvature(plan, programs, yield* takeCurvatureBatches(plan, programs)) : undefined
  const save = Effect.gen(function* () {
    const tensors = new Map<string, HostValues>()
    for (const [name, data] of yield* state.download(() => true)) {
      if (!data.every(Number.isFinite)) return yield* diverged(position, `"${name}" has a NaN or infinite value`)
      tensors.set(name, { shape: programs.state.get(name)!.shape, data })
    }
    yield* checkpoints.save({ record: Schema.encodeSync(positionJson)(position), tensors })
  })
  const begun = yield* Clock.currentTimeMillis
  let [saved, done, waited] = [begun, 0, 0]

  const oneStep = Effect.fnUntraced(function* (
    step: StepPlan,
    { steps, learningRate }: EpochPlan,
    batches: StepBatches
  ) {
    const losses = yield* run(step, batches)
    const sums = { ...position.sums }
    for (const level of LEVELS) {
      const { loss, correct, gap } = losses[level]
      if (!Number.isFinite(loss))
        return yield* diverged(step, `the ${level === "alpha" ? "validation" : "training"} loss is NaN or infinite`)
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
    const eigenvalue = isDue ? yield* curvature(step.epoch, state) : null
    const record = epochRecord(position, alpha, { eigenvalue, learningRate })
    position = { ...GRADIENT_START, epoch: step.epoch + 1, epochs: [...position.epochs, record] }
    yield* save
    yield* curves.show(position.epochs.map(epochPoint))
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
        epochs: settings.readEpoch ?? settings.epochs,
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
      const epoch = planEpoch(plan, network.shape, plan.examples, plan.seed, position.epoch)
      for (let step = position.step; step < epoch.steps; step++) {
        const planned = planStep(plan, network.shape, epoch, step)
        const taken = yield* Effect.tapError(take(planned), () => Effect.ignore(save))
        waited += taken.waited
        yield* oneStep(planned, epoch, taken.batches)
        yield* show(planned, epoch.steps)
      }
      outcome = outcomeOf(plan, position)
    }
    return outcome
  })
  return yield* Effect.onInterrupt(epochs, () =>
    Effect.orDie(Effect.catchTag(save, "DivergedError", () => Effect.void))
  )

  function diverged({ epoch, step }: { readonly epoch: number; readonly step: number }, what: string): DivergedError {
    const learningRates = [settings.learningRate, settings.alphaLearningRate] as const
    return new DivergedError({ epoch, step, what, learningRates })
  }

  /** The outcome of a search that has ended. */
  function outcomeOf(own: GradientPlan, { epochs: records }: GradientPosition): GradientOutcome | undefined {
    const end = endOf({ ...own.settings, stop: ruleOf(own) }, records)
    const result = records.find(({ epoch }) => epoch === end?.kept)
    if (end === undefined || result === undefined) return undefined
    return { architecture: result.architecture, epoch: result.epoch, stopped: end.stopped, epochs: records }
  }

  function epochRecord(
    { epoch, sums }: GradientPosition,
    alpha: CellTensors,
    found: Pick<EpochRecord, "eigenvalue" | "learningRate">
  ): EpochRecord {
    const relaxed = probabilities(network.shape, alpha)
    const architecture = method.readOff(settings, space, relaxed)
    const means = (level: Level) => meansOf(sums[level], settings.batchSize, hasGap(plan, network.shape, level))
    return {
      epoch,
      architecture: architectureKey(architecture),
      alpha: Object.fromEntries([...alpha].map(([name, values]) => [name, Array.from(values)])),
      weights: means("weights"),
      validation: means("alpha"),
      skipShare: skipShare(space, architecture),
      entropy: meanEntropy(relaxed),
      ...found
    }
  }
}, Effect.scoped)

/** The tensors that a search starts with: weights and alpha; moments are zero. */
export function startTensors(plan: GradientPlan, programs: StepPrograms): ReadonlyMap<string, HostValues> {
  const { network, settings, seed } = plan
  const alpha = initialAlpha(network.shape, split(seed, "alpha"), settings.initialAlpha)
  const weights = new Float32Array(layoutSize(programs.weightLayout))
  let start = 0
  for (const weight of programs.weightLayout) {
    weights.set(Float32Array.from(plan.initial.get(fullName(weight))!), start)
    start += elementCount(weight.shape)
  }
  return new Map(
    [...programs.state].map(([name, { role, name: own, shape }]) => {
      const data = role === "alpha" ? alpha.get(own) : name === WEIGHTS.name ? weights : undefined
      return [name, { shape, data: data ?? new Float32Array(elementCount(shape)) }]
    })
  )
}
