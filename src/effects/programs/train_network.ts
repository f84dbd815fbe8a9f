import * as Schema from "@effect/schema/Schema"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type { Batch, BatchRequest } from "../../domain/data/batch.ts"
import type { ProgramError } from "../../domain/program/program.ts"
import { type Seed, split } from "../../domain/random.ts"
import { ReportedScore } from "../../domain/score/score.ts"
import { trainedPoint } from "../../domain/training/curves.ts"
import {
  planTrainingEpoch,
  randomInputs,
  smoothed,
  stepImages,
  type TrainingEpoch,
  type TrainingParts
} from "../../domain/training/epoch_plan.ts"
import type { TrainingProtocol } from "../../domain/training/protocol.ts"
import {
  addImages,
  type Measured,
  measuredOf,
  NO_IMAGES,
  TRAINING_START,
  TrainingPosition
} from "../../domain/training/record.ts"
import { learningRateAt } from "../../domain/training/schedule.ts"
import { TrainingDiverged } from "../../domain/training/training_diverged.ts"
import type { TrainingStep } from "../../domain/training/training_step.ts"
import { Checkpoints, decodeRecord } from "../ports/checkpoints.ts"
import { Batches, type SampleReader, type TestReader } from "../ports/datasets.ts"
import { type HostValues, TensorBackend } from "../ports/tensor_backend.ts"
import { type DeviceState, upload } from "./device_state.ts"
import { type MeasurePlan, makeMeasure } from "./measure_network.ts"
import { recentEpochs } from "./recent_epochs.ts"
import { type Job, type OpenJob, resumable, type Work } from "./resumable.ts"

/** What a training from scratch is made of. */
export interface TrainingPlan {
  readonly protocol: TrainingProtocol
  /**
   * Epochs after which it ends, at most those of the protocol, which its schedules are made for.
   */
  readonly epochs: number
  readonly seed: Seed
  readonly step: TrainingStep
  /** Every tensor at the start: the state of the step, and what its programs take unchanged. */
  readonly initial: ReadonlyMap<string, HostValues>
  readonly measure: MeasurePlan
  readonly classes: number
  readonly train: SampleReader
  /** The images of `train` that take part. */
  readonly parts: TrainingParts
  /** Measured once, behind the last epoch; nothing is where absent. */
  readonly test: TestReader | undefined
  /** What a step takes besides, by its seed: see `pathOfStep`. */
  readonly inputs?: (seed: Seed) => ReadonlyMap<string, HostValues>
  /** The batch of training images; the same arguments give the same bits. */
  readonly request: (indices: Int32Array, epoch: number) => BatchRequest
}

/** Where a running training is. */
export interface TrainingProgress extends Work {
  readonly epoch: number
  readonly epochs: number
  /** Steps of the epoch that are done, and that there are. */
  readonly step: number
  readonly steps: number
  /** Means over the epoch so far. */
  readonly training: Measured
  /** Of the last epoch that was validated. */
  readonly validation: Measured | null
}

/** A training that has come to its end. */
export interface Trained {
  readonly position: TrainingPosition
  /** Every tensor of the plan's `initial`, trained. */
  readonly tensors: ReadonlyMap<string, HostValues>
}

const positionJson = Schema.parseJson(TrainingPosition)

/** How far the training of the last checkpoint is. */
export const trainedSoFar = Effect.gen(function* () {
  const { latest, place } = yield* Checkpoints
  const kept = yield* latest
  return kept === undefined ? TRAINING_START : yield* decodeRecord(positionJson, kept.record, place)
})

/**
 * Train a network to the end of its plan. It is a pure function of the plan on one backend: see
 * `resumable`. A plan with more epochs continues the checkpoints of one with fewer. Test images are
 * measured once, behind the last epoch.
 */
export const trainNetwork = Effect.fn("trainNetwork")(function* (
  plan: TrainingPlan,
  onProgress: (progress: TrainingProgress) => Effect.Effect<void>
) {
  const job: Job<TrainingPosition, Batch, TrainingProgress, TrainingDiverged | ProgramError> = {
    position: positionJson,
    start: TRAINING_START,
    initial: plan.initial,
    isFinished: ({ epochs, test }) => epochs.length >= plan.epochs && (plan.test === undefined || test !== null),
    points: ({ epochs }) => epochs.map(trainedPoint),
    diverged: (position) => diverged(plan, "state", ...lastStep(position)),
    open: (state, from) => openTraining(plan, state, from),
    timed: (position, from, seconds) => ({ ...position, seconds: from.seconds + seconds })
  }
  const trained: Trained = yield* resumable(job, onProgress)
  return trained
})

