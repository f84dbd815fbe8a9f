import * as FastCheck from "@effect/schema/FastCheck"
import { suite } from "uvu"
import * as assert from "uvu/assert"
import { addMoments, NO_MOMENTS, normalizationOfMoments } from "../../../src/domain/data/channel_moments.ts"
import type { Samples } from "../../../src/domain/data/dataset.ts"

const samplesOf = (images: Samples["images"], count: number): Samples => ({
  shape: [2, 1, 3],
  images,
  labels: new Int32Array(count)
})

/** Mean and standard deviation of a channel by their definitions. */
function expected({ images, labels }: Samples, channel: number) {
  const white = images instanceof Uint8Array ? 255 : 1
  const values = Array.from({ length: labels.length }, (_, i) =>
    [0, 1, 2].map((j) => images[i * 6 + channel * 3 + j]! / white)
  ).flat()
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length
  return { mean, std: Math.sqrt(variance) }
}

const near = (a: number, b: number, scale = 1) => Math.abs(a - b) <= 1e-9 * Math.max(scale, Math.abs(b))

const test = suite("addMoments(), normalizationOfMoments()")

test("are the mean and the standard deviation of each channel, in whatever parts the samples come", () => {
  const counts = FastCheck.array(FastCheck.integer({ min: 0, max: 3 }), { minLength: 1, maxLength: 4 })
  FastCheck.assert(
    FastCheck.property(counts, FastCheck.boolean(), FastCheck.integer(), (parts, bytes, seed) => {
      const total = parts.reduce((sum, count) => sum + count, 0)
      const value = (i: number) => Math.abs((Math.imul(i + 1, 2654435761) ^ seed) % 251)
      const images = bytes
        ? Uint8Array.from({ length: 6 * total }, (_, i) => value(i))
        : Float32Array.from({ length: 6 * total }, (_, i) => value(i) / 7 - 9)
      let [moments, at] = [NO_MOMENTS, 0]
      for (const count of parts) {
        moments = addMoments(moments, samplesOf(images.subarray(at, at + 6 * count), count))
        at += 6 * count
      }
      const measured = normalizationOfMoments(moments)
      if (total === 0) return measured === undefined
      return [0, 1].every((channel) => {
        const { mean, std } = expected(samplesOf(images, total), channel)
        return near(measured!.mean[channel]!, mean) && near(measured!.std[channel]!, std === 0 ? 1 : std)
      })
    }),
    { seed: 1 }
  )
})

test("a channel of one value keeps its scale", () => {
  const { mean, std } = normalizationOfMoments(
    addMoments(NO_MOMENTS, samplesOf(Uint8Array.of(51, 51, 51, 0, 255, 0), 1))
  )!
  assert.ok(near(mean[0], 0.2))
  assert.is(std[0], 1)
  assert.ok(near(std[1]!, Math.sqrt(2) / 3))
})

test("are exact far away from zero", () => {
  const images = Float32Array.from({ length: 600 }, (_, i) => 2 ** 20 + (i % 2))
  const moments = addMoments(
    addMoments(NO_MOMENTS, samplesOf(images.subarray(0, 60), 10)),
    samplesOf(images.subarray(60), 90)
  )
  const { std } = normalizationOfMoments(moments)!
  assert.ok(std.every((value) => Math.abs(value - Math.sqrt(2) / 3) < 1e-6))
})

test.run()
