import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import { suite } from "uvu"
import * as assert from "uvu/assert"
import * as Reference from "../../../src/adapters/tensor/reference.ts"
import { readSafetensors } from "../../../src/adapters/tensor/safetensors.ts"
import { buildProgram } from "../../../src/domain/program/builder.ts"
import { TensorBackend } from "../../../src/effects/ports/tensor_backend.ts"
import { failure, run } from "../../_effect.ts"
import { evaluate } from "../../domain/program/_programs.ts"

const program = Either.getOrThrow(
  buildProgram((b) => {
    const x = b.input("x", [1, 1, 3, 3])
    const geometry = { kernel: [2, 2], stride: [1, 1], padding: { before: [1, 1], after: [0, 0] } } as const
    b.output("max", b.maxPool(x, geometry))
    b.output("mean", b.averagePool(x, geometry, false))
    b.output("counted", b.averagePool(x, geometry, true))
    const filter = b.input("w", [1, 1, 2, 2])
    b.output("convolution", b.convolution(x, filter, { padding: geometry.padding, dilation: [1, 2] }))
  })
)
const inputs = new Map([
  ["x", [1, 2, 3, 4, 5, 6, 7, 8, 9]],
  ["w", [1, 10, 100, 1000]]
])

const test = suite("reference backend")

test("pools and convolves as counted by hand", () => {
  const values = evaluate(program, inputs)
  assert.equal(Array.from(values.get("max")!), [1, 2, 3, 4, 5, 6, 7, 8, 9])
  assert.equal(Array.from(values.get("mean")!), [1, 1.5, 2.5, 2.5, 3, 4, 5.5, 6, 7])
  assert.equal(Array.from(values.get("counted")!), [0.25, 0.75, 1.25, 1.25, 3, 4, 2.75, 6, 7])
  assert.equal(Array.from(values.get("convolution")!), [2000, 3100, 5020, 6431, 8050, 9764])
})

test("single precision rounds each node once, from sums in double precision", () => {
  const sum = Either.getOrThrow(buildProgram((b) => b.output("y", b.sum(b.input("x", [3]), [0]))))
  const values = evaluate(sum, new Map([["x", [16777216, 1, 1]]]), "f32")
  assert.equal(Array.from(values.get("y")!), [16777218])
})

test("missing inputs and wrong shapes are typed errors", async () => {
  const using = (given: ReadonlyArray<readonly [string, ReadonlyArray<number>]>) =>
    Effect.gen(function* () {
      const backend = yield* TensorBackend
      const tensors = new Map()
      for (const [name, shape] of given)
        tensors.set(name, yield* backend.upload(shape, new Float32Array(shape.reduce((a, b) => a * b, 1))))
      return yield* (yield* backend.compile(program)).run(tensors)
    }).pipe(Effect.scoped, Effect.provide(Reference.layer("f32")))
  assert.is((await failure(using([["x", [1, 1, 3, 3]]]))).reason, "missing_input")
  assert.is(
    (
      await failure(
        using([
          ["x", [9]],
          ["w", [1, 1, 2, 2]]
        ])
      )
    ).reason,
    "wrong_shape"
  )
  assert.is(
    (
      await run(
        using([
          ["x", [1, 1, 3, 3]],
          ["w", [1, 1, 2, 2]]
        ])
      )
    ).size,
    4
  )
})

test.run()

const files = suite("readSafetensors()")

/** The bytes of a file with one tensor. */
function bytesOf(header: unknown, data: Uint8Array = new Uint8Array(8)): Uint8Array {
  const text = new TextEncoder().encode(typeof header === "string" ? header : JSON.stringify(header))
  const bytes = new Uint8Array(8 + text.length + data.length)
  new DataView(bytes.buffer).setBigUint64(0, BigInt(text.length), true)
  bytes.set(text, 8)
  bytes.set(data, 8 + text.length)
  return bytes
}