const openTraining = Effect.fnUntraced(function* (plan: TrainingPlan, state: DeviceState, from: TrainingPosition) {
  const batches = yield* Batches
  const epochAt = recentEpochs((epoch) => planTrainingEpoch(plan.protocol, plan.parts.training, plan.seed, epoch))
  const step = yield* openStep(plan, state, epochAt)
  const endEpoch = yield* openEnd(plan, state, epochAt)
  const queue = yield* batches.open(plan.train, requests(plan, epochAt, from))
  const steps = ({ epoch }: TrainingPosition) => (epoch < plan.epochs ? epochAt(epoch).steps : 0)
  const job: OpenJob<TrainingPosition, Batch, TrainingProgress, TrainingDiverged | ProgramError> = {
    steps,
    take: () => Effect.map(queue.next, Option.getOrThrow),
    step,
    endEpoch,
    progress: (position, work) => ({
      epoch: position.epoch,
      epochs: plan.epochs,
      step: position.step,
      steps: steps(position),
      training: measuredOf(position.sums),
      validation: position.epochs.at(-1)?.validation ?? null,
      ...work
    })
  }
  return job
})

/** The batches from a position to the last epoch. */
function* requests(
  plan: TrainingPlan,
  epochAt: (epoch: number) => TrainingEpoch,
  from: TrainingPosition
): Generator<BatchRequest> {
  for (let { epoch, step } = from; epoch < plan.epochs; epoch++, step = 0) {
    const planned = epochAt(epoch)
    for (; step < planned.steps; step++) yield plan.request(stepImages(plan.protocol, planned, step), epoch)
  }
}

/** Compiles the training step; gives what makes one. */
const openStep = Effect.fnUntraced(function* (
  plan: TrainingPlan,
  state: DeviceState,
  epochAt: (epoch: number) => TrainingEpoch
) {
  const backend = yield* TensorBackend
  const executable = yield* backend.compile(plan.step.program)
  return Effect.fnUntraced(function* (position: TrainingPosition, { x, targets, shape }: Batch) {
    const { epoch, learningRate, dropPath } = epochAt(position.epoch)
    const seed = split(plan.seed, "epoch", epoch, "step", position.step)
    const labels = smoothed(targets, plan.classes, plan.protocol.labelSmoothing)
    const given: ReadonlyArray<readonly [string, HostValues]> = [
      ["x", { shape, data: x }],
      ["targets", { shape: [shape[0], plan.classes], data: labels }],
      ["learningRate", { shape: [], data: [learningRate] }],
      ...randomInputs(plan.step.batch, dropPath, seed),
      ...(plan.inputs?.(seed) ?? [])
    ]
    const read = yield* state.run(executable, yield* upload(given), ["loss", "correct"])
    const [loss, correct] = [read.get("loss")![0]!, read.get("correct")![0]!]
    if (!Number.isFinite(loss)) return yield* diverged(plan, "training loss", epoch, position.step)
    const after: TrainingPosition = {
      ...position,
      step: position.step + 1,
      sums: addImages(position.sums, shape[0], loss, correct)
    }
    return after
  }, Effect.scoped)
})

/** What an epoch ends with: the validation images; behind the last one the test images. */
const openEnd = Effect.fnUntraced(function* (
  plan: TrainingPlan,
  state: DeviceState,
  epochAt: (epoch: number) => TrainingEpoch
) {
  const { parts, seed } = plan
  const measured = yield* makeMeasure(plan.measure, state)
  const measure = Effect.fnUntraced(function* (
    of: "validation" | "test",
    images: Int32Array,
    reader: SampleReader | TestReader,
    epoch: number
  ) {
    const means = yield* measured(reader, images, split(seed, of, epoch))
    const ended = of === "test" ? epoch - 1 : epoch
    return Number.isFinite(means.loss) ? means : yield* diverged(plan, `${of} loss`, ended, null)
  })
  return Effect.fnUntraced(function* (position: TrainingPosition) {
    if (plan.test !== undefined && position.epoch >= plan.epochs) {
      const all = Int32Array.from({ length: plan.test.size }, (_, i) => i)
      const { loss, accuracy, images } = yield* measure("test", all, plan.test, position.epoch)
      return { ...position, test: { loss, accuracy: ReportedScore(accuracy), images } }
    }
    const { epoch, steps, learningRate, dropPath } = epochAt(position.epoch)
    const training = measuredOf(position.sums)
    const validation =
      parts.validation.length === 0 ? null : yield* measure("validation", parts.validation, plan.train, epoch)
    const epochs = [...position.epochs, { epoch, steps, learningRate, dropPath, training, validation }]
    return { ...position, epoch: epoch + 1, step: 0, sums: NO_IMAGES, epochs }
  })
})

function diverged(
  { protocol }: TrainingPlan,
  what: TrainingDiverged["what"],
  epoch: number,
  step: number | null
): TrainingDiverged {
  const learningRate = learningRateAt(protocol.schedule, epoch)
  return new TrainingDiverged({ what, epoch, step, learningRate, clip: protocol.clip ?? 0 })
}

/** The epoch and the step that were made last; no step behind an epoch. */
function lastStep({ epoch, step }: TrainingPosition): readonly [number, number | null] {
  return step === 0 ? [Math.max(0, epoch - 1), null] : [epoch, step - 1]
}
