import { createHash } from "node:crypto"
import * as Effect from "effect/Effect"
import { DatasetError, type LeftOut, type Samples } from "../../domain/data/dataset.ts"
import { type Dataset, SampleReader, TestReader } from "../../effects/ports/datasets.ts"

/** Bytes that a digest takes at a time: it refuses 2 GiB. */
const DIGEST_BYTES = 2 ** 28

/** A dataset that lies in memory. */
interface MemoryParts {
  readonly name: string
  readonly classes: number
  readonly train: Samples
  readonly test: Samples
  /** The files, folders or archives that were read; none by default. */
  readonly from?: ReadonlyArray<string>
  readonly leftOut?: ReadonlyArray<LeftOut>
  /** What the classes stand for, where the data name them. */
  readonly classNames?: ReadonlyArray<string>
}

/**
 * A dataset from samples in memory; its digest is over all their bytes. Errors: no training
 * samples, labels out of range.
 */
export const memoryDataset = Effect.fn("memoryDataset")(function* (parts: MemoryParts) {
  const { name, classes, train, test, from = [], leftOut = [], classNames } = parts
  if (train.labels.length === 0) {
    const detail = "it contains no training samples: name files or folders that contain some"
    return yield* new DatasetError({ dataset: name, reason: "empty", detail })
  }
  for (const [part, { labels }] of [["training", train] as const, ["test", test] as const]) {
    const at = labels.findIndex((label) => label < 0 || label >= classes)
    if (at < 0) continue
    const detail = `${part} sample ${at} has the label ${labels[at]}, but labels go from 0 to ${classes - 1}: check that it has ${classes} classes`
    return yield* new DatasetError({ dataset: name, reason: "wrong_label", detail })
  }
  const digest = createHash("sha256").update(JSON.stringify([train.shape, classes, train.labels.length]))
  for (const { images, labels } of [train, test]) {
    digest.update(images.constructor.name)
    for (const { buffer, byteOffset, byteLength } of [images, labels])
      for (let at = 0; at < byteLength; at += DIGEST_BYTES)
        digest.update(new Uint8Array(buffer, byteOffset + at, Math.min(DIGEST_BYTES, byteLength - at)))
  }
  const dataset: Dataset = {
    info: {
      name,
      shape: train.shape,
      classes,
      train: train.labels.length,
      test: test.labels.length,
      from,
      leftOut,
      ...(classNames === undefined ? {} : { classNames }),
      unseen: classes - new Set(train.labels).size,
      digest: digest.digest("hex")
    },
    train: SampleReader(readerOf(name, train)),
    test: TestReader(readerOf(name, test)),
    checkTest: Effect.void
  }
  return dataset
})

function readerOf(name: string, samples: Samples) {
  const { shape, images, labels } = samples
  const size = shape[0] * shape[1] * shape[2]
  return {
    size: labels.length,
    read: (indices: ArrayLike<number>): Effect.Effect<Samples, DatasetError> =>
      Effect.suspend(() => {
        const wrong = missingSample(name, indices, labels.length)
        if (wrong !== undefined) return Effect.fail(wrong)
        const chosen = new (images instanceof Uint8Array ? Uint8Array : Float32Array)(indices.length * size)
        const chosenLabels = new Int32Array(indices.length)
        for (let i = 0; i < indices.length; i++) {
          const from = indices[i]! * size
          chosen.set(images.subarray(from, from + size), i * size)
          chosenLabels[i] = labels[indices[i]!]!
        }
        return Effect.succeed({ shape, images: chosen, labels: chosenLabels })
      })
  }
}

/** The error of the first index that no sample has, if any. */
export function missingSample(name: string, indices: ArrayLike<number>, size: number): DatasetError | undefined {
  for (let i = 0; i < indices.length; i++) {
    const index = indices[i]!
    if (Number.isInteger(index) && index >= 0 && index < size) continue
    const detail = `there is no sample ${index}: samples are numbered from 0 to ${size - 1}`
    return new DatasetError({ dataset: name, reason: "no_such_sample", detail })
  }
  return undefined
}
