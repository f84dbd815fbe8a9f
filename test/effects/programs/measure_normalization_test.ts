import * as Effect from "effect/Effect"
import { suite } from "uvu"
import * as assert from "uvu/assert"
import type { Samples } from "../../../src/domain/data/dataset.ts"
import { SampleReader } from "../../../src/effects/ports/datasets.ts"
import { measureNormalization } from "../../../src/effects/programs/measure_normalization.ts"
import { run } from "../../_effect.ts"

/** Image i is of the one value i. */
const reader = SampleReader({
  size: 1000,
  read: (indices) =>
    Effect.sync((): Samples => {
      const images = Float32Array.from({ length: indices.length * 4 }, (_, i) => indices[Math.floor(i / 4)]!)
      return { shape: [1, 2, 2], images, labels: new Int32Array(indices.length) }
    })
})

const test = suite("measureNormalization()")

test("is over every image asked for, once, however many there are, and leaves their order alone", async () => {
  for (const count of [1, 256, 257, 600]) {
    const images = Int32Array.from({ length: count }, (_, i) => 3 + ((i * 7) % count))
    const before = [...images]
    const { mean, std } = (await run(measureNormalization(reader, images)))!
    assert.ok(Math.abs(mean[0] - (3 + (count - 1) / 2)) < 1e-9)
    const expected = count === 1 ? 1 : Math.sqrt((count ** 2 - 1) / 12)
    assert.ok(Math.abs(std[0] - expected) < 1e-9, `${std[0]}, ${expected}`)
    assert.equal([...images], before)
  }
  assert.is(await run(measureNormalization(reader, new Int32Array(0))), undefined)
})

test.run()
