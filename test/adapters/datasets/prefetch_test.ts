import { spawnSync } from "node:child_process"
import { join, resolve } from "node:path"
import { pathToFileURL } from "node:url"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import type * as Scope from "effect/Scope"
import * as TestClock from "effect/TestClock"
import * as TestContext from "effect/TestContext"
import { build } from "esbuild"
import { suite } from "uvu"
import * as assert from "uvu/assert"
import { batchesLayer } from "../../../bin/commands/_batches.ts"
import { layer, type PrefetchOptions } from "../../../src/adapters/datasets/prefetch.ts"
import { CIFAR_AUGMENTATION } from "../../../src/domain/data/augmentation.ts"
import { type Batch, type BatchRequest, makeBatch } from "../../../src/domain/data/batch.ts"
import { DatasetError, type Samples } from "../../../src/domain/data/dataset.ts"
import { NORMALIZATIONS } from "../../../src/domain/data/normalization.ts"
import { integerAt, keyOf } from "../../../src/domain/random.ts"
import { Batches, SampleReader } from "../../../src/effects/ports/datasets.ts"
import { run } from "../../_effect.ts"
import { temporary } from "./_files.ts"

/** Samples whose pixels follow from their numbers; sample 666 cannot be read. Counts its reads. */
function numbered() {
  const counted = { reads: 0 }
  const reader = SampleReader({
    size: 1000,
    read: (indices) =>
      Effect.suspend(() => {
        counted.reads += 1
        if (Array.from(indices).includes(666))
          return Effect.fail(new DatasetError({ dataset: "numbered", reason: "damaged", detail: "sample 666" }))
        return Effect.succeed(samplesOf(indices))
      })
  })
  return { counted, reader }
}

function samplesOf(indices: ArrayLike<number>): Samples {
  const images = Uint8Array.from({ length: indices.length * 192 }, (_, i) =>
    integerAt(keyOf("pixels"), indices[Math.floor(i / 192)]! * 192 + (i % 192), 256)
  )
  return { shape: [3, 8, 8], images, labels: Int32Array.from(indices, (index) => index % 10) }
}

function* requests(count: number, bad = -1): Generator<BatchRequest> {
  for (let step = 0; step < count; step++) {
    const indices = Array.from({ length: 4 }, (_, i) => (step * 4 + i) % 600)
    if (step === bad) indices[2] = 666
    yield {
      indices,
      options: {
        classes: 10,
        normalization: NORMALIZATIONS.cifar10,
        augmentation: CIFAR_AUGMENTATION,
        seed: "p",
        epoch: step
      }
    }
  }
}
const expected = (count: number): Array<Batch> =>
  [...requests(count)].map(({ indices, options }) => makeBatch(samplesOf(indices), indices, options))

/** All batches, and what else is asked of the service, in the layer's scope. */
const collect = <A>(
  options: PrefetchOptions & { readonly bundledOrNot?: boolean },
  given: Iterable<BatchRequest>,
  also: (batches: typeof Batches.Service) => Effect.Effect<A>
) =>
  Effect.gen(function* () {
    const batches = yield* Batches
    const { reader } = numbered()
    const queue = yield* batches.open(reader, given)
    const made: Array<Batch> = []
    for (;;) {
      const batch = yield* queue.next
      if (Option.isNone(batch)) break
      made.push(batch.value)
    }
    return { made, also: yield* also(batches), after: yield* queue.next, share: yield* queue.waitShare }
  }).pipe(Effect.scoped, Effect.provide(options.bundledOrNot ? batchesLayer(options) : layer(options)))

const { folder, write, remove } = temporary()
const test = suite("prefetch")
test.after(remove)

test("in the caller's thread, on one worker and on three, batches are those of makeBatch(), in order", async () => {
  const whole = expected(25)
  for (const [options, threads] of [
    [{}, 0],
    [{ bundledOrNot: true }, 1],
    [{ bundledOrNot: true, workers: 3, ahead: 5 }, 3]
  ] as const) {
    const { made, also, after, share } = await run(collect(options, requests(25), (batches) => batches.threads))
    assert.equal(made, whole)
    assert.is(also, threads)
    assert.ok(Option.isNone(after))
    assert.ok(share >= 0 && share <= 1, `${share}`)
  }
})

test("a worker that cannot start, or dies on the way, leaves its batches to the caller's thread", async () => {
  const dying = write(
    "dying.mjs",
    `import { parentPort } from "node:worker_threads"
    let orders = 0
    parentPort.on("message", () => { if (++orders === 2) process.exit(1) })`
  )
  const throwing = write("throwing.mjs", "throw new Error('no')")
  for (const path of [dying, throwing, join(folder, "absent.mjs")]) {
    const options = { worker: pathToFileURL(path), ahead: 4 }
    const { made, also } = await run(collect(options, requests(9), (batches) => batches.threads))
    assert.equal(made, expected(9))
    assert.is(also, 0)
  }
})

test("no more is made ahead than was asked for", async () => {
  for (const options of [{ ahead: 3 }, { ahead: 1 }]) {
    const { counted, reader } = numbered()
    const reads = Effect.gen(function* () {
      const queue = yield* (yield* Batches).open(reader, requests(20))
      yield* Effect.sleep("20 millis")
      const seen = [counted.reads]
      for (let i = 0; i < 2; i++) {
        yield* queue.next
        yield* Effect.sleep("20 millis")
        seen.push(counted.reads)
      }
      return seen
    }).pipe(Effect.scoped, Effect.provide(batchesLayer(options)))
    assert.equal(
      await run(reads),
      [0, 1, 2].map((taken) => options.ahead + taken)
    )
  }
})

