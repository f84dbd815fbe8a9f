import * as Schema from "@effect/schema/Schema"

/** Means over the batches of an epoch. A NaN loss has ended the search before. */
const LevelMeans = Schema.Struct({
  /**
   * Mean cross-entropy of the architecture itself where it is in the aggregate, else of the runs.
   */
  loss: Schema.Number,
  /** Share of right answers, in [0, 1]. */
  accuracy: Schema.Number,
  /**
   * Mean of the aggregate minus the architecture's own loss; null without neighbors, or without the
   * architecture itself.
   */
  gap: Schema.NullOr(Schema.Number)
}).annotations({ identifier: "LevelMeans" })
interface LevelMeans extends Schema.Schema.Type<typeof LevelMeans> {}

/** What is kept of an epoch of a search by gradients. */
export const EpochRecord = Schema.Struct({
  epoch: Schema.Int,
  /** Key of the architecture that would be read off now. */
  architecture: Schema.String,
  /** Per cell the logits [edges, width], row-major. */
  alpha: Schema.Record({ key: Schema.String, value: Schema.Array(Schema.Number) }),
  weights: LevelMeans,
  validation: LevelMeans,
  /** Share of the kept edges with a skip connection, in [0, 1]. */
  skipShare: Schema.Number,
  /** Mean entropy of the rows of probabilities, in nats. */
  entropy: Schema.Number,
  /**
   * Largest eigenvalue of the Hessian in alpha of the mean validation loss over some batches, the
   * same in every epoch; null where none was asked for.
   */
  eigenvalue: Schema.NullOr(Schema.Number),
  /** Of the epoch, by level. */
  learningRate: Schema.Struct({ weights: Schema.Number, alpha: Schema.Number })
}).annotations({ identifier: "EpochRecord" })
export interface EpochRecord extends Schema.Schema.Type<typeof EpochRecord> {}

/** Sums over the batches of a level so far. */
const LevelSums = Schema.Struct({
  batches: Schema.Int,
  loss: Schema.Number,
  correct: Schema.Number,
  gap: Schema.Number
}).annotations({ identifier: "LevelSums" })
interface LevelSums extends Schema.Schema.Type<typeof LevelSums> {}

/** Sums of no batches. */
const NO_BATCHES: LevelSums = { batches: 0, loss: 0, correct: 0, gap: 0 }

/**
 * How far a search by gradients is: the next step is `step` of `epoch`. The tensors lie beside it.
 */
export const DartsPosition = Schema.Struct({
  version: Schema.Literal(3),
  epoch: Schema.Int.pipe(Schema.nonNegative()),
  step: Schema.Int.pipe(Schema.nonNegative()),
  sums: Schema.Struct({ alpha: LevelSums, weights: LevelSums }),
  epochs: Schema.Array(EpochRecord)
}).annotations({ identifier: "DartsPosition" })
export interface DartsPosition extends Schema.Schema.Type<typeof DartsPosition> {}

/** A search that has not begun. */
export const DARTS_START: DartsPosition = {
  version: 3,
  epoch: 0,
  step: 0,
  sums: { alpha: NO_BATCHES, weights: NO_BATCHES },
  epochs: []
}

/** The sums with one more batch. */
export function addBatch(sums: LevelSums, loss: number, correct: number, gap: number | undefined): LevelSums {
  return {
    batches: sums.batches + 1,
    loss: sums.loss + loss,
    correct: sums.correct + correct,
    gap: sums.gap + (gap ?? 0)
  }
}

/** The means of sums over batches of one size. */
export function meansOf(sums: LevelSums, batchSize: number, hasGap: boolean): LevelMeans {
  const batches = Math.max(1, sums.batches)
  return {
    loss: sums.loss / batches,
    accuracy: sums.correct / (batches * batchSize),
    gap: hasGap ? sums.gap / batches : null
  }
}
