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
  dtype: Schema.Literal("F32", "F64", "I32", "I64"),
  shape: Schema.Array(Index),
  data_offsets: Schema.Tuple(Index, Index)
})
const Header = Schema.parseJson(Schema.Record({ key: Schema.String, value: Schema.Unknown }))
const decodeHeader = Schema.decodeUnknownEither(Header)
const decodeEntry = Schema.decodeUnknownEither(Entry)
const decodeMetadata = Schema.decodeUnknownEither(Schema.Record({ key: Schema.String, value: Schema.String }))

/** A tensor of a file, in row-major order. 64-bit integers come as floats, exact below 2^53. */
export interface StoredTensor {
  readonly shape: ReadonlyArray<number>
  readonly data: Float32Array | Float64Array | Int32Array
}

/** The contents of a safetensors file. */
export interface StoredTensors {
  readonly metadata: Readonly<Record<string, string>>
  readonly tensors: ReadonlyMap<string, StoredTensor>
}

/** A tensor to write, in row-major order; its type is that of the array. */
export interface WritableTensor {
  readonly shape: ReadonlyArray<number>
  readonly data: Float32Array | Float64Array | Int32Array | BigInt64Array
}

const ARRAYS = { F32: Float32Array, F64: Float64Array, I32: Int32Array, I64: BigInt64Array } as const

/**
 * Read a safetensors file: 8 bytes with the length of a JSON header, the header, raw little-endian data. Of its types the
 * 32-bit and 64-bit floats and integers are read.
 */
export function readSafetensors(file: string, bytes: Uint8Array): Either.Either<StoredTensors, SafetensorsError> {
  const fail = (problem: string) => Either.left(new SafetensorsError({ file, problem }))
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  if (bytes.byteLength < 8) return fail("it is shorter than a header")
  const length = Number(view.getBigUint64(0, true))
  if (length > bytes.byteLength - 8) return fail("its header is cut off")
  const header = decodeHeader(new TextDecoder().decode(bytes.subarray(8, 8 + length)))
  if (Either.isLeft(header)) return fail("its header is no JSON object")
  const { __metadata__ = {}, ...entries } = header.right
  const metadata = decodeMetadata(__metadata__)
  if (Either.isLeft(metadata)) return fail("its metadata are no texts")
  const tensors = new Map<string, StoredTensor>()
  for (const [name, value] of Object.entries(entries)) {
    const entry = decodeEntry(value)
    if (Either.isLeft(entry)) return fail(`the tensor "${name}" has a header that is not understood`)
    const { dtype, shape, data_offsets } = entry.right
    const [start, end] = data_offsets
    const count = shape.reduce((product, size) => product * size, 1)
    const array = ARRAYS[dtype]
    if (end - start !== count * array.BYTES_PER_ELEMENT)
      return fail(`the tensor "${name}" has the wrong number of bytes`)
    if (8 + length + end > bytes.byteLength) return fail(`the tensor "${name}" is cut off`)
    const own = new Uint8Array(bytes.subarray(8 + length + start, 8 + length + end))
    const data = new array(own.buffer, 0, count)
    tensors.set(name, { shape, data: data instanceof BigInt64Array ? Float64Array.from(data, Number) : data })
  }
  return Either.right({ metadata: metadata.right, tensors })
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
  return data instanceof Int32Array ? "I32" : "I64"
}
