import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import { suite } from "uvu"
import * as assert from "uvu/assert"
import * as Folder from "../../src/adapters/checkpoints/folder.ts"
import * as Memory from "../../src/adapters/checkpoints/memory.ts"
import * as Reference from "../../src/adapters/tensor/reference.ts"
import { elementCount } from "../../src/domain/program/program.ts"
import { keyOf, uniformAt } from "../../src/domain/random.ts"
import { type GradientSearch, gradientSearch as settingsOf } from "../../src/domain/search/gradient/settings.ts"
import { stepPrograms } from "../../src/domain/search/gradient/step_programs.ts"
import { builtinSpace } from "../../src/domain/space/spaces.ts"
import { Checkpoints } from "../../src/effects/checkpoints.ts"
import { gradientSearch } from "../../src/effects/gradient_search.ts"
import type { GradientPlan } from "../../src/effects/gradient_step.ts"
import type { TensorBackend } from "../../src/effects/tensor_backend.ts"
import { failure, run } from "../_effect.ts"
import { cellNetwork } from "../domain/search/gradient/_networks.ts"

const EXAMPLES = 8

function images(indices: Int32Array) {
  const x = Float32Array.from({ length: indices.length * 192 }, (_, i) => {
    const image = indices[Math.floor(i / 192)]!
    return uniformAt(keyOf(`image/${image}`), i % 192) + (image % 3)
  })
  const targets = new Float32Array(indices.length * 3)
  for (const [i, image] of indices.entries()) targets[i * 3 + (image % 3)] = 1
  return new Map([
    ["x", { shape: [indices.length, 3, 8, 8], data: x }],
    ["targets", { shape: [indices.length, 3], data: targets }]
  ])
}

const programs = Either.getOrThrow(stepPrograms(Either.getOrThrow(settingsOf("Darts", "darts")), cellNetwork))
const initial = new Map(
  [...programs.weightLayout].map(
    ([name, shape]) =>
      [name, Float32Array.from({ length: elementCount(shape) }, (_, i) => uniformAt(keyOf(name), i) - 0.5)] as const
  )
)

function plan(
  settings: Partial<typeof GradientSearch.Encoded> = {},
  method: GradientSearch["_tag"] = "NaDarts"
): GradientPlan<never> {
  const decoded = Either.getOrThrow(settingsOf(method, "nas-bench-201", { epochs: 2, batchSize: 2, ...settings }))
  return {
    space: builtinSpace("nas-bench-201"),
    settings: decoded,
    network: cellNetwork,
    examples: EXAMPLES,
    seed: "7",
    initial,
    eigenvalueEvery: 0,
    batch: (indices) => Effect.succeed(images(indices))
  }
}

const quiet = () => Effect.void
const search = (own: GradientPlan<never>) => gradientSearch(own, quiet)
const alone = <A, E>(program: Effect.Effect<A, E, Checkpoints | TensorBackend>) =>
  Effect.provide(program, Layer.merge(Memory.layer, Reference.layer("f32")))

const test = suite("gradientSearch()")

test("keeps a record of every epoch, and the architecture of the last", async () => {
  const outcome = await run(alone(search(plan({ neighbors: 2 }))))
  assert.is(outcome.epochs.length, 2)
  assert.is(outcome.architecture, outcome.epochs[1]!.architecture)
  assert.is(outcome.epoch, 1)
  for (const { weights, validation, skipShare, entropy } of outcome.epochs) {
    assert.ok(weights.loss > 0 && validation.loss > 0)
    assert.ok(weights.gap !== null && validation.gap !== null)
    assert.ok(skipShare >= 0 && skipShare <= 1 && entropy > 0 && entropy <= Math.log(5) + 1e-9)
  }
})

test("is DARTS without neighbors, bit for bit", async () => {
  const [darts, without] = [
    await run(alone(search(plan({}, "Darts")))),
    await run(alone(search(plan({ neighbors: 0 }))))
  ]
  assert.equal(without.epochs, darts.epochs)
  assert.not.equal((await run(alone(search(plan({ neighbors: 1 }))))).epochs, darts.epochs)
})

test("ends with the same bits wherever it was interrupted", async () => {
  const folder = mkdtempSync(join(tmpdir(), "na-nas-"))
  try {
    const own = plan({ neighbors: 1 })
    const whole = await run(alone(search(own)))
    const layer = () => Layer.merge(Folder.layer(folder), Reference.layer("f32"))
    for (const steps of [1, 2]) {
      const stopped = Effect.gen(function* () {
        let done = 0
        const fiber = yield* Effect.fork(
          gradientSearch(own, () => Effect.suspend(() => (++done === steps ? Effect.never : Effect.void)))
        )
        yield* Effect.repeat(Effect.sleep("5 millis"), { until: () => done === steps })
        yield* Fiber.interrupt(fiber)
      })
      await run(Effect.provide(stopped, layer()))
    }
    assert.equal(await run(Effect.provide(search(own), layer())), whole)
    const last = readdirSync(folder)
      .filter((name) => name.endsWith(".safetensors"))
      .sort()
      .at(-1)!
    assert.equal(await run(Effect.provide(search(own), layer())), whole, "a finished run is told again")
    const bytes = readFileSync(join(folder, last))
    bytes[bytes.length - 1]! ^= 1
    writeFileSync(join(folder, last), bytes)
    assert.equal(await run(Effect.provide(search(own), layer())), whole, "a damaged checkpoint is passed over")
  } finally {
    rmSync(folder, { recursive: true })
  }
})

test("refuses a second process on the folder", async () => {
  const folder = mkdtempSync(join(tmpdir(), "na-nas-"))
  try {
    const second = Effect.scoped(
      Effect.gen(function* () {
        yield* Layer.build(Folder.layer(folder))
        return yield* Effect.provide(Checkpoints, Folder.layer(folder))
      })
    )
    assert.match((await failure(second)).message, /another process/)
  } finally {
    rmSync(folder, { recursive: true })
  }
})

test("ends at once where the loss is no number", async () => {
  const broken = {
    ...plan({ neighbors: 0 }),
    initial: new Map([...initial, ["param/classifier.bias", Float32Array.of(Number.NaN, 0, 0)]])
  }
  assert.match((await failure(alone(search(broken)))).message, /is no number at step 0 of epoch 0/)
})

test("finds the eigenvalue of every epoch and stops by its rule", async () => {
  const [every, second] = [
    await run(alone(search({ ...plan({ neighbors: 0 }), eigenvalueEvery: 1 }))),
    await run(alone(search({ ...plan({ neighbors: 0 }), eigenvalueEvery: 2 })))
  ]
  assert.ok(every.epochs.every(({ eigenvalue }) => Number.isFinite(eigenvalue)))
  assert.equal(
    second.epochs.map(({ eigenvalue }) => eigenvalue),
    [null, every.epochs[1]!.eigenvalue]
  )
  const ruled = await run(
    alone(search(plan({ neighbors: 0, epochs: 4, alpha: { learningRate: 0.5 }, stop: { window: 1, ratio: 0.999 } })))
  )
  const values = ruled.epochs.map(({ eigenvalue }) => eigenvalue!)
  const grown = values.findIndex((value, i) => i > 0 && value > 0 && values[i - 1]! < 0.999 * value)
  assert.is(ruled.stopped, grown > 0)
  if (grown > 0) assert.is(ruled.epoch, grown - 1)
})

test.run()
