import * as Schema from "@effect/schema/Schema"
import * as Either from "effect/Either"

/** A file is no safetensors file. */
export class SafetensorsError extends Schema.TaggedError<SafetensorsError>()("SafetensorsError", {
  file: Schema.String,
  problem: Schema.String
}) {
  override get message(): string {
    return `Cannot read tensors of "${this.file}": ${this.problem}`
  }
}

const Index = Schema.Int.pipe(Schema.nonNegative())
const Entry = Schema.Struct({
  dtype: Schema.String,
  shape: Schema.Array(Index),
  data_offsets: Schema.Tuple(Index, Index)
})
const decodeHeader = Schema.decodeUnknownEither(Schema.parseJson())
const decodeEntry = Schema.decodeUnknownEither(Entry)

/** Whether a value is an object of JSON. A schema's record would lose the key `__proto__`. */
function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value)
}

function isTexts(value: unknown): value is Readonly<Record<string, string>> {
  return isObject(value) && Object.values(value).every((text) => typeof text === "string")
}

/**
 * A tensor of a file, in row-major order. Floats of 16 bits come as floats of 32, integers of 64
 * bits and unsigned ones of 32 as floats of 64, exact below 2^53; other integers and truth values
 * as integers of 32 bits. Its memory may be that of the file's bytes.
 */
export interface StoredTensor {
  readonly shape: ReadonlyArray<number>
  readonly data: Float32Array | Float64Array | Int32Array | Uint8Array
}

/** The contents of a safetensors file. */
export interface StoredTensors {
  readonly metadata: Readonly<Record<string, string>>
  readonly tensors: ReadonlyMap<string, StoredTensor>
  /** Of all tensors, those too that were not read. */
  readonly names: ReadonlyArray<string>
}

/** A tensor to write, in row-major order; its type is that of the array. */
export interface WritableTensor {
  readonly shape: ReadonlyArray<number>
  readonly data: Float32Array | Float64Array | Int32Array | BigInt64Array | Uint8Array
}

/**
 * The types that are read: bytes of an element, and the array of a file's elements, which lie at a
 * multiple of their size.
 */
const TYPES = new Map<
  string,
  readonly [number, (bytes: Uint8Array<ArrayBuffer>, count: number) => StoredTensor["data"]]
>([
  ["F64", [8, ({ buffer, byteOffset }, count) => new Float64Array(buffer, byteOffset, count)]],
  ["F32", [4, ({ buffer, byteOffset }, count) => new Float32Array(buffer, byteOffset, count)]],
  ["F16", [2, (bytes, count) => Float32Array.from(halves(bytes, count), halfFloat)]],
  [
    "BF16",
    [2, (bytes, count) => new Float32Array(Uint32Array.from(halves(bytes, count), (half) => half << 16).buffer)]
  ],
  [
    "I64",
    [8, ({ buffer, byteOffset }, count) => Float64Array.from(new BigInt64Array(buffer, byteOffset, count), Number)]
  ],
  [
    "U64",
    [8, ({ buffer, byteOffset }, count) => Float64Array.from(new BigUint64Array(buffer, byteOffset, count), Number)]
  ],
  ["I32", [4, ({ buffer, byteOffset }, count) => new Int32Array(buffer, byteOffset, count)]],
  ["U32", [4, ({ buffer, byteOffset }, count) => Float64Array.from(new Uint32Array(buffer, byteOffset, count))]],
  ["I16", [2, ({ buffer, byteOffset }, count) => Int32Array.from(new Int16Array(buffer, byteOffset, count))]],
  ["U16", [2, (bytes, count) => Int32Array.from(halves(bytes, count))]],
  ["I8", [1, ({ buffer, byteOffset }, count) => Int32Array.from(new Int8Array(buffer, byteOffset, count))]],
  ["U8", [1, (bytes) => bytes]],
  ["BOOL", [1, (bytes) => Int32Array.from(bytes)]]
])

const halves = ({ buffer, byteOffset }: Uint8Array<ArrayBuffer>, count: number) =>
  new Uint16Array(buffer, byteOffset, count)

/** The value of a float of 16 bits (IEEE 754). */
function halfFloat(bits: number): number {
  const [sign, exponent, fraction] = [bits >> 15 === 0 ? 1 : -1, (bits >> 10) & 31, bits & 1023]
  if (exponent === 31) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN
  return exponent === 0 ? sign * fraction * 2 ** -24 : sign * (1024 + fraction) * 2 ** (exponent - 25)
}

/** Where a tensor's elements lie in its file. */
interface TensorPlace {
  /** As the file calls it; it need not be one that is read. */
  readonly dtype: string
  readonly shape: ReadonlyArray<number>
  /** The first byte in the file, and the one behind the last. */
  readonly start: number
  readonly end: number
}

/** What the header of a safetensors file tells. */
interface SafetensorsIndex {
  readonly metadata: Readonly<Record<string, string>>
  readonly tensors: ReadonlyMap<string, TensorPlace>
}

/** Where the header of a file of `size` bytes ends, which begins with these 8 bytes or more. */
export function headerEnd(file: string, begin: Uint8Array, size: number): Either.Either<number, SafetensorsError> {
  if (begin.byteLength < 8) return Either.left(new SafetensorsError({ file, problem: "it is shorter than a header" }))
  const length = Number(new DataView(begin.buffer, begin.byteOffset, 8).getBigUint64(0, true))
  return length > size - 8
    ? Either.left(new SafetensorsError({ file, problem: "its header is cut off" }))
    : Either.right(8 + length)
}

