import * as FastCheck from "@effect/schema/FastCheck"
import { suite } from "uvu"
import * as assert from "uvu/assert"
import { jitterColors } from "../../../src/domain/data/color_jitter.ts"
import { makeResample } from "../../../src/domain/data/resample.ts"
import { keyOf, uniformAt } from "../../../src/domain/random.ts"

const length = FastCheck.integer({ min: 1, max: 8 })
const image = (pixels: number) => Float32Array.from({ length: pixels }, (_, i) => uniformAt(keyOf("image"), i))
const close = (actual: number, expected: number) =>
  assert.ok(Math.abs(actual - expected) < 1e-6, `${actual} instead of ${expected}`)

const resample = suite("makeResample()")

resample("Area: the mean over the new pixel's area, counted on a grid that both sizes divide", () => {
  const property = FastCheck.property(length, length, length, length, (height, width, newHeight, newWidth) => {
    const from = image(2 * height * width)
    const to = new Float32Array(2 * newHeight * newWidth)
    makeResample([2, height, width], [newHeight, newWidth], "Area")(from, to, { top: 0, left: 0, height, width })
    for (let i = 0; i < to.length; i++) {
      const [x, y, channel] = [i % newWidth, Math.floor(i / newWidth) % newHeight, Math.floor(i / newWidth / newHeight)]
      let sum = 0
      for (let fineY = y * height; fineY < (y + 1) * height; fineY++)
        for (let fineX = x * width; fineX < (x + 1) * width; fineX++)
          sum += from[(channel * height + Math.floor(fineY / newHeight)) * width + Math.floor(fineX / newWidth)]!
      close(to[i]!, sum / height / width)
    }
  })
  FastCheck.assert(property, { seed: 24, numRuns: 200 })
})

resample("Linear: a normalized triangle around each new pixel's center, within the window only", () => {
  const property = FastCheck.property(length, length, length, length, (height, width, newHeight, newWidth) => {
    const window = { top: 2, left: 3, height, width }
    const [fullHeight, fullWidth] = [height + 4, width + 5]
    const from = image(fullHeight * fullWidth)
    const to = new Float32Array(newHeight * newWidth)
    makeResample([1, fullHeight, fullWidth], [newHeight, newWidth], "Linear")(from, to, window)
    const weight = (old: number, place: number, scale: number) =>
      Math.max(0, 1 - Math.abs((old + 0.5 - (place + 0.5) * scale) / Math.max(1, scale)))
    for (let y = 0; y < newHeight; y++)
      for (let x = 0; x < newWidth; x++) {
        let [sum, total] = [0, 0]
        for (let oldY = 0; oldY < height; oldY++)
          for (let oldX = 0; oldX < width; oldX++) {
            const both = weight(oldY, y, height / newHeight) * weight(oldX, x, width / newWidth)
            sum += both * from[(2 + oldY) * fullWidth + 3 + oldX]!
            total += both
          }
        close(to[y * newWidth + x]!, sum / total)
      }
  })
  FastCheck.assert(property, { seed: 24, numRuns: 200 })
})

resample("Linear: doubling and halving a row by hand", () => {
  const row = (from: ReadonlyArray<number>, to: number) => {
    const result = new Float32Array(to)
    const window = { top: 0, left: 0, height: 1, width: from.length }
    makeResample([1, 1, from.length], [1, to], "Linear")(Float32Array.from(from), result, window)
    return [...result]
  }
  assert.equal(row([0, 8], 4), [0, 2, 6, 8])
  const halved = row([0, 8, 0, 0], 2)
  close(halved[0]!, (8 * 3) / 7)
  close(halved[1]!, 8 / 7)
})

resample.run()

const jitter = suite("jitterColors()")

const NONE = { brightness: 0, contrast: 0, saturation: 0, hue: 0 }
const changed = (strength: Partial<typeof NONE>, seed = "s", pixels = 6, channels = 3) => {
  const result = image(channels * pixels)
  jitterColors(result, pixels, { ...NONE, ...strength }, { key: keyOf(seed), first: 5 })
  return result
}
const unit = (value: number) => Math.min(1, Math.max(0, value))
const draw = (position: number, seed = "s") => 2 * uniformAt(keyOf(seed), 5 + position) - 1

