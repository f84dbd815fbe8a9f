import { join } from "node:path"
import * as FileSystem from "@effect/platform/FileSystem"
import * as Schema from "@effect/schema/Schema"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import {
  countLeftOut,
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
import { isHidden, readLocations } from "./locate.ts"
import { memoryDataset } from "./memory.ts"

/**
 * Samples from a safetensors file: `train/x` and `test/x` [samples, channels, height, width] of
 * floats, or of bytes that stand for 0 to 1; `train/y` and `test/y` [samples] of whole numbers. The
 * test tensors may be missing, both together. Other tensors are not read, of whatever type they
 * are. A file that lies in no archive is read tensor by tensor into the memory in which its samples
 * stay.
 */
export const openTensorFile = Effect.fn("openTensorFile")(function* (
  source: Extract<DatasetSource, { _tag: "TensorFile" }>
) {
  const { path, stored } = yield* readTensors(source.from)
  const train = yield* partOf(path, stored, "train")
  const hasTest = stored.tensors.has("test/x") || stored.tensors.has("test/y")
  const test = hasTest
    ? yield* partOf(path, stored, "test")
    : { shape: train.shape, images: new Float32Array(0), labels: [] }
  if (!sameImages(train.shape, test.shape)) {
    const detail = `images of train/x are ${train.shape.join(" × ")}, images of test/x are ${test.shape.join(" × ")}: give them one size`
    return yield* new DatasetError({ dataset: path, reason: "wrong_size", detail })
  }
  const { classes, classNames, numbers } = yield* classesOf(path, source, train.labels, test.labels)
  const samples = ({ shape, images }: Part, labels: Int32Array): Samples => ({ shape, images, labels })
  return yield* memoryDataset({
    name: path,
    classes,
    train: samples(train, numbers.train),
    test: samples(test, numbers.test),
    from: [path],
    leftOut: [
      countLeftOut(
        "other tensors",
        stored.names.filter((name) => !TENSORS.has(name))
      )
    ].filter(({ count }) => count > 0),
    ...(classNames === undefined ? {} : { classNames })
  })
})

const SUFFIX = ".safetensors"
const TENSORS: ReadonlySet<string> = new Set(["train/x", "train/y", "test/x", "test/y"])
const isWanted = (name: string) => TENSORS.has(name)

const readTensors = Effect.fnUntraced(function* (from: DataLocation) {
  const files = yield* FileSystem.FileSystem
  const place = typeof from === "string" ? from : yield* (yield* Downloads).fetch(from)
  const damaged = (path: string) =>
    Either.mapLeft(
      ({ problem }: SafetensorsError) =>
        new DatasetError({ dataset: path, reason: "damaged", detail: `${problem}: write it again` })
    )
  const only = <A>(found: ReadonlyArray<A>) => {
    const detail = `it contains ${found.length} files named *${SUFFIX}, and needs exactly one: name the file`
    const [first] = found
    return first !== undefined && found.length === 1
      ? Effect.succeed(first)
      : Effect.fail(new DatasetError({ dataset: place, reason: "missing_file", detail }))
  }
  const { type } = yield* refused(place, files.stat(place))
  if (type !== "Directory" && (yield* isArchive(place))) {
    const { path, bytes } = yield* only(yield* readLocations([place], (name) => name.endsWith(SUFFIX)))
    return { path, stored: yield* readSafetensors(path, bytes, isWanted).pipe(damaged(path)) }
  }
  const namesBelow = refused(place, files.readDirectory(place, { recursive: true }))
  const path =
    type !== "Directory"
      ? place
      : join(place, yield* only((yield* namesBelow).filter((name) => name.endsWith(SUFFIX) && !isHidden(name))))
  const read = readSafetensorsFile(path, isWanted).pipe(
    Effect.map(Either.right),
    Effect.catchTag("SafetensorsError", (error) => Effect.succeed(Either.left(error)))
  )
  return { path, stored: yield* (yield* refused(path, read)).pipe(damaged(path)) }
})

const isImageShape = Schema.is(ImageShape)

/** Images of a part, and their labels as they are stored. */
interface Part extends Omit<Samples, "labels"> {
  readonly labels: ArrayLike<number>
}

const partOf = Effect.fnUntraced(function* (path: string, { tensors, names }: StoredTensors, part: "train" | "test") {
  const fail = (reason: DatasetError["reason"], detail: string) => new DatasetError({ dataset: path, reason, detail })
  const [x, y] = [tensors.get(`${part}/x`), tensors.get(`${part}/y`)]
  if (x === undefined || y === undefined) {
    const known = names.slice(0, 8).map((name) => `"${name}"`)
    const found = `${known.join(", ") || "none"}${names.length > 8 ? ` and ${names.length - 8} more` : ""}`
    const detail = `it has no tensor "${part}/${x === undefined ? "x" : "y"}", only ${found}: name them "${part}/x" and "${part}/y"`
    return yield* fail("missing_tensor", detail)
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
    return yield* fail(
      "wrong_size",
      `${part}/x must contain floats or bytes, not other integers: store it as F32 or U8`
    )
  for (let i = 0; i < count; i++)
    if (!Number.isInteger(y.data[i]))
      return yield* fail("wrong_label", `label ${i} of ${part}/y is ${y.data[i]}, not a whole number: store classes`)
  const images = x.data instanceof Float64Array ? Float32Array.from(x.data) : x.data
  const wrong = images instanceof Uint8Array ? -1 : images.findIndex((value) => !Number.isFinite(value))
  if (wrong >= 0)
    return yield* fail(
      "damaged",
      `element ${wrong} of ${part}/x is ${images[wrong]}: store finite numbers in single precision`
    )
  const read: Part = { shape, images, labels: y.data }
  return read
})

function sameImages(one: ReadonlyArray<number>, other: ReadonlyArray<number>): boolean {
  return one.every((length, i) => length === other[i])
}

/** The most classes that the largest label alone may imply. */
const MOST_CLASSES = 10_000

type Labels = ArrayLike<number>

/**
 * The number of classes, and the labels as classes. Labels beyond the classes stay what they are.
 */
const classesOf = Effect.fnUntraced(function* (
  path: string,
  { classes, renumber }: Pick<Extract<DatasetSource, { _tag: "TensorFile" }>, "classes" | "renumber">,
  train: Labels,
  test: Labels
) {
  const fail = (detail: string) => new DatasetError({ dataset: path, reason: "wrong_label", detail })
  const parts = [
    ["train", train],
    ["test", test]
  ] as const
  if (renumber) {
    const seen = [...new Set(Array.from(train))].sort((one, other) => one - other)
    const number = new Map(seen.map((label, i) => [label, i]))
    const at = Array.from(test).findIndex((label) => !number.has(label))
    if (at >= 0) return yield* fail(`label ${at} of test/y is ${test[at]}, which no training image has: remove it`)
    const anew = (labels: Labels) => Int32Array.from(labels, (label) => number.get(label)!)
    const numbers = { train: anew(train), test: anew(test) }
    return { classes: classes ?? Math.max(1, seen.length), classNames: seen.map(String), numbers }
  }
  let largest = 0
  for (const [part, labels] of parts)
    for (let i = 0; i < labels.length; i++) {
      const label = labels[i]!
      largest = Math.max(largest, label)
      if (label >= (classes ?? MOST_CLASSES))
        return yield* fail(
          classes === undefined
            ? `label ${i} of ${part}/y is ${label}: give the number of classes (--classes), or renumber the labels (--renumber)`
            : `label ${i} of ${part}/y is ${label}, and with ${classes} classes labels go from 0 to ${classes - 1}: correct it or --classes`
        )
    }
  const numbers = { train: Int32Array.from(train), test: Int32Array.from(test) }
  return { classes: classes ?? 1 + largest, classNames: undefined, numbers }
})
