import * as Schema from "@effect/schema/Schema"
import * as Effect from "effect/Effect"
import { DatasetError, type DatasetSource, ImageShape, type Samples } from "../../domain/data/dataset.ts"
import { readSafetensors, type StoredTensors } from "../tensor/safetensors.ts"
import { readLocations } from "./locate.ts"
import { memoryDataset } from "./memory.ts"

/**
 * Samples from a safetensors file: `train/x` and `test/x` [samples, channels, height, width] of floats, `train/y` and `test/y` [samples]
 * of whole numbers. The test tensors may be absent, both together.
 */
export const openTensorFile = Effect.fn("openTensorFile")(function* (
  source: Extract<DatasetSource, { _tag: "TensorFile" }>
) {
  const files = yield* readLocations([source.from], (name) => name.endsWith(".safetensors"))
  const [file] = files
  const path = typeof source.from === "string" ? source.from : source.from.url
  if (file === undefined || files.length > 1) {
    const detail = `it holds ${files.length} files named *.safetensors, and one is needed: name the file`
    return yield* new DatasetError({ dataset: path, reason: "missing_file", detail })
  }
  const stored = yield* Effect.mapError(
    readSafetensors(file.path, file.bytes),
    ({ problem }) => new DatasetError({ dataset: file.path, reason: "damaged", detail: `${problem}: write it again` })
  )
  const train = yield* samplesOf(file.path, stored, "train")
  const hasTest = stored.tensors.has("test/x") || stored.tensors.has("test/y")
  const test = hasTest
    ? yield* samplesOf(file.path, stored, "test")
    : { shape: train.shape, images: new Float32Array(0), labels: new Int32Array(0) }
  if (!sameImages(train.shape, test.shape)) {
    const detail = `images of train/x are ${train.shape.join(" × ")}, those of test/x ${test.shape.join(" × ")}: make them alike`
    return yield* new DatasetError({ dataset: file.path, reason: "wrong_size", detail })
  }
  const classes = source.classes ?? 1 + largest([train.labels, test.labels])
  return yield* memoryDataset({ name: file.path, classes, train, test })
})

const isImageShape = Schema.is(ImageShape)

const samplesOf = Effect.fnUntraced(function* (path: string, { tensors }: StoredTensors, part: "train" | "test") {
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
    return yield* fail("wrong_size", `${part}/x must hold floats, not integers: store it as F32`)
  const labels = Int32Array.from(y.data)
  const at = labels.findIndex((label, i) => label !== y.data[i])
  if (at >= 0)
    return yield* fail("wrong_label", `label ${at} of ${part}/y is ${y.data[at]}, no whole number: store classes`)
  const images = x.data instanceof Float32Array ? x.data : Float32Array.from(x.data)
  const wrong = images.findIndex((value) => !Number.isFinite(value))
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