jitter("strength 0 changes nothing", () => {
  assert.equal(changed({}), image(18))
})

jitter("brightness, contrast and saturation are blends with black, the mean gray and each pixel's gray", () => {
  const from = image(18)
  const gray = (i: number) => 0.2989 * from[i]! + 0.587 * from[6 + i]! + 0.114 * from[12 + i]!
  const mean = [0, 1, 2, 3, 4, 5].reduce((sum, i) => sum + gray(i) / 6, 0)
  for (const seed of ["s", "t", "u"]) {
    const [b, c, s] = [1 + 0.9 * draw(0, seed), 1 + 0.9 * draw(1, seed), 1 + 0.9 * draw(2, seed)]
    const [bright, contrast, saturated] = [
      changed({ brightness: 0.9 }, seed),
      changed({ contrast: 0.9 }, seed),
      changed({ saturation: 0.9 }, seed)
    ]
    for (let i = 0; i < 18; i++) {
      close(bright[i]!, unit(b * from[i]!))
      close(contrast[i]!, unit(c * from[i]! + (1 - c) * mean))
      close(saturated[i]!, unit(s * from[i]! + (1 - s) * gray(i % 6)))
    }
  }
})

/** Hue in turns, of a pixel, by the textbook's cases. */
function hueOf(red: number, green: number, blue: number): number {
  const high = Math.max(red, green, blue)
  const chroma = high - Math.min(red, green, blue)
  if (high === red) return (((green - blue) / chroma + 6) % 6) / 6
  return high === green ? ((blue - red) / chroma + 2) / 6 : ((red - green) / chroma + 4) / 6
}

jitter("a turn of the hue adds to the hue and keeps the largest and smallest channel", () => {
  const from = image(18)
  for (const seed of ["s", "t", "u", "v"]) {
    const to = changed({ hue: 0.5 }, seed)
    for (let i = 0; i < 6; i++) {
      const old = [from[i]!, from[6 + i]!, from[12 + i]!] as const
      const now = [to[i]!, to[6 + i]!, to[12 + i]!] as const
      close(Math.max(...now), Math.max(...old))
      close(Math.min(...now), Math.min(...old))
      const turn = hueOf(...now) - hueOf(...old) - 0.5 * draw(3, seed)
      assert.ok(Math.abs(turn - Math.round(turn)) < 1e-4, `${turn}`)
    }
  }
})

jitter("the order of the changes is drawn, each order about as often", () => {
  const both = { brightness: 1, contrast: 1 }
  const from = image(18)
  const gray = (of: Float32Array) =>
    [0, 1, 2, 3, 4, 5].reduce((sum, i) => sum + (0.2989 * of[i]! + 0.587 * of[6 + i]! + 0.114 * of[12 + i]!) / 6, 0)
  let brightFirst = 0
  let told = 0
  for (let n = 0; n < 400; n++) {
    const seed = `order ${n}`
    const [b, c] = [1 + draw(0, seed), 1 + draw(1, seed)]
    const result = changed(both, seed)
    const bright = from.map((value) => unit(b * value))
    const contrasted = from.map((value) => unit(c * value + (1 - c) * gray(from)))
    const one = bright.map((value) => unit(c * value + (1 - c) * gray(bright)))
    const other = contrasted.map((value) => unit(b * value))
    const distance = (to: Float32Array) => to.reduce((sum, value, i) => sum + Math.abs(value - result[i]!), 0)
    assert.ok(Math.min(distance(one), distance(other)) < 1e-5)
    if (Math.abs(distance(one) - distance(other)) < 1e-4) continue
    told += 1
    if (distance(one) < distance(other)) brightFirst += 1
  }
  assert.ok(told > 100 && Math.abs(brightFirst / told - 0.5) < 0.15, `${brightFirst} of ${told}`)
})

jitter("gray images keep hue and saturation, and are blended with their own mean", () => {
  assert.equal(changed({ hue: 0.5, saturation: 1 }, "s", 6, 1), image(6))
  const c = 1 + draw(1)
  const mean = image(6).reduce((sum, value) => sum + value / 6, 0)
  for (const [i, value] of changed({ contrast: 1 }, "s", 6, 1).entries())
    close(value, unit(c * image(6)[i]! + (1 - c) * mean))
})

jitter.run()
