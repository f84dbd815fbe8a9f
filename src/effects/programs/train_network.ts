import * as Schema from "@effect/schema/Schema"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type { BatchRequest } from "../../domain/data/batch.ts"
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
import { TrainingDiverged } from "../../domain/training/training_diverged.ts"
import type { TrainingStep } from "../../domain/training/training_step.ts"
import { Checkpoints, decodeRecord } from "../ports/checkpoints.ts"
import { Curves } from "../ports/curves.ts"
import { Batches, type SampleReader, type TestReader } from "../ports/datasets.ts"
import { type HostValues, TensorBackend } from "../ports/tensor_backend.ts"
import { makeDeviceState, upload } from "./device_state.ts"
import { type MeasurePlan, makeMeasure } from "./measure_network.ts"

/** What a training from scratch is made of. */
export interface TrainingPlan {
  readonly protocol: TrainingProtocol
  /** Epochs after which it ends, at most those of the protocol, which its schedules are made for. */
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
export interface TrainingProgress {
  readonly epoch: number
  readonly epochs: number
  /** Steps of the epoch that are done, and that there are. */
  readonly step: number
  readonly steps: number
  /** Means over the epoch so far. */
  readonly training: Measured
  /** Of the last epoch that was validated. */
  readonly validation: Measured | null
  /** Steps that this process has made, the milliseconds that they took, and those that it waited for batches. */
  readonly done: number
  readonly milliseconds: number
  readonly waited: number
}

/** A training that has come to its end. */
export interface Trained {
  readonly position: TrainingPosition
  /** Every tensor of the plan's `initial`, trained. */
  readonly tensors: ReadonlyMap<string, HostValues>
}

/** Milliseconds between two checkpoints within an epoch. */
const BETWEEN_CHECKPOINTS = 30_000

const positionJson = Schema.parseJson(TrainingPosition)

/** How far the training of the last checkpoint is. */
export const trainedSoFar = Effect.gen(function* () {
  const { latest, place } = yield* Checkpoints
  const kept = yield* latest
  return kept === undefined ? TRAINING_START : yield* decodeRecord(positionJson, kept.record, place)
})

/**
 * Train a network to the end of its plan. It is a pure function of the plan on one backend: stopped anywhere and run again over the same checkpoints it
 * ends with the same bits. A checkpoint is written after every epoch, now and then within it, after the test, and when the training is interrupted or its data
 * cannot be read; none holds what is no number. A plan with more epochs continues the checkpoints of one with fewer.
 */
export const trainNetwork = Effect.fn("trainNetwork")(function* (
  plan: TrainingPlan,
  onProgress: (progress: TrainingProgress) => Effect.Effect<void>
) {
  const checkpoints = yield* Checkpoints
  const { protocol, parts, seed } = plan
  const kept = yield* checkpoints.latest
  let position = kept === undefined ? TRAINING_START : yield* decodeRecord(positionJson, kept.record, checkpoints.place)
  const curves = yield* Curves
  const showCurves = Effect.suspend(() => curves.show(position.epochs.map(trainedPoint)))
  yield* showCurves
  const isFinished = () => position.epochs.length >= plan.epochs && (plan.test === undefined || position.test !== null)
  if (kept !== undefined && isFinished()) return { position, tensors: kept.tensors }
  const backend = yield* TensorBackend
  const state = yield* makeDeviceState(kept?.tensors ?? plan.initial)
  const compiled = yield* Effect.cached(backend.compile(plan.step.program))
  const measured = yield* makeMeasure(plan.measure, state)
  const diverged = (what: TrainingDiverged["what"], epoch: number, step: number | null) =>
    new TrainingDiverged({ what, epoch, step, learningRate: epochAt(epoch).learningRate, clip: protocol.clip ?? 0 })
  const measure = Effect.fnUntraced(function* (
    of: "validation" | "test",
    images: Int32Array,
    reader: SampleReader | TestReader
  ) {
    const means = yield* measured(reader, images, split(seed, of, position.epoch))
    const ended = of === "test" ? position.epoch - 1 : position.epoch
    return Number.isFinite(means.loss) ? means : yield* diverged(`${of} loss`, ended, null)
  })
  const begun = yield* Clock.currentTimeMillis
  const before = position.seconds
  let [saved, done, waited] = [begun, 0, 0]

  const tensors = Effect.gen(function* () {
    const values = new Map<string, HostValues>()
    for (const [name, data] of yield* state.download(() => true)) {
      if (!data.every(Number.isFinite)) return yield* diverged("state", ...lastStep(position))
      values.set(name, { shape: plan.initial.get(name)!.shape, data })
    }
    return values
  })
  const save = Effect.gen(function* () {
    saved = yield* Clock.currentTimeMillis
    position = { ...position, seconds: before + (saved - begun) / 1000 }
    yield* checkpoints.save({ record: Schema.encodeSync(positionJson)(position), tensors: yield* tensors })
  }).pipe(Effect.uninterruptible)

  const epochs = new Map<number, TrainingEpoch>()
  const epochAt = (epoch: number) => {
    const known = epochs.get(epoch) ?? planTrainingEpoch(protocol, parts.training, seed, epoch)
    epochs.delete(epoch - 2)
    epochs.set(epoch, known)
    return known
  }
  function* requests(from: { readonly epoch: number; readonly step: number }): Generator<BatchRequest> {
    for (let epoch = from.epoch; epoch < plan.epochs; epoch++) {
      const planned = epochAt(epoch)
      for (let step = epoch === from.epoch ? from.step : 0; step < planned.steps; step++)
        yield plan.request(stepImages(protocol, planned, step), epoch)
    }
  }
  const queue = yield* Effect.flatMap(Batches, (batches) => batches.open(plan.train, requests(position)))

  const oneStep = Effect.fnUntraced(function* (epoch: TrainingEpoch) {
    const { step } = position
    const executable = yield* compiled
    const asked = yield* Clock.currentTimeMillis
    const { x, targets, shape } = Option.getOrThrow(yield* queue.next)
    waited += (yield* Clock.currentTimeMillis) - asked
    const stepSeed = split(seed, "epoch", epoch.epoch, "step", step)
    const given: ReadonlyArray<readonly [string, HostValues]> = [
      ["x", { shape, data: x }],
      ["targets", { shape: [shape[0], plan.classes], data: smoothed(targets, plan.classes, protocol.labelSmoothing) }],
      ["learningRate", { shape: [], data: [epoch.learningRate] }],
      ...randomInputs(plan.step.batch, epoch.dropPath, stepSeed),
      ...(plan.inputs?.(stepSeed) ?? [])
    ]
    yield* Effect.gen(function* () {
      const read = yield* state.run(executable, yield* upload(given), ["loss", "correct"])
      const [loss, correct] = [read.get("loss")![0]!, read.get("correct")![0]!]
      if (!Number.isFinite(loss)) return yield* diverged("training loss", epoch.epoch, step)
      position = { ...position, step: step + 1, sums: addImages(position.sums, shape[0], loss, correct) }
      done += 1
    }).pipe(Effect.scoped, Effect.uninterruptible)
  })

  const show = (epoch: TrainingEpoch) =>
    Effect.gen(function* () {
      yield* onProgress({
        epoch: epoch.epoch,
        epochs: plan.epochs,
        step: position.step,
        steps: epoch.steps,
        training: measuredOf(position.sums),
        validation: position.epochs.at(-1)?.validation ?? null,
        done,
        milliseconds: (yield* Clock.currentTimeMillis) - begun,
        waited
      })
    })

  const oneEpoch = Effect.gen(function* () {
    const epoch = epochAt(position.epoch)
    while (position.step < epoch.steps) {
      yield* oneStep(epoch)
      yield* show(epoch)
      if ((yield* Clock.currentTimeMillis) - saved > BETWEEN_CHECKPOINTS) yield* save
    }
    const validation = parts.validation.length === 0 ? null : yield* measure("validation", parts.validation, plan.train)
    const { steps, learningRate, dropPath } = epoch
    const trained = {
      epoch: epoch.epoch,
      steps,
      learningRate,
      dropPath,
      training: measuredOf(position.sums),
      validation
    }
    position = {
      ...position,
      epoch: epoch.epoch + 1,
      step: 0,
      sums: NO_IMAGES,
      epochs: [...position.epochs, trained]
    }
    yield* save
    yield* showCurves
  })

  const training = Effect.gen(function* () {
    while (position.epochs.length < plan.epochs) yield* oneEpoch
    if (plan.test !== undefined && position.test === null) {
      const all = Int32Array.from({ length: plan.test.size }, (_, i) => i)
      const { loss, accuracy, images } = yield* measure("test", all, plan.test)
      position = { ...position, test: { loss, accuracy: ReportedScore(accuracy), images } }
      yield* save
    }
    const trained: Trained = { position, tensors: yield* tensors }
    return trained
  })
  return yield* training.pipe(
    Effect.tapErrorTag("DatasetError", () => Effect.ignore(save)),
    Effect.onInterrupt(() => Effect.orDie(Effect.catchTag(save, "TrainingDiverged", () => Effect.void)))
  )
}, Effect.scoped)

/** The epoch and the step that were made last; no step behind an epoch. */
function lastStep({ epoch, step }: TrainingPosition): readonly [number, number | null] {
  return step === 0 ? [Math.max(0, epoch - 1), null] : [epoch, step - 1]
}
