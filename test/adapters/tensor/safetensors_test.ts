import * as FastCheck from "@effect/schema/FastCheck"
import * as Either from "effect/Either"
import { suite } from "uvu"
import * as assert from "uvu/assert"
import { readSafetensors, type WritableTensor, writeSafetensors } from "../../../src/adapters/tensor/safetensors.ts"

const test = suite("writeSafetensors(), readSafetensors()")

const data = FastCheck.oneof(
  FastCheck.float32Array(),
  FastCheck.float64Array(),
  FastCheck.int32Array(),
  FastCheck.uint8Array(),
  FastCheck.bigInt64Array({ min: -(2n ** 53n), max: 2n ** 53n })
)
const tensor = data.map((values): WritableTensor => ({ shape: [1, values.length], data: values }))
const files = FastCheck.tuple(
  FastCheck.dictionary(FastCheck.string({ minLength: 1 }), tensor),
  FastCheck.dictionary(FastCheck.string(), FastCheck.string())
)

test("what was written is read", () => {
  FastCheck.assert(
    FastCheck.property(files, ([tensors, metadata]) => {
      const entries = Object.entries(tensors).filter(([name]) => name !== "__metadata__")
      const read = Either.getOrThrow(readSafetensors("file", writeSafetensors(new Map(entries), metadata)))
      assert.equal(Object.entries(read.metadata).sort(), Object.entries(metadata).sort())
      assert.equal([...read.tensors.keys()].sort(), entries.map(([name]) => name).sort())
      for (const [name, { shape, data }] of entries) {
        const own = read.tensors.get(name)!
        assert.equal(own.shape, shape)
        assert.ok(own.data.length === data.length && own.data.every((value, i) => Object.is(value, Number(data[i]))))
      }
    }),
    { seed: 0, numRuns: 100 }
  )
})

test("elements are read where they lie, and copied only where they begin at no multiple of their size", () => {
  const bytes = writeSafetensors(new Map([["a", { shape: [3], data: Float32Array.of(1, 2, 3) }]]))
  const dataOf = (own: Uint8Array) => Either.getOrThrow(readSafetensors("file", own)).tensors.get("a")!.data
  assert.is(dataOf(bytes).buffer, bytes.buffer)
  const shifted = new Uint8Array(bytes.length + 1)
  shifted.set(bytes, 1)
  const copied = dataOf(shifted.subarray(1))
  assert.is.not(copied.buffer, shifted.buffer)
  assert.equal([...copied], [1, 2, 3])
})

test("the bytes are those of the format: length, padded JSON, tensors at multiples of their element's size", () => {
  const bytes = writeSafetensors(
    new Map<string, WritableTensor>([
      ["a", { shape: [3], data: Float32Array.of(1, 2, -0.5) }],
      ["n", { shape: [], data: BigInt64Array.of(258n) }]
    ])
  )
  const header =
    '{"n":{"dtype":"I64","shape":[],"data_offsets":[0,8]},"a":{"dtype":"F32","shape":[3],"data_offsets":[8,20]}}'
  const length = 8 * Math.ceil(header.length / 8)
  const tail = [2, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0x80, 0x3f, 0, 0, 0, 0x40, 0, 0, 0, 0xbf]
  assert.equal([...bytes], [length, 0, 0, 0, 0, 0, 0, 0, ...new TextEncoder().encode(header.padEnd(length)), ...tail])
})

test("elements that do not fill the shape are refused", () => {
  const tensors = new Map([["a", { shape: [2, 2], data: new Float32Array(3) }]])
  assert.throws(() => writeSafetensors(tensors), /"a": 3 elements, shape \[2, 2\]/)
})

test.run()