test("requests are asked for one by one, so that they may have no end; the scope ends their making", async () => {
  const { counted, reader } = numbered()
  const program = Effect.gen(function* () {
    const queue = yield* (yield* Batches).open(reader, requests(Number.POSITIVE_INFINITY))
    for (let i = 0; i < 5; i++) yield* queue.next
  })
  await run(program.pipe(Effect.scoped, Effect.provide(layer())))
  const { reads } = counted
  await new Promise((resolve) => setTimeout(resolve, 20))
  assert.is(counted.reads, reads)
  assert.ok(reads <= 7, `${reads}`)
})

test("a sample that cannot be read is an error of its batch and of all that follow, not of those before", async () => {
  for (const provided of [layer(), batchesLayer({ ahead: 4 })]) {
    const { reader } = numbered()
    const program = Effect.gen(function* () {
      const queue = yield* (yield* Batches).open(reader, requests(10, 3))
      for (let i = 0; i < 3; i++) assert.ok(Option.isSome(yield* queue.next))
      return [yield* Effect.flip(queue.next), yield* Effect.flip(queue.next)]
    })
    const errors = await run(program.pipe(Effect.scoped, Effect.provide(provided)))
    assert.equal(
      errors.map(({ detail }) => detail),
      ["sample 666", "sample 666"]
    )
  }
})

/** The result of a program that starts with a reader that takes 10 ms, by a clock that is turned on 10 ms at a time. */
const byTheClock = <A>(program: (reader: SampleReader) => Effect.Effect<A, DatasetError, Batches | Scope.Scope>) => {
  const slow = SampleReader({
    size: 9,
    read: (indices) =>
      Effect.delay(
        Effect.sync(() => samplesOf(indices)),
        10
      )
  })
  return run(
    Effect.gen(function* () {
      const fiber = yield* Effect.fork(program(slow).pipe(Effect.scoped, Effect.provide(layer())))
      for (let ms = 0; ms < 400; ms += 5) yield* TestClock.adjust(5)
      return yield* Fiber.join(fiber)
    }).pipe(Effect.provide(TestContext.TestContext))
  )
}

test("a consumer that gave up waiting gets the same batch later, and has waited all the time", async () => {
  const [first, second, share] = await byTheClock((reader) =>
    Effect.gen(function* () {
      const queue = yield* (yield* Batches).open(reader, requests(2))
      assert.ok(Option.isNone(yield* Effect.timeoutOption(queue.next, 5)))
      return [yield* queue.next, yield* queue.next, yield* queue.waitShare] as const
    })
  )
  assert.equal([first, second].map(Option.getOrThrow), expected(2))
  assert.is(share, 1)
})

test("the share of waiting, for consumers that take 30 ms and 0 ms a batch", async () => {
  const shareOf = (consumerMs: number) =>
    byTheClock((reader) =>
      Effect.gen(function* () {
        const queue = yield* (yield* Batches).open(reader, requests(5))
        const before = yield* queue.waitShare
        for (let i = 0; i < 5; i++) {
          yield* queue.next
          yield* Effect.sleep(consumerMs)
        }
        return [before, yield* queue.waitShare]
      })
    )
  assert.equal(await shareOf(30), [0, 10 / 160])
  assert.equal(await shareOf(0), [0, 1])
})

test("bundled, the worker beside the bundle makes the same batches in plain Node", async () => {
  const program = write(
    "program.ts",
    `import * as Effect from "effect/Effect"
    import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import type * as Scope from "effect/Scope"
import * as TestClock from "effect/TestClock"
import * as TestContext from "effect/TestContext"
    import { batchesLayer } from ${JSON.stringify(resolve("bin/commands/_batches.ts"))}
    import { Batches, SampleReader } from ${JSON.stringify(resolve("src/effects/ports/datasets.ts"))}
    const reader = SampleReader({ size: 2, read: () => Effect.succeed({ shape: [1, 1, 2], images: Uint8Array.of(0, 255), labels: Int32Array.of(1) }) })
    const program = Effect.gen(function* () {
      const batches = yield* Batches
      const queue = yield* batches.open(reader, [{ indices: [0], options: { classes: 2 } }])
      const batch = Option.getOrThrow(yield* queue.next)
      console.log(JSON.stringify([[...batch.x], [...batch.targets], yield* batches.threads]))
    })
    await Effect.runPromise(program.pipe(Effect.scoped, Effect.provide(batchesLayer())))
    console.log("closed")`
  )
  await build({
    entryPoints: [program, "bin/commands/batch_worker.ts"],
    entryNames: "[name]",
    outdir: join(folder, "bundle"),
    bundle: true,
    splitting: true,
    platform: "node",
    format: "esm",
    nodePaths: [resolve("node_modules")],
    outExtension: { ".js": ".js" },
    logLevel: "silent"
  })
  write("bundle/package.json", `{ "type": "module" }`)
  const { stdout, stderr } = spawnSync(process.execPath, [join(folder, "bundle", "program.js")], { encoding: "utf8" })
  assert.is(stdout, "[[0,1],[0,1],1]\nclosed\n", stderr)
})

test.run()
