import { createHash } from "node:crypto"
import { join } from "node:path"
import * as FileSystem from "@effect/platform/FileSystem"
import * as Effect from "effect/Effect"
import type Sharp from "sharp"
import { DatasetError, type DatasetSource, type ImageShape, type Samples } from "../../domain/data/dataset.ts"
import { type Dataset, SampleReader, TestReader } from "../../effects/datasets.ts"
import { refused } from "./file_error.ts"
import { missingSample } from "./memory.ts"

/** Images decoded at once. */
const CONCURRENCY = 8

const IMAGE = /\.(jpe?g|png|webp|gif|tiff?|avif)$/i

/** Files of one part in order of class and name; the label of a file is the place of its class. */
interface Listing {
  readonly classes: ReadonlyArray<string>
  readonly paths: ReadonlyArray<string>
  readonly labels: Int32Array
  /** Names and sizes of the files. */
  readonly digest: string
}

/**
 * A folder of images: `train/<class>/*`, and `val/<class>/*` or else `test/<class>/*`. Classes are numbered by name. Only the files' names are held in
 * memory: an image is decoded when it is read, as red, green and blue, turned as its EXIF data say, scaled until it covers height × width and cut to its center. The
 * digest is over names and sizes of the files.
 */
export const openImageFolder = Effect.fn("openImageFolder")(function* (
  source: Extract<DatasetSource, { _tag: "ImageFolder" }>,
  load: () => Promise<{ readonly default: typeof Sharp }> = () => import("sharp")
) {
  const files = yield* FileSystem.FileSystem
  const { default: sharp } = yield* Effect.tryPromise({
    try: load,
    catch: () =>
      fail(
        source.from,
        "missing_package",
        "images are decoded by the package sharp, which is not installed: npm i sharp"
      )
  })
  const train = yield* list(join(source.from, "train"))
  const parts = yield* refused(source.from, files.readDirectory(source.from))
  const testFolder = ["val", "test"].find((name) => parts.includes(name))
  const test = testFolder === undefined ? undefined : yield* list(join(source.from, testFolder))
  if (test !== undefined && test.classes.join("\0") !== train.classes.join("\0")) {
    const [one, other] = [new Set(train.classes), new Set(test.classes)]
    const lonely = [...train.classes, ...test.classes].find((name) => !one.has(name) || !other.has(name))
    return yield* fail(
      source.from,
      "wrong_classes",
      `train and ${testFolder} differ in the class "${lonely}": give both the same folders`
    )
  }
  const shape: ImageShape = [3, source.height, source.width]
  const reader = (listing: Listing) => ({
    size: listing.paths.length,
    read: (indices: ArrayLike<number>) => readImages({ dataset: source.from, sharp, shape, listing }, indices)
  })
  const digest = createHash("sha256").update(JSON.stringify([shape, train.digest, test?.digest]))
  const empty: Listing = { classes: [], paths: [], labels: new Int32Array(0), digest: "" }
  const dataset: Dataset = {
    info: {
      name: source.from,
      shape,
      classes: train.classes.length,
      train: train.paths.length,
      test: test?.paths.length ?? 0,
      digest: digest.digest("hex")
    },
    train: SampleReader(reader(train)),
    test: TestReader(reader(test ?? empty))
  }
  return dataset
})

const fail = (dataset: string, reason: DatasetError["reason"], detail: string) =>
  new DatasetError({ dataset, reason, detail })

const list = Effect.fnUntraced(function* (folder: string) {
  const files = yield* FileSystem.FileSystem
  const names = (yield* refused(folder, files.readDirectory(folder, { recursive: true })))
    .map((name) => name.replaceAll("\\", "/"))
    .filter((name) => IMAGE.test(name) && name.includes("/"))
    .sort()
  if (names.length === 0)
    return yield* fail(
      folder,
      "empty",
      `it has no images: put them into a folder for each class, as <class>/<name>.jpg`
    )
  const classOf = (name: string) => name.slice(0, name.indexOf("/"))
  const classes = [...new Set(names.map(classOf))].sort()
  const number = new Map(classes.map((name, i) => [name, i]))
  const paths = names.map((name) => join(folder, name))
  const sizes = yield* Effect.forEach(paths, (path) => refused(path, files.stat(path)), { concurrency: CONCURRENCY })
  const digest = createHash("sha256")
  for (const [i, name] of names.entries()) digest.update(`${name}\0${sizes[i]!.size}\n`)
  const listing: Listing = {
    classes,
    paths,
    labels: Int32Array.from(names, (name) => number.get(classOf(name))!),
    digest: digest.digest("hex")
  }
  return listing
})

interface Decoding {
  readonly dataset: string
  readonly sharp: typeof Sharp
  readonly shape: ImageShape
  readonly listing: Listing
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

/** [height, width, 3] bytes of an image. Transparent pixels are shown on black, gray becomes red, green and blue alike. */
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
