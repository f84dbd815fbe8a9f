import util from "node:util"
import * as core from "@tensorflow/tfjs-core"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Layer from "effect/Layer"
import { suite } from "uvu"
import * as assert from "uvu/assert"
import { loadRuntime } from "../../../src/adapters/tensor/tfjs/runtimes.ts"
import { kernelCount, layer, liveTensors, type RuntimeName } from "../../../src/adapters/tensor/tfjs.ts"
import { buildProgram } from "../../../src/domain/program/builder.ts"
import { elementCount, type Program } from "../../../src/domain/program/program.ts"
import { type DeviceTensor, TensorBackend } from "../../../src/effects/ports/tensor_backend.ts"
import { failure, run } from "../../_effect.ts"
import { conformance } from "./_conformance.ts"

const runtimes = (process.env.NAS_TFJS?.split(",") ?? ["tfjs-cpu", "tfjs-wasm"]) as ReadonlyArray<RuntimeName>
for (const runtime of runtimes) {
  conformance(`TensorFlow.js backend ${runtime}`, layer(runtime), {
    tolerance: 1e-4,
    cases: 4,
    live: () => liveTensors(runtime)
  })
}

const test = suite("TensorFlow.js layer")

const program = Either.getOrThrow(
  buildProgram((b) => {
    const x = b.input("x", [1, 2, 3, 3])
    const w = b.input("w", [2, 2, 1, 1])
    b.output("y", b.unary("relu", b.convolution(x, w)))
  })
)

const uploaded = Effect.gen(function* () {
  const backend = yield* TensorBackend
  const x = yield* backend.upload([1, 2, 3, 3], new Array<number>(18).fill(2))
  return {
    backend,
    inputs: new Map([
      ["x", x],
      ["w", yield* backend.upload([2, 2, 1, 1], [1, 2, 3, 4])]
    ] as const)
  }
})

/** Kernels and views of one run of a program on zeros. */
const countOf = (counted: Program) =>
  run(
    Effect.gen(function* () {
      const backend = yield* TensorBackend
      const inputs = new Map<string, DeviceTensor>()
      for (const [name, { shape }] of counted.inputs) {
        inputs.set(name, yield* backend.upload(shape, new Float32Array(elementCount(shape))))
      }
      const executable = yield* backend.compile(counted)
      const before = kernelCount("tfjs-cpu")
      yield* executable.run(inputs)
      const after = kernelCount("tfjs-cpu")
      return { kernels: after.kernels - before.kernels, views: after.views - before.views }
    }).pipe(Effect.scoped, Effect.provide(layer("tfjs-cpu")))
  )

test("counts the kernels of a run, views apart", async () => {
  const { kernels, views } = await countOf(program)
  assert.is(kernels, 4, "image and filter transposed, convolution, relu")
  assert.ok(views >= 2)
})

test("transposed and repeated tensors cost no kernel", async () => {
  const moved = Either.getOrThrow(
    buildProgram((b) => {
      const x = b.input("x", [4, 3])
      const product = b.matMul(b.transpose(x, [1, 0]), b.input("y", [4, 5]))
      b.output("z", b.plus(product, b.input("bias", [1, 5])))
    })
  )
  assert.is((await countOf(moved)).kernels, 2, "product, sum")
})

test("a tensor is freed right after its last reader", async () => {
  const chain = Either.getOrThrow(
    buildProgram((b) => {
      let x = b.input("x", [1000])
      for (let i = 0; i < 20; i++) x = b.unary("exp", b.unary("negate", x))
      b.output("y", x)
    })
  )
  await countOf(program)
  const { peakBytes } = await core.profile(async () => {
    await countOf(chain)
    return core.scalar(0)
  })
  assert.ok(peakBytes <= 4 * 4000, `${peakBytes} bytes at once`)
})

test("two runtimes compute side by side, and neither takes the other's tensors", async () => {
  const other = await Effect.runPromise(
    Effect.map(TensorBackend, (backend) => backend).pipe(Effect.provide(layer("tfjs-wasm")))
  )
  const values = await run(
    Effect.gen(function* () {
      const { backend, inputs } = yield* uploaded
      const here = yield* backend.compile(program)
      const there = yield* other.compile(program)
      const theirs = new Map<string, DeviceTensor>()
      for (const [name, tensor] of inputs)
        theirs.set(name, yield* other.upload(tensor.shape, yield* backend.download(tensor)))
      const ours = yield* here.run(inputs)
      const result = yield* there.run(theirs)
      const refused = yield* Effect.flip(there.run(inputs))
      assert.is(refused.reason, "unsupported")
      assert.match(refused.message, "another backend")
      return [yield* backend.download(ours.get("y")!), yield* other.download(result.get("y")!)]
    }).pipe(Effect.scoped, Effect.provide(layer("tfjs-cpu")))
  )
  const expected = [...new Array(9).fill(6), ...new Array(9).fill(14)]
  assert.equal(
    values.map((data) => Array.from(data)),
    [expected, expected]
  )
})

test("a tensor whose scope has closed is refused by name", async () => {
  const refused = await failure(
    Effect.gen(function* () {
      const backend = yield* TensorBackend
      const gone = yield* Effect.scoped(backend.upload([2], [1, 2]))
      return yield* backend.download(gone)
    }).pipe(Effect.scoped, Effect.provide(layer("tfjs-cpu")))
  )
  assert.match(refused.message, "freed")
})

test("too large a program is a typed error on every runtime, and leaves nothing behind", async () => {
  const huge = Either.getOrThrow(
    buildProgram((b) => {
      const x = b.unary("exp", b.input("x", [1, 1]))
      b.output("y", b.concatenate([b.broadcast(x, [100_000, 100_000]), b.broadcast(x, [100_000, 100_000])], 0))
    })
  )
  for (const runtime of ["tfjs-cpu", "tfjs-wasm"] as const) {
    const before = liveTensors(runtime)
    const refused = await failure(
      Effect.gen(function* () {
        const backend = yield* TensorBackend
        const { run: start } = yield* backend.compile(huge)
        return yield* start(new Map([["x", yield* backend.upload([1, 1], [1])]]))
      }).pipe(Effect.scoped, Effect.provide(layer(runtime)))
    )
    assert.is(refused.reason, "out_of_memory", refused.message)
    assert.is(liveTensors(runtime), before)
  }
})

test("the packages over the C library find the functions of Node's util that Node 23 has dropped", async () => {
  Reflect.deleteProperty(util, "isNullOrUndefined")
  await loadRuntime("tfjs-node").catch(() => undefined)
  const isNullOrUndefined = Reflect.get(util, "isNullOrUndefined") as (value: unknown) => boolean
  assert.equal([null, undefined, 0, ""].map(isNullOrUndefined), [true, true, false, false])
})

test("a runtime that is not there is a typed error with the command that installs it", async () => {
  const found = await Effect.runPromise(Effect.either(Effect.scoped(Layer.build(layer("tfjs-gpu")))))
  if (Either.isRight(found)) return
  assert.is(found.left.reason, "device_missing")
  assert.match(found.left.message, "scripts/install_tensorflow.ts --gpu")
})

test.run()
