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
  dtype: Schema.Literal("F32", "F64", "I32", "I64", "U8"),
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

/** A tensor of a file, in row-major order. 64-bit integers come as floats, exact below 2^53. Its memory may be that of the file's bytes. */
export interface StoredTensor {
  readonly shape: ReadonlyArray<number>
  readonly data: Float32Array | Float64Array | Int32Array | Uint8Array
}

/** The contents of a safetensors file. */
export interface StoredTensors {
  readonly metadata: Readonly<Record<string, string>>
  readonly tensors: ReadonlyMap<string, StoredTensor>
}

/** A tensor to write, in row-major order; its type is that of the array. */
export interface WritableTensor {
  readonly shape: ReadonlyArray<number>
  readonly data: Float32Array | Float64Array | Int32Array | BigInt64Array | Uint8Array
}

const ARRAYS = { F32: Float32Array, F64: Float64Array, I32: Int32Array, I64: BigInt64Array, U8: Uint8Array } as const

/** Where a tensor's elements lie in its file. */
export interface TensorPlace {
  readonly dtype: keyof typeof ARRAYS
  readonly shape: ReadonlyArray<number>
  /** The first byte in the file, and the one behind the last. */
  readonly start: number
  readonly end: number
}

/** What the header of a safetensors file tells. */
export interface SafetensorsIndex {
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
    if (end - start !== count * ARRAYS[dtype].BYTES_PER_ELEMENT)
      return fail(`the tensor "${name}" has the wrong number of bytes`)
    if (end > size) return fail(`the tensor "${name}" is cut off`)
    tensors.set(name, { dtype, shape, start, end })
  }
  return Either.right({ metadata: __metadata__, tensors })
}

/** The tensor of a place from its bytes, which are copied only where they do not begin at a multiple of the element's size. */
export function storedTensor({ dtype, shape }: TensorPlace, bytes: Uint8Array): StoredTensor {
  const array = ARRAYS[dtype]
  const own =
    bytes.buffer instanceof ArrayBuffer && bytes.byteOffset % array.BYTES_PER_ELEMENT === 0
      ? new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength)
      : new Uint8Array(bytes)
  const data = new array(own.buffer, own.byteOffset, own.byteLength / array.BYTES_PER_ELEMENT)
  return { shape, data: data instanceof BigInt64Array ? Float64Array.from(data, Number) : data }
}

/**
 * Read a safetensors file: 8 bytes with the length of a JSON header, the header, raw little-endian data. Of its types the
 * 32-bit and 64-bit floats and integers and the bytes are read.
 */
export function readSafetensors(file: string, bytes: Uint8Array): Either.Either<StoredTensors, SafetensorsError> {
  return Either.gen(function* () {
    const end = yield* headerEnd(file, bytes, bytes.byteLength)
    const { metadata, tensors } = yield* readIndex(file, bytes.subarray(0, end), bytes.byteLength)
    const read = [...tensors].map(
      ([name, place]) => [name, storedTensor(place, bytes.subarray(place.start, place.end))] as const
    )
    return { metadata, tensors: new Map(read) }
  })
}

/**
 * A safetensors file: metadata first, tensors by falling size of an element, then in the order given, so that each begins at a multiple
 * of its element's size. Throws `RangeError` where a tensor's elements do not fill its shape.
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

function dtypeOf(data: WritableTensor["data"]): keyof typeof ARRAYS {
  if (data instanceof Float32Array) return "F32"
  if (data instanceof Float64Array) return "F64"
  if (data instanceof Uint8Array) return "U8"
  return data instanceof Int32Array ? "I32" : "I64"
}
