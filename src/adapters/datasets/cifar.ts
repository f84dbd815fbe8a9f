import { basename } from "node:path"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import {
  countLeftOut,
  type DataLocation,
  DatasetError,
  type DatasetSource,
  type ImageShape,
  type Samples
} from "../../domain/data/dataset.ts"
import { hasArchiveName } from "./archive.ts"
import { binaryRecords } from "./cifar_pickle.ts"
import { type DataFile, readLocations } from "./locate.ts"
import { memoryDataset } from "./memory.ts"
import { isPickle } from "./pickle.ts"

const SHAPE: ImageShape = [3, 32, 32]
const PIXELS = 3072

/**
 * A version of CIFAR: bytes of labels before the pixels of a record, which of them counts, and
 * where the official archive lies.
 */
interface Version {
  readonly name: string
  readonly labels: number
  readonly label: number
  readonly classes: number
  readonly archive: DataLocation
}

/**
 * Source of the format and the archives: Krizhevsky 2009,
 * https://www.cs.toronto.edu/~kriz/cifar.html.
 */
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

/**
 * CIFAR-10 or CIFAR-100 in their binary version, records of one or two labels and 32 × 32 red,
 * green and blue values, or in their Python version, whose files are left out where there are
 * binary ones. So is what a folder or an archive holds of other datasets.
 */
export const openCifar = Effect.fn("openCifar")(function* (
  source: Extract<DatasetSource, { _tag: "Cifar10" | "Cifar100" }>
) {
  const version = versionOf(source)
  const locations = source.from ?? [version.archive]
  const [others, archives]: [Array<string>, Array<string>] = [[], []]
  const found = yield* readLocations(locations, (path) => {
    const name = basename(path)
    if (hasArchiveName(name)) archives.push(name)
    if ((name.includes(".") && !name.endsWith(".bin")) || partOf(name) === undefined) return false
    const isOwn = [undefined, source._tag.toLowerCase()].includes(datasetOf(path))
    if (!isOwn) others.push(path)
    return isOwn
  })
  const hasBinary = found.some(({ path, bytes }) => !isPickle(bytes) && partOf(basename(path)) === "train")
  const [kept, python] = separate(found, ({ named, bytes }) => named || !hasBinary || !isPickle(bytes))
  const files = yield* Effect.forEach(kept, inBinary)
  const [own, foreign] = separate(files, ({ named, bytes }) => named || !isOfOther(version, bytes))
  const parts = { train: [] as DataFile[], test: [] as DataFile[] }
  for (const file of own.length === 0 ? foreign : own) {
    const part = partOf(basename(file.path))
    if (part === undefined)
      return yield* fail(file.path, "missing_file", `its name says neither "train", "data_batch" nor "test": rename it`)
    yield* checkFile(version, file)
    parts[part].push(file)
  }
  const { name, classes } = version
  const from = locations.map((location) => (typeof location === "string" ? location : location.url))
  if (parts.train.length === 0) {
    const binary = `there is no ${name} file named *data_batch*.bin or *train*.bin (binary version)`
    const beside = others.length === 0 ? "" : `, but "${others[0]}" of another dataset`
    const cure = archives.length === 0 ? "" : `: name "${archives[0]}" in it, or unpack it`
    return yield* fail(
      from.join(", "),
      "empty",
      `${binary}, nor *data_batch* or *train* (Python version)${beside}${cure}`
    )
  }
  return yield* memoryDataset({
    name,
    classes,
    train: samplesOf(version, parts.train),
    test: samplesOf(version, parts.test),
    from,
    leftOut: [
      countLeftOut("files of other datasets", [...others, ...foreign.map(({ path }) => basename(path))]),
      countLeftOut(
        "files of the Python version",
        python.map(({ path }) => basename(path))
      )
    ].filter(({ count }) => count > 0)
  })
})

const fail = (dataset: string, reason: DatasetError["reason"], detail: string) =>
  new DatasetError({ dataset, reason, detail })

/** Those that fit, and the others. */
function separate<A>(all: ReadonlyArray<A>, fits: (one: A) => boolean): readonly [ReadonlyArray<A>, ReadonlyArray<A>] {
  return [all.filter(fits), all.filter((one) => !fits(one))]
}

/** The dataset that the folders and the file of a path name last. */
function datasetOf(path: string): string | undefined {
  return path
    .match(/mnist|cifar[-_]?100?(?!\d)/gi)
    ?.at(-1)
    ?.toLowerCase()
    .replace(/[-_]/, "")
}

/** A file as the binary version has it. */
const inBinary = ({ bytes, ...file }: DataFile): Effect.Effect<DataFile, DatasetError> =>
  isPickle(bytes)
    ? Either.mapBoth(binaryRecords(bytes), {
        onLeft: (problem) =>
          fail(file.path, "damaged", `it is not a file of CIFAR's Python version (${problem}): fetch it again`),
        onRight: (records): DataFile => ({ ...file, bytes: records })
      })
    : Effect.succeed({ ...file, bytes })

/** Whether bytes are whole records of the other version, and none of this one. */
function isOfOther({ labels }: Version, { length }: Uint8Array): boolean {
  return length > 0 && length % (labels + PIXELS) !== 0 && length % (3 - labels + PIXELS) === 0
}

/** What a file's name says that it holds. */
function partOf(name: string): "train" | "test" | undefined {
  const word = /(?:^|[^a-z])(data_batch|train|test)(?![a-z])/i.exec(name)?.[1]?.toLowerCase()
  return word === undefined ? undefined : word === "test" ? "test" : "train"
}

function checkFile(version: Version, { path, bytes }: DataFile) {
  const { name, labels, label, classes } = version
  const record = labels + PIXELS
  const other = labels === 1 ? "cifar-100" : "cifar-10"
  if (bytes.length === 0) return fail(path, "empty", "the file is empty: fetch it again")
  if (bytes.length % record !== 0)
    return isOfOther(version, bytes)
      ? fail(path, "wrong_size", `its records are those of ${other}, not of ${name}: open it as ${other}`)
      : fail(
          path,
          "truncated",
          `its ${bytes.length} bytes are not a whole number of records of ${record} bytes (labels, 3 × 32 × 32 values): fetch it again`
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
