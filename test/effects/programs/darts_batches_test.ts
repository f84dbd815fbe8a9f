import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Layer from "effect/Layer"
import { suite } from "uvu"
import * as assert from "uvu/assert"
import * as Prefetch from "../../../src/adapters/datasets/prefetch.ts"
import { dartsSearch } from "../../../src/domain/darts/method.ts"
import { naDarts } from "../../../src/domain/darts/methods/na_darts.ts"
import { planEpoch, planStep } from "../../../src/domain/darts/step_plan.ts"
import { stepPrograms } from "../../../src/domain/darts/step_programs.ts"
import type { BatchRequest } from "../../../src/domain/data/batch.ts"
import type { Samples } from "../../../src/domain/data/dataset.ts"
import { spaceSearchNetwork } from "../../../src/domain/network/cell_networks.ts"
import { fullName } from "../../../src/domain/program/port.ts"
import { elementCount } from "../../../src/domain/program/program.ts"
import { builtinSpace } from "../../../src/domain/space/spaces.ts"
import { Batches, SampleReader } from "../../../src/effects/ports/datasets.ts"
import { openStepBatches } from "../../../src/effects/programs/darts_batches.ts"
import type { DartsPlan } from "../../../src/effects/programs/darts_step.ts"
import { run } from "../../_effect.ts"
import { cellNetwork } from "../../domain/darts/_networks.ts"

const EXAMPLES = 13

/** Images of one value, their number. */
const reader = SampleReader({
  size: EXAMPLES,
  read: (indices) =>
    Effect.sync((): Samples => {
      const images = Float32Array.from({ length: indices.length * 192 }, (_, i) => indices[Math.floor(i / 192)]!)
      return { shape: [3, 8, 8], images, labels: Int32Array.from(indices, (image) => image % 3) }
    })
})

const given = { epochs: 3, batchSize: 2, neighbors: 1, weightShare: 0.6 }
const search = Either.getOrThrow(dartsSearch(naDarts, given, "nas-bench-201"))
const programs = Either.getOrThrow(stepPrograms(search, cellNetwork))
const plan: DartsPlan = {
  ...search,
  space: builtinSpace("nas-bench-201"),
  network: cellNetwork,
  examples: EXAMPLES,
  seed: "batches",
  initial: new Map(),
  reader,
  request: (indices, { epoch, level }) => ({ indices, options: { classes: 3, seed: level, epoch } })
}

const steps = (from: { readonly epoch: number; readonly step: number }) =>
  Array.from({ length: search.settings.epochs }, (_, epoch) => {
    const planned = planEpoch(search, cellNetwork.shape, EXAMPLES, plan.seed, epoch)
    return Array.from({ length: planned.steps }, (_, step) => planStep(search, cellNetwork.shape, planned, step))
  })
    .flat()
    .filter(({ epoch, step }) => epoch > from.epoch || (epoch === from.epoch && step >= from.step))

const test = suite("openStepBatches()")

test("gives every step the images of its plan, from wherever the search goes on", async () => {
  for (const from of [
    { epoch: 0, step: 0 },
    { epoch: 1, step: 2 }
  ]) {
    const expected = steps(from)
    assert.ok(expected.length >= 4)
    const taken = Effect.gen(function* () {
      const take = yield* openStepBatches(plan, programs, from)
      return yield* Effect.forEach(expected, take)
    })
    const batches = await run(taken.pipe(Effect.scoped, Effect.provide(Prefetch.layer())))
    for (const [i, step] of expected.entries())
      for (const level of ["alpha", "weights"] as const) {
        const { x, targets } = Object.fromEntries(batches[i]![level])
        assert.equal(x?.shape, [2, 3, 8, 8])
        assert.equal([x?.data[0], x?.data[192]], [...step.batch[level]])
        assert.equal(targets?.shape, [2, 3])
        assert.is(targets?.data[step.batch[level][0]! % 3], 1)
      }
  }
})

test("asks for the batches of both levels in order, with the seed of the level and the epoch, to the end of the search", async () => {
  const asked: Array<BatchRequest> = []
  const spy = Layer.succeed(Batches, {
    threads: Effect.succeed(0),
    open: (_, requests) => {
      asked.push(...requests)
      return Effect.succeed({ next: Effect.succeedNone, waitShare: Effect.succeed(0) })
    }
  })
  const from = { epoch: 1, step: 1 }
  await run(openStepBatches(plan, programs, from).pipe(Effect.scoped, Effect.provide(spy)))
  const expected = steps(from).flatMap(({ epoch, batch }) =>
    (["alpha", "weights"] as const).map((level) => plan.request(batch[level], { epoch, step: 0, level }))
  )
  assert.equal(asked, expected)
})

test("adds the noise that a network asks for, other at every step and level, and always the same", async () => {
  const noisy = Either.getOrThrow(
    spaceSearchNetwork(builtinSpace("s4"), { channels: 2, classes: 3, cells: 3, image: [2, 3, 8, 8] })
  )
  const own = { ...plan, network: noisy }
  const made = Either.getOrThrow(stepPrograms(search, noisy))
  const names = made.loss.batch.filter(({ role }) => role === "noise").map(fullName)
  assert.ok(names.length > 0)
  const taken = Effect.gen(function* () {
    const take = yield* openStepBatches(own, made, { epoch: 0, step: 0 })
    return yield* Effect.forEach(steps({ epoch: 0, step: 0 }).slice(0, 2), take)
  })
  const whole = () => run(taken.pipe(Effect.scoped, Effect.provide(Prefetch.layer())))
  const inputs = (await whole()).flatMap((batches) => [batches.alpha, batches.weights])
  const firsts = new Set<number>()
  for (const batch of inputs)
    for (const name of names) {
      const { shape, data } = batch.get(name)!
      assert.is(data.length, elementCount(shape))
      firsts.add(data[0]!)
    }
  assert.is(firsts.size, inputs.length * names.length)
  assert.equal(
    (await whole()).flatMap((batches) => [batches.alpha, batches.weights]),
    inputs
  )
})

test.run()
