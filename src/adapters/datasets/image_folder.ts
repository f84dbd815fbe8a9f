import { createHash } from "node:crypto"
import * as Effect from "effect/Effect"
import type Sharp from "sharp"
import { DatasetError, type DatasetSource, type ImageShape, type Samples } from "../../domain/data/dataset.ts"
import { type Dataset, SampleReader, TestReader } from "../../effects/ports/datasets.ts"
import { type ImageListing, listImageFolder } from "./image_listing.ts"
import { missingSample } from "./memory.ts"

/** Images decoded at once. */
const CONCURRENCY = 8

/**
 * A folder of images, see `listImageFolder`. Only the files' names are held in memory: an image is
 * decoded when it is read, as red, green and blue, turned as its EXIF data say, scaled until it
 * covers height × width and cut to its center. The digest is over names and sizes of the files.
 */
export const openImageFolder = Effect.fn("openImageFolder")(function* (
  source: Extract<DatasetSource, { _tag: "ImageFolder" }>,
  load: () => Promise<{ readonly default: typeof Sharp }> = () => import("sharp")
) {
  const { default: sharp } = yield* Effect.tryPromise({
    try: load,
    catch: () =>
      fail(
        source.from,
        "missing_package",
        "images are decoded by the package sharp, which is not installed: npm i sharp"
      )
  })
  const { train, test, from, leftOut } = yield* listImageFolder(source.from)
  const shape: ImageShape = [3, source.height, source.width]
  const reader = (listing: ImageListing) => ({
    size: listing.paths.length,
    read: (indices: ArrayLike<number>) => readImages({ dataset: source.from, sharp, shape, listing }, indices)
  })
  const digest = createHash("sha256").update(JSON.stringify([shape, train.digest, test?.digest]))
  const empty: ImageListing = { classes: [], paths: [], labels: new Int32Array(0), digest: "" }
  const dataset: Dataset = {
    info: {
      name: source.from,
      shape,
      classes: train.classes.length,
      train: train.paths.length,
      test: test?.paths.length ?? 0,
      from,
      leftOut,
      classNames: train.classes,
      unseen: 0,
      digest: digest.digest("hex")
    },
    train: SampleReader(reader(train)),
    test: TestReader(reader(test ?? empty)),
    checkTest: Effect.forEach(
      test?.paths ?? [],
      (path) => decode(sharp, path, { height: source.height, width: source.width }),
      {
        concurrency: CONCURRENCY,
        discard: true
      }
    )
  }
  return dataset
})

const fail = (dataset: string, reason: DatasetError["reason"], detail: string) =>
  new DatasetError({ dataset, reason, detail })

interface Decoding {
  readonly dataset: string
  readonly sharp: typeof Sharp
  readonly shape: ImageShape
  readonly listing: ImageListing
}

const readImages = Effect.fn("readImages")(function* (decoding: Decoding, indices: ArrayLike<number>) {
  const { dataset, sharp, shape, listing } = decoding
  const wrong = missingSample(dataset, indices, listing.paths.length)
  if (wrong !== undefined) return yield* wrong
  const [, height, width] = shape
  const plane = height * width
  const images = new Uint8Array(indices.length * 3 * plane)
  const labels = Int32Array.from(indices, (index) => listing.labels[index]!)
  yield* Effect.forEach(
    Array.from(indices),
    (index, i) =>
      Effect.map(decode(sharp, listing.paths[index]!, { height, width }), (pixels) => {
        for (let channel = 0, to = i * 3 * plane; channel < 3; channel++)
          for (let from = channel; from < 3 * plane; from += 3, to++) images[to] = pixels[from]!
      }),
    { concurrency: CONCURRENCY, discard: true }
  )
  const samples: Samples = { shape, images, labels }
  return samples
})

/**
 * [height, width, 3] bytes of an image. Transparent pixels are shown on black, gray becomes red,
 * green and blue alike.
 */
function decode(sharp: typeof Sharp, path: string, size: { readonly height: number; readonly width: number }) {
  return Effect.tryPromise({
    try: () =>
      sharp(path, { failOn: "error" })
        .autoOrient()
        .resize({ ...size, fit: "cover", position: "centre" })
        .flatten({ background: "black" })
        .raw()
        .toBuffer(),
    catch: (error) =>
      fail(
        path,
        "damaged",
        `the image cannot be decoded (${error instanceof Error ? error.message : error}): replace or remove it`
      )
  })
}
