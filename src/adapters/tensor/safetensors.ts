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
  dtype: Schema.Literal("F32", "F64", "I32"),
  shape: Schema.Array(Index),
  data_offsets: Schema.Tuple(Index, Index)
})
const Header = Schema.parseJson(Schema.Record({ key: Schema.String, value: Schema.Unknown }))
const decodeHeader = Schema.decodeUnknownEither(Header)
const decodeEntry = Schema.decodeUnknownEither(Entry)
const decodeMetadata = Schema.decodeUnknownEither(Schema.Record({ key: Schema.String, value: Schema.String }))

/** A tensor of a file, in row-major order. */
export interface StoredTensor {
  readonly shape: ReadonlyArray<number>
  readonly data: Float32Array | Float64Array | Int32Array
}

/** The contents of a safetensors file. */
export interface StoredTensors {
  readonly metadata: Readonly<Record<string, string>>
  readonly tensors: ReadonlyMap<string, StoredTensor>
}

const ARRAYS = { F32: Float32Array, F64: Float64Array, I32: Int32Array } as const

/**
 * Read a safetensors file: 8 bytes with the length of a JSON header, the header, raw little-endian data. Of its types the
 * 32-bit and 64-bit floats and the 32-bit integers are read.
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
    tensors.set(name, { shape, data: new array(own.buffer, 0, count) })
  }
  return Either.right({ metadata: metadata.right, tensors })
}

const TYPES = [
  ["F64", Float64Array],
  ["I32", Int32Array],
  ["F32", Float32Array]
] as const

/** Write a safetensors file: what `readSafetensors` reads. Tensors lie in the order given, the header is padded to 8 bytes. */
export function writeSafetensors({ metadata, tensors }: StoredTensors): Uint8Array {
  let end = 0
  const entries = [...tensors].map(([name, { shape, data }]) => {
    const start = end
    end += data.byteLength
    const [dtype] = TYPES.find(([, array]) => data instanceof array)!
    return [name, { dtype, shape, data_offsets: [start, end] }] as const
  })
  const text = JSON.stringify({ __metadata__: metadata, ...Object.fromEntries(entries) })
  const encoded = new TextEncoder().encode(text)
  const length = Math.ceil(encoded.length / 8) * 8
  const bytes = new Uint8Array(8 + length + end).fill(32, 8, 8 + length)
  new DataView(bytes.buffer).setBigUint64(0, BigInt(length), true)
  bytes.set(encoded, 8)
  let at = 8 + length
  for (const { data } of tensors.values()) {
    bytes.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), at)
    at += data.byteLength
  }
  return bytes
}
