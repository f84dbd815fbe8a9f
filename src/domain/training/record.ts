import * as Schema from "@effect/schema/Schema"
import { ReportedScore } from "../score/score.ts"

const Count = Schema.Int.pipe(Schema.nonNegative())

/** Means over images. */
export const Measured = Schema.Struct({
  /**
   * Mean cross-entropy, with what a training loss adds: label smoothing, the auxiliary head's
   * share.
   */
  loss: Schema.Number,
  /** Share of right answers, in [0, 1]. */
  accuracy: Schema.Number,
  images: Count
}).annotations({ identifier: "Measured" })
export interface Measured extends Schema.Schema.Type<typeof Measured> {}

/** What test images gave. No searcher takes its accuracy. */
const TestMeasured = Schema.Struct({
  ...Measured.fields,
  accuracy: Schema.Number.pipe(Schema.fromBrand(ReportedScore))
}).annotations({ identifier: "TestMeasured" })

/** Sums over images. */
const MeasuredSums = Schema.Struct({
  images: Count,
  /** Sum over images of the mean loss of their batch. */
  loss: Schema.Number,
  correct: Schema.Number
}).annotations({ identifier: "MeasuredSums" })
interface MeasuredSums extends Schema.Schema.Type<typeof MeasuredSums> {}

/** Sums of no images. */
export const NO_IMAGES: MeasuredSums = { images: 0, loss: 0, correct: 0 }

/** The sums with one more batch, of the given mean loss. */
export function addImages(sums: MeasuredSums, images: number, loss: number, correct: number): MeasuredSums {
  return { images: sums.images + images, loss: sums.loss + loss * images, correct: sums.correct + correct }
}

/** The means of sums over at least one image. */
export function measuredOf({ images, loss, correct }: MeasuredSums): Measured {
  return { loss: loss / images, accuracy: correct / images, images }
}

/** What is kept of an epoch of a training. */
export const TrainedEpoch = Schema.Struct({
  epoch: Count,
  steps: Count,
  learningRate: Schema.Number,
  dropPath: Schema.Number,
  /** With the statistics of the batches and the weights of the moment. */
  training: Measured,
  /** After the epoch, with running statistics; null without validation images. */
  validation: Schema.NullOr(Measured)
}).annotations({ identifier: "TrainedEpoch" })
export interface TrainedEpoch extends Schema.Schema.Type<typeof TrainedEpoch> {}

/** How far a training is: the next step is `step` of `epoch`. The tensors lie beside it. */
export const TrainingPosition = Schema.Struct({
  version: Schema.Literal(1),
  epoch: Count,
  step: Count,
  sums: MeasuredSums,
  epochs: Schema.Array(TrainedEpoch),
  /** Wall time spent, over all processes. */
  seconds: Schema.Number,
  /** Measured once, behind the last epoch, where test images are given. */
  test: Schema.NullOr(TestMeasured)
}).annotations({ identifier: "TrainingPosition" })
export interface TrainingPosition extends Schema.Schema.Type<typeof TrainingPosition> {}

/** A training that has not begun. */
export const TRAINING_START: TrainingPosition = {
  version: 1,
  epoch: 0,
  step: 0,
  sums: NO_IMAGES,
  epochs: [],
  seconds: 0,
  test: null
}
