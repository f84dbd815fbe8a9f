import { basename } from "node:path"
import * as Effect from "effect/Effect"
import {
  type DataLocation,
  DatasetError,
  type DatasetSource,
  type ImageShape,
  type Samples
} from "../../domain/data/dataset.ts"
import { type DataFile, readLocations } from "./locate.ts"
import { memoryDataset } from "./memory.ts"

const SHAPE: ImageShape = [3, 32, 32]
const PIXELS = 3072

/** A version of CIFAR: bytes of labels before the pixels of a record, which of them counts, and where the official archive lies. */
interface Version {
  readonly name: string
  readonly labels: number
  readonly label: number
  readonly classes: number
  readonly archive: DataLocation
}

/** Source of the format and the archives: Krizhevsky 2009, https://www.cs.toronto.edu/~kriz/cifar.html. */
function versionOf(source: Extract<DatasetSource, { _tag: "Cifar10" | "Cifar100" }>): Version {
  if (source._tag === "Cifar10") {
    const sha256 = "c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd"
    const archive = { url: "https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz", sha256 }
    return { name: "cifar-10", labels: 1, label: 0, classes: 10, archive }
  }
  const sha256 = "58a81ae192c23a4be8b1804d68e518ed807d710a4eb253b1f2a199162a40d8ec"
  const archive = { url: "https://www.cs.toronto.edu/~kriz/cifar-100-binary.tar.gz", sha256 }
  return source.labels === "fine"
    ? { name: "cifar-100", labels: 2, label: 1, classes: 100, archive }
    : { name: "cifar-100-coarse", labels: 2, label: 0, classes: 20, archive }
}

/** CIFAR-10 or CIFAR-100 in their binary version: records of one or two labels and 32 × 32 red, green and blue values. */
export const openCifar = Effect.fn("openCifar")(function* (
  source: Extract<DatasetSource, { _tag: "Cifar10" | "Cifar100" }>
) {
  const version = versionOf(source)
  const locations = source.from ?? [version.archive]
  const files = yield* readLocations(locations, (name) => isWanted(source, name))
  const parts = { train: [] as DataFile[], test: [] as DataFile[] }
  for (const file of files) {
    const part = partOf(basename(file.path))
    if (part === undefined)
      return yield* fail(file.path, "missing_file", `its name says neither "train", "data_batch" nor "test": rename it`)
    yield* checkFile(version, file)
    parts[part].push(file)
  }
  const from = locations.map((location) => (typeof location === "string" ? location : location.url))
  if (parts.train.length === 0)
    return yield* fail(
      from.join(", "),
      "empty",
      `there is no ${version.name} file named *data_batch*.bin or *train*.bin`
    )
  const { name, classes } = version
  return yield* memoryDataset({
    name,
    classes,
    train: samplesOf(version, parts.train),
    test: samplesOf(version, parts.test),
    from
  })
})

const fail = (dataset: string, reason: DatasetError["reason"], detail: string) =>
  new DatasetError({ dataset, reason, detail })

/** Whether a file of a folder or an archive is read: one that names another dataset is not. */
function isWanted({ _tag }: DatasetSource, name: string): boolean {
  const named = /(mnist|cifar-?100?)/i.exec(name)?.[1]?.toLowerCase().replace("-", "")
  return name.endsWith(".bin") && partOf(name) !== undefined && (named === undefined || named === _tag.toLowerCase())
}

/** What a file's name says that it holds. */
function partOf(name: string): "train" | "test" | undefined {
  const word = /(?:^|[^a-z])(data_batch|train|test)(?![a-z])/i.exec(name)?.[1]?.toLowerCase()
  return word === undefined ? undefined : word === "test" ? "test" : "train"
}

function checkFile({ name, labels, label, classes }: Version, { path, bytes }: DataFile) {
  const record = labels + PIXELS
  const other = labels === 1 ? "cifar-100" : "cifar-10"
  if (bytes.length === 0) return fail(path, "empty", "the file is empty: fetch it again")
  if (bytes.length % record !== 0)
    return bytes.length % (3 - labels + PIXELS) === 0
      ? fail(path, "wrong_size", `its records are those of ${other}, not of ${name}: open it as ${other}`)
      : fail(
          path,
          "truncated",
          `its ${bytes.length} bytes are no whole number of records of ${record} bytes (labels, 3 × 32 × 32 values): fetch it again`
        )
  for (let at = label; at < bytes.length; at += record)
    if (bytes[at]! >= classes)
      return fail(
        path,
        "wrong_label",
        `record ${(at - label) / record} has the label ${bytes[at]}, but ${name} has ${classes} classes: check that it is the binary version`
      )
  return Effect.void
}

function samplesOf({ labels, label }: Version, files: ReadonlyArray<DataFile>): Samples {
  const record = labels + PIXELS
  const count = files.reduce((sum, { bytes }) => sum + bytes.length / record, 0)
  const images = new Uint8Array(count * PIXELS)
  const chosen = new Int32Array(count)
  let i = 0
  for (const { bytes } of files)
    for (let at = 0; at < bytes.length; at += record, i++) {
      chosen[i] = bytes[at + label]!
      images.set(bytes.subarray(at + labels, at + record), i * PIXELS)
    }
  return { shape: SHAPE, images, labels: chosen }
}