/** The index of a file of `size` bytes, of its bytes up to where its header ends. */
export function readIndex(
  file: string,
  header: Uint8Array,
  size: number
): Either.Either<SafetensorsIndex, SafetensorsError> {
  const fail = (problem: string) => Either.left(new SafetensorsError({ file, problem }))
  const decoded = decodeHeader(new TextDecoder().decode(header.subarray(8)))
  if (Either.isLeft(decoded) || !isObject(decoded.right)) return fail("its header is no JSON object")
  const { __metadata__ = {}, ...entries } = decoded.right
  if (!isTexts(__metadata__)) return fail("its metadata are no texts")
  const tensors = new Map<string, TensorPlace>()
  for (const [name, value] of Object.entries(entries)) {
    const entry = decodeEntry(value)
    if (Either.isLeft(entry)) return fail(`the tensor "${name}" has a header that is not understood`)
    const { dtype, shape, data_offsets } = entry.right
    const [start, end] = data_offsets.map((offset) => header.byteLength + offset) as [number, number]
    const count = shape.reduce((product, length) => product * length, 1)
    const bytes = TYPES.get(dtype)?.[0]
    if (bytes === undefined ? end < start : end - start !== count * bytes)
      return fail(`the tensor "${name}" has the wrong number of bytes`)
    if (end > size) return fail(`the tensor "${name}" is cut off`)
    tensors.set(name, { dtype, shape, start, end })
  }
  let filled = header.byteLength
  for (const [name, { start, end }] of [...tensors].sort(([, a], [, b]) => a.start - b.start || a.end - b.end)) {
    if (start !== filled)
      return fail(`the tensor "${name}" ${start < filled ? "overlaps another" : "has a hole before it"}`)
    filled = end
  }
  if (filled < size) return fail(`${size - filled} bytes follow its last tensor`)
  return Either.right({ metadata: __metadata__, tensors })
}

/**
 * The tensor of a place from its bytes, which are copied only where they do not begin at a multiple
 * of the element's size.
 */
export function storedTensor(
  file: string,
  name: string,
  { dtype, shape }: TensorPlace,
  bytes: Uint8Array
): Either.Either<StoredTensor, SafetensorsError> {
  const type = TYPES.get(dtype)
  if (type === undefined) {
    const problem = `the tensor "${name}" is of the type ${dtype}, which is not read (${[...TYPES.keys()].join(", ")} are)`
    return Either.left(new SafetensorsError({ file, problem }))
  }
  const [size, read] = type
  const own =
    bytes.buffer instanceof ArrayBuffer && bytes.byteOffset % size === 0
      ? new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength)
      : new Uint8Array(bytes)
  return Either.right({ shape, data: read(own, own.byteLength / size) })
}

/**
 * Read a safetensors file: 8 bytes with the length of a JSON header, the header, raw little-endian
 * data without holes. Only the tensors that are wanted are read, all where nothing is said. Errors:
 * a damaged file, and a wanted tensor of a type that is not read: floats of 8 bits or less, complex
 * numbers.
 *
 * Source of the format: https://huggingface.co/docs/safetensors.
 */
export function readSafetensors(
  file: string,
  bytes: Uint8Array,
  wanted: (name: string) => boolean = () => true
): Either.Either<StoredTensors, SafetensorsError> {
  return Either.gen(function* () {
    const end = yield* headerEnd(file, bytes, bytes.byteLength)
    const { metadata, tensors } = yield* readIndex(file, bytes.subarray(0, end), bytes.byteLength)
    const read = new Map<string, StoredTensor>()
    for (const [name, place] of tensors)
      if (wanted(name)) read.set(name, yield* storedTensor(file, name, place, bytes.subarray(place.start, place.end)))
    return { metadata, tensors: read, names: [...tensors.keys()] }
  })
}

/**
 * A safetensors file: metadata first, tensors by falling size of an element, then in the order
 * given, so that each begins at a multiple of its element's size. Throws `RangeError` where a
 * tensor's elements do not fill its shape.
 */
export function writeSafetensors(
  tensors: ReadonlyMap<string, WritableTensor>,
  metadata: Readonly<Record<string, string>> = {}
): Uint8Array {
  const ordered = [...tensors].sort(([, a], [, b]) => b.data.BYTES_PER_ELEMENT - a.data.BYTES_PER_ELEMENT)
  const entries: Array<readonly [string, unknown]> =
    Object.keys(metadata).length > 0 ? [["__metadata__", metadata]] : []
  let end = 0
  for (const [name, { shape, data }] of ordered) {
    if (data.length !== shape.reduce((product, size) => product * size, 1))
      throw new RangeError(`Cannot write tensor "${name}": ${data.length} elements, shape [${shape.join(", ")}]`)
    entries.push([name, { dtype: dtypeOf(data), shape, data_offsets: [end, end + data.byteLength] }])
    end += data.byteLength
  }
  const text = new TextEncoder().encode(JSON.stringify(Object.fromEntries(entries)))
  const start = 8 + 8 * Math.ceil(text.length / 8)
  const bytes = new Uint8Array(start + end)
  new DataView(bytes.buffer).setBigUint64(0, BigInt(start - 8), true)
  bytes.fill(0x20, 8, start)
  bytes.set(text, 8)
  let at = start
  for (const [, { data }] of ordered) {
    bytes.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), at)
    at += data.byteLength
  }
  return bytes
}

function dtypeOf(data: WritableTensor["data"]): string {
  if (data instanceof Float32Array) return "F32"
  if (data instanceof Float64Array) return "F64"
  if (data instanceof Uint8Array) return "U8"
  return data instanceof Int32Array ? "I32" : "I64"
}
