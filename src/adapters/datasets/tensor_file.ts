import { join } from "node:path"
import * as FileSystem from "@effect/platform/FileSystem"
import * as Schema from "@effect/schema/Schema"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import {
  type DataLocation,
  DatasetError,
  type DatasetSource,
  ImageShape,
  type Samples
} from "../../domain/data/dataset.ts"
import { readSafetensors, type SafetensorsError, type StoredTensors } from "../tensor/safetensors.ts"
import { readSafetensorsFile } from "../tensor/safetensors_file.ts"
import { isArchive } from "./archive.ts"
import { Downloads } from "./download.ts"
import { refused } from "./file_error.ts"
import { readLocations } from "./locate.ts"
import { memoryDataset } from "./memory.ts"

/**
 * Samples from a safetensors file: `train/x` and `test/x` [samples, channels, height, width] of floats, or of bytes that stand for 0 to 1; `train/y` and
 * `test/y` [samples] of whole numbers. The test tensors may be absent, both together. A file that lies in no archive is read tensor by tensor into the
 * memory in which its samples stay.
 */
export const openTensorFile = Effect.fn("openTensorFile")(function* (
  source: Extract<DatasetSource, { _tag: "TensorFile" }>
) {
  const { path, tensors } = yield* readTensors(source.from)
  const train = yield* samplesOf(path, tensors, "train")
  const hasTest = tensors.has("test/x") || tensors.has("test/y")
  const test = hasTest
    ? yield* samplesOf(path, tensors, "test")
    : { shape: train.shape, images: new Float32Array(0), labels: new Int32Array(0) }
  if (!sameImages(train.shape, test.shape)) {
    const detail = `images of train/x are ${train.shape.join(" × ")}, those of test/x ${test.shape.join(" × ")}: make them alike`
    return yield* new DatasetError({ dataset: path, reason: "wrong_size", detail })
  }
  const classes = source.classes ?? 1 + largest([train.labels, test.labels])
  return yield* memoryDataset({ name: path, classes, train, test, from: [path] })
})

const SUFFIX = ".safetensors"
const TENSORS: ReadonlySet<string> = new Set(["train/x", "train/y", "test/x", "test/y"])

const readTensors = Effect.fnUntraced(function* (from: DataLocation) {
  const files = yield* FileSystem.FileSystem
  const place = typeof from === "string" ? from : yield* (yield* Downloads).fetch(from)
  const damaged = (path: string) =>
    Either.mapLeft(
      ({ problem }: SafetensorsError) =>
        new DatasetError({ dataset: path, reason: "damaged", detail: `${problem}: write it again` })
    )
  const only = <A>(found: ReadonlyArray<A>) => {
    const detail = `it holds ${found.length} files named *${SUFFIX}, and one is needed: name the file`
    const [first] = found
    return first !== undefined && found.length === 1
      ? Effect.succeed(first)
      : Effect.fail(new DatasetError({ dataset: place, reason: "missing_file", detail }))
  }
  if (isArchive(place)) {
    const { path, bytes } = yield* only(yield* readLocations([place], (name) => name.endsWith(SUFFIX)))
    const { tensors } = yield* readSafetensors(path, bytes).pipe(damaged(path))
    return { path, tensors }
  }
  const { type } = yield* refused(place, files.stat(place))
  const path =
    type !== "Directory"
      ? place
      : join(
          place,
          yield* only(
            (yield* refused(place, files.readDirectory(place, { recursive: true }))).filter((name) =>
              name.endsWith(SUFFIX)
            )
          )
        )
  const read = readSafetensorsFile(path, (name) => TENSORS.has(name)).pipe(
    Effect.map(Either.right),
    Effect.catchTag("SafetensorsError", (error) => Effect.succeed(Either.left(error)))
  )
  return { path, tensors: yield* (yield* refused(path, read)).pipe(damaged(path)) }
})

const isImageShape = Schema.is(ImageShape)

const samplesOf = Effect.fnUntraced(function* (
  path: string,
  tensors: StoredTensors["tensors"],
  part: "train" | "test"
) {
  const fail = (reason: DatasetError["reason"], detail: string) => new DatasetError({ dataset: path, reason, detail })
  const [x, y] = [tensors.get(`${part}/x`), tensors.get(`${part}/y`)]
  if (x === undefined || y === undefined) {
    const names = [...tensors.keys()].map((name) => `"${name}"`).join(", ")
    const missing = `${part}/${x === undefined ? "x" : "y"}`
    return yield* fail("missing_tensor", `it has no tensor "${missing}", only ${names || "none"}: add it`)
  }
  const [count, ...shape] = x.shape
  if (count === undefined || !isImageShape(shape))
    return yield* fail(
      "wrong_size",
      `${part}/x must be [samples, channels, height, width], not [${x.shape.join(", ")}]`
    )
  if (y.shape.length !== 1 || y.shape[0] !== count)
    return yield* fail(
      "wrong_size",
      `${part}/y must be [${count}], one label for each image, not [${y.shape.join(", ")}]`
    )
  if (x.data instanceof Int32Array)
    return yield* fail("wrong_size", `${part}/x must hold floats or bytes, not integers: store it as F32 or U8`)
  const labels = Int32Array.from(y.data)
  const at = labels.findIndex((label, i) => label !== y.data[i])
  if (at >= 0)
    return yield* fail("wrong_label", `label ${at} of ${part}/y is ${y.data[at]}, no whole number: store classes`)
  const images = x.data instanceof Float64Array ? Float32Array.from(x.data) : x.data
  const wrong = images instanceof Uint8Array ? -1 : images.findIndex((value) => !Number.isFinite(value))
  if (wrong >= 0)
    return yield* fail(
      "damaged",
      `element ${wrong} of ${part}/x is ${images[wrong]}: store finite numbers in single precision`
    )
  const samples: Samples = { shape, images, labels }
  return samples
})

function sameImages(one: ReadonlyArray<number>, other: ReadonlyArray<number>): boolean {
  return one.every((length, i) => length === other[i])
}

function largest(lists: ReadonlyArray<Int32Array>): number {
  let most = 0
  for (const labels of lists) for (const label of labels) if (label > most) most = label
  return most
}
