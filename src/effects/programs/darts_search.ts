import * as Schema from "@effect/schema/Schema"
import * as Effect from "effect/Effect"
import { architectureKey } from "../../domain/architecture/architecture.ts"
import { epochPoint } from "../../domain/darts/curves.ts"
import { DartsDiverged } from "../../domain/darts/darts_diverged.ts"
import { meanEntropy, skipShare } from "../../domain/darts/diagnosis.ts"
import { LEVELS, type Level } from "../../domain/darts/level.ts"
import { initialAlpha } from "../../domain/darts/noise.ts"
import { addBatch, DARTS_START, DartsPosition, type EpochRecord, meansOf } from "../../domain/darts/record.ts"
import { type EpochPlan, hasGap, planEpoch, planStep, ruleOf } from "../../domain/darts/step_plan.ts"
import { type StepPrograms, stepPrograms } from "../../domain/darts/step_programs.ts"
import { canStop, endOf } from "../../domain/darts/stop_rule.ts"
import { WEIGHTS } from "../../domain/darts/updates.ts"
import { type CellTensors, probabilities } from "../../domain/neighborhood/relaxed_shape.ts"
import { layoutSize } from "../../domain/program/layout.ts"
import { fullName } from "../../domain/program/port.ts"
import { elementCount } from "../../domain/program/program.ts"
import { split } from "../../domain/random.ts"
import type { HostValues } from "../ports/tensor_backend.ts"
import { openStepBatches, takeCurvatureBatches } from "./darts_batches.ts"
import { alphaOf, type DartsPlan, makeCurvature, makeStep, type StepBatches } from "./darts_step.ts"
import type { DeviceState } from "./device_state.ts"
import { recentEpochs } from "./recent_epochs.ts"
import { type Job, type OpenJob, resumable, type Work } from "./resumable.ts"

/** Where a running search is. */
export interface DartsProgress extends Work {
  readonly epoch: number
  readonly step: number
  readonly steps: number
  readonly epochs: number
  /** Means over the epoch so far. */
  readonly loss: Readonly<Record<Level, number>>
  readonly accuracy: Readonly<Record<Level, number>>
  /** Of the last epoch that has ended. */
  readonly skipShare: number | undefined
}

/** How a search by gradients ended. */
export interface DartsOutcome {
  /** Key of the architecture that was found. */
  readonly architecture: string
  /** The epoch whose alpha it was read off. */
  readonly epoch: number
  /** Whether the stop rule ended the search. */
  readonly stopped: boolean
  readonly epochs: ReadonlyArray<EpochRecord>
}

/**
 * Run a search by gradients to its end. It is a pure function of the plan on one backend: see
 * `resumable`.
 *
 * Source: Liu, Simonyan, Yang 2019 (arXiv 1806.09055) for the alternation; Wang et al. 2021 (arXiv
 * 2105.06369) for the neighborhood.
 */
export const runDartsSearch = Effect.fn("runDartsSearch")(function* (
  plan: DartsPlan,
  onProgress: (progress: DartsProgress) => Effect.Effect<void>
) {
  const programs = yield* stepPrograms(plan, plan.network)
  const job: Job<DartsPosition, StepBatches, DartsProgress, DartsDiverged> = {
    position: Schema.parseJson(DartsPosition),
    start: DARTS_START,
    initial: startTensors(plan, programs),
    isFinished: ({ epochs }) => outcomeOf(plan, epochs) !== undefined,
    points: ({ epochs }) => epochs.map(epochPoint),
    diverged: (position, tensor) => diverged(plan, position, `"${tensor}" has a NaN or infinite value`),
    open: (state, from) => openDarts(plan, programs, state, from)
  }
  const { position } = yield* resumable(job, onProgress)
  return outcomeOf(plan, position.epochs)!
})

