import * as Brand from "effect/Brand"
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type * as Option from "effect/Option"
import type * as Scope from "effect/Scope"
import type { Batch, BatchRequest } from "../../domain/data/batch.ts"
import type { DatasetError, DatasetInfo, DatasetSource, Samples } from "../../domain/data/dataset.ts"

/**
 * Gives raw samples by their numbers, from 0 to `size` − 1, in the order asked for and as often;
 * the arrays are the caller's.
 */
interface Reader {
  readonly size: number
  readonly read: (indices: ArrayLike<number>) => Effect.Effect<Samples, DatasetError>
}

/** Reads samples for training and validation. */
export type SampleReader = Reader & Brand.Brand<"SampleReader">
export const SampleReader = Brand.nominal<SampleReader>()

/**
 * Reads samples that are for reports only; no `SampleReader`, so what searches cannot be given one.
 */
export type TestReader = Reader & Brand.Brand<"TestReader">
export const TestReader = Brand.nominal<TestReader>()

/** An open dataset. */
export interface Dataset {
  readonly info: DatasetInfo
  readonly train: SampleReader
  readonly test: TestReader
  /**
   * Fails where a test image cannot be read, which a training would find at its end. Nothing is
   * kept of them.
   */
  readonly checkTest: Effect.Effect<void, DatasetError>
}

/** Opens datasets. What is opened holds nothing that must be closed. */
export class Datasets extends Context.Tag("na-nas/Datasets")<
  Datasets,
  {
    /**
     * Fetches what is not on this machine yet, and checks all that can be checked without decoding
     * images.
     */
    readonly open: (source: DatasetSource) => Effect.Effect<Dataset, DatasetError>
  }
>() {}

/** Batches in the order of their requests. For one consumer. */
export interface BatchQueue {
  /** The next batch; none after the last one. */
  readonly next: Effect.Effect<Option.Option<Batch>, DatasetError>
  /**
   * Fraction of the time since the first `next` that the consumer waited for batches, from 0 to 1.
   */
  readonly waitShare: Effect.Effect<number>
}

/** Makes batches. Whatever makes them, and when, they are the same bits. */
export class Batches extends Context.Tag("na-nas/Batches")<
  Batches,
  {
    /** Threads besides the caller's that make batches at the moment. */
    readonly threads: Effect.Effect<number>
    /**
     * Begin to make the batches of requests, which are asked for one by one. Ends with the scope.
     */
    readonly open: (
      reader: SampleReader | TestReader,
      requests: Iterable<BatchRequest>
    ) => Effect.Effect<BatchQueue, never, Scope.Scope>
  }
>() {}