files("reads tensors and metadata, wherever the bytes lie in memory", () => {
  const header = { __metadata__: { a: "b" }, t: { dtype: "F32", shape: [2], data_offsets: [0, 8] } }
  const shifted = new Uint8Array([
    0,
    0,
    0,
    ...bytesOf(header, new Uint8Array(Float32Array.of(1.5, -2).buffer))
  ]).subarray(3)
  const file = Either.getOrThrow(readSafetensors("f", shifted))
  assert.equal(file.metadata, { a: "b" })
  assert.equal(file.tensors.get("t"), { shape: [2], data: Float32Array.of(1.5, -2) })
})

files("reads every type of integers, floats and truth values that fits, and only what is wanted", () => {
  const types: ReadonlyArray<readonly [string, ReadonlyArray<number>, ReadonlyArray<number>]> = [
    ["F64", [0, 0, 0, 0, 0, 0, 0xf8, 0xbf], [-1.5]],
    ["F32", [0, 0, 0xc0, 0xbf], [-1.5]],
    ["F16", [0, 0x3c, 0x01, 0, 0xff, 0xfb, 0, 0x7c], [1, 2 ** -24, -65504, Number.POSITIVE_INFINITY]],
    ["BF16", [0xc0, 0xbf, 0x80, 0x3f], [-1.5, 1]],
    ["I64", [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff], [-1]],
    ["U64", [0, 0, 0, 0, 1, 0, 0, 0], [2 ** 32]],
    ["I32", [0xfe, 0xff, 0xff, 0xff], [-2]],
    ["U32", [0xfe, 0xff, 0xff, 0xff], [2 ** 32 - 2]],
    ["I16", [0xfe, 0xff, 3, 0], [-2, 3]],
    ["U16", [0xfe, 0xff, 3, 0], [65534, 3]],
    ["I8", [0xfe, 3], [-2, 3]],
    ["U8", [0xfe, 3], [254, 3]],
    ["BOOL", [1, 0], [1, 0]]
  ]
  for (const [dtype, bytes, values] of types) {
    const header = {
      t: { dtype, shape: [values.length], data_offsets: [0, bytes.length] },
      other: { dtype: "C64", shape: [1], data_offsets: [bytes.length, bytes.length + 8] }
    }
    const all = bytesOf(header, Uint8Array.from([...bytes, 0, 0, 0, 0, 0, 0, 0, 0]))
    const { tensors, names } = Either.getOrThrow(readSafetensors("f", all, (name) => name === "t"))
    assert.equal([...tensors.get("t")!.data], values, dtype)
    assert.equal(names, ["t", "other"])
  }
})

files("what is damaged is one clear error", () => {
  const cases: ReadonlyArray<readonly [Uint8Array, string]> = [
    [new Uint8Array(3), "shorter"],
    [bytesOf({}).subarray(0, 9), "cut off"],
    [bytesOf("nonsense"), "no JSON"],
    [bytesOf({ t: { dtype: "F8_E4M3", shape: [8], data_offsets: [0, 8] } }), '"t" is of the type F8_E4M3'],
    [bytesOf({ t: { dtype: "F16", shape: [2], data_offsets: [0, 8] } }), "wrong number"],
    [bytesOf({ t: { dtype: "F8_E4M3", shape: [8], data_offsets: [8, 0] } }), "wrong number"],
    [bytesOf({ t: { dtype: "F32", shape: [1], data_offsets: [0, 4] } }), "4 bytes follow its last tensor"],
    [bytesOf({ t: { dtype: "F32", shape: [1], data_offsets: [4, 8] } }), '"t" has a hole before it'],
    [
      bytesOf({
        t: { dtype: "F32", shape: [2], data_offsets: [0, 8] },
        u: { dtype: "F32", shape: [1], data_offsets: [4, 8] }
      }),
      '"u" overlaps another'
    ],
    [bytesOf({ t: { dtype: "F32", shape: [3], data_offsets: [0, 8] } }), "wrong number"],
    [bytesOf({ t: { dtype: "F32", shape: [4], data_offsets: [0, 16] } }), "cut off"],
    [bytesOf({ __metadata__: { a: 1 } }), "metadata"]
  ]
  for (const [bytes, problem] of cases) {
    const read = readSafetensors("f", bytes)
    assert.ok(Either.isLeft(read))
    assert.match(read.left.message, problem)
  }
})

files.run()