const openDarts = Effect.fnUntraced(function* (
  plan: DartsPlan,
  programs: StepPrograms,
  state: DeviceState,
  from: DartsPosition
) {
  const { settings, network } = plan
  const epochAt = recentEpochs((epoch) => planEpoch(plan, network.shape, plan.examples, plan.seed, epoch))
  const take = yield* openStepBatches(plan, programs, from)
  const run = yield* makeStep(plan, programs, state)
  const eigenvalueOf = yield* openEigenvalues(plan, programs, state)
  const steps = ({ epoch }: DartsPosition) => epochAt(epoch).steps
  const job: OpenJob<DartsPosition, StepBatches, DartsProgress, DartsDiverged> = {
    steps,
    take,
    step: Effect.fnUntraced(function* (position, batches) {
      const losses = yield* run(planStep(plan, network.shape, epochAt(position.epoch), position.step), batches)
      const sums = { ...position.sums }
      for (const level of LEVELS) {
        const { loss, correct, gap } = losses[level]
        if (!Number.isFinite(loss)) {
          const name = level === "alpha" ? "validation" : "training"
          return yield* diverged(plan, position, `the ${name} loss is NaN or infinite`)
        }
        sums[level] = addBatch(sums[level], loss, correct, gap)
      }
      return { ...position, step: position.step + 1, sums }
    }),
    endEpoch: Effect.fnUntraced(function* (position) {
      const alpha = yield* alphaOf(plan, state)
      const eigenvalue = yield* eigenvalueOf(position.epoch)
      const record = epochRecord(plan, epochAt(position.epoch), position, alpha, eigenvalue)
      return { ...DARTS_START, epoch: position.epoch + 1, epochs: [...position.epochs, record] }
    }),
    progress: (position, work) => {
      const means = (level: Level) => meansOf(position.sums[level], settings.batchSize, false)
      const [alpha, weights] = [means("alpha"), means("weights")]
      return {
        epoch: position.epoch,
        step: position.step,
        steps: steps(position),
        epochs: settings.readEpoch ?? settings.epochs,
        loss: { alpha: alpha.loss, weights: weights.loss },
        accuracy: { alpha: alpha.accuracy, weights: weights.accuracy },
        skipShare: position.epochs.at(-1)?.skipShare,
        ...work
      }
    }
  }
  return job
})

/** Gives the eigenvalue of an epoch, null where none is due. */
const openEigenvalues = Effect.fnUntraced(function* (plan: DartsPlan, programs: StepPrograms, state: DeviceState) {
  const { settings } = plan
  const rule = ruleOf(plan)
  const asked = settings.eigenvalue ? settings.eigenvalueEvery : 0
  const every = rule !== undefined && canStop(rule, settings.epochs) ? 1 : asked
  if (every === 0) return () => Effect.succeed(null)
  const curvature = yield* makeCurvature(plan, programs, yield* takeCurvatureBatches(plan, programs))
  return (epoch: number) => ((epoch + 1) % every === 0 ? curvature(epoch, state) : Effect.succeed(null))
})

function diverged(
  { settings }: DartsPlan,
  { epoch, step }: { readonly epoch: number; readonly step: number },
  what: string
): DartsDiverged {
  const learningRates = [settings.learningRate, settings.alphaLearningRate] as const
  return new DartsDiverged({ epoch, step, what, learningRates })
}

/** The outcome of a search that has ended. */
function outcomeOf(plan: DartsPlan, records: ReadonlyArray<EpochRecord>): DartsOutcome | undefined {
  const end = endOf({ ...plan.settings, stop: ruleOf(plan) }, records)
  const result = records.find(({ epoch }) => epoch === end?.kept)
  if (end === undefined || result === undefined) return undefined
  return { architecture: result.architecture, epoch: result.epoch, stopped: end.stopped, epochs: records }
}

function epochRecord(
  plan: DartsPlan,
  { epoch, learningRate }: EpochPlan,
  { sums }: DartsPosition,
  alpha: CellTensors,
  eigenvalue: number | null
): EpochRecord {
  const { method, settings, network, space } = plan
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
    eigenvalue,
    learningRate
  }
}

/** The tensors that a search starts with: weights and alpha; moments are zero. */
export function startTensors(plan: DartsPlan, programs: StepPrograms): ReadonlyMap<string, HostValues> {
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
