import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { suite } from "uvu"
import * as assert from "uvu/assert"
import { layer } from "../../../src/adapters/datasets/on_demand.ts"
import { makeBatch } from "../../../src/domain/data/batch.ts"
import type { Samples } from "../../../src/domain/data/dataset.ts"
import { Batches, SampleReader } from "../../../src/effects/ports/datasets.ts"
import { run } from "../../_effect.ts"

const test = suite("batches on demand")

test("come in the order of their requests, each read when it is asked for, none after the last", async () => {
  const asked: Array<ReadonlyArray<number>> = []
  const samplesOf = (indices: ArrayLike<number>): Samples => ({
    shape: [1, 1, 1],
    images: Float32Array.from(indices),
    labels: Int32Array.from(indices, (one) => one % 2)
  })
  const reader = SampleReader({
    size: 4,
    read: (indices) =>
      Effect.sync(() => {
        asked.push(Array.from(indices))
        return samplesOf(indices)
      })
  })
  const requests = [[3, 0], [1]].map((indices) => ({ indices, options: { classes: 2 } }))
  const found = await run(
    Effect.gen(function* () {
      const queue = yield* (yield* Batches).open(reader, requests)
      assert.is(yield* queue.waitShare, 0)
      assert.equal(asked, [])
      const first = yield* queue.next
      assert.equal(asked, [[3, 0]])
      const rest = [yield* queue.next, yield* queue.next]
      const share = yield* queue.waitShare
      assert.ok(share >= 0 && share <= 1)
      return [first, ...rest].map(Option.getOrUndefined)
    }).pipe(Effect.scoped, Effect.provide(layer))
  )
  const expected = requests.map(({ indices, options }) => makeBatch(samplesOf(indices), indices, options))
  assert.equal(found, [...expected, undefined])
})

test.run()
