import * as Effect from "effect/Effect"
import { addMoments, NO_MOMENTS, normalizationOfMoments } from "../../domain/data/channel_moments.ts"
import type { SampleReader } from "../ports/datasets.ts"

/** Images that are read at once. */
const CHUNK = 256

/**
 * The normalization of a dataset's images with these numbers, by their own mean and standard
 * deviation: what a source without customary numbers takes.
 */
export const measureNormalization = Effect.fn("measureNormalization")(function* (
  reader: SampleReader,
  images: Int32Array
) {
  const ordered = images.toSorted()
  let moments = NO_MOMENTS
  for (let at = 0; at < ordered.length; at += CHUNK)
    moments = addMoments(moments, yield* reader.read(ordered.subarray(at, at + CHUNK)))
  return normalizationOfMoments(moments)
})
