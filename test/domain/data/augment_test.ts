import * as FastCheck from "@effect/schema/FastCheck"
import { suite } from "uvu"
import * as assert from "uvu/assert"
import { makeAugmenter } from "../../../src/domain/data/augment.ts"
import type { Augmentation } from "../../../src/domain/data/augmentation.ts"
import type { ImageShape } from "../../../src/domain/data/dataset.ts"
import { makeResample } from "../../../src/domain/data/resample.ts"
import { integerAt, keyOf, uniformAt } from "../../../src/domain/random.ts"

type RandomResizedCrop = Extract<Augmentation, { _tag: "RandomResizedCrop" }>

/** Each pixel tells its place: its row in one channel, its column in the other. */
function places([, height, width]: ImageShape): Float32Array {
  const rows = Array.from({ length: height * width }, (_, i) => Math.floor(i / width))
  const columns = Array.from({ length: height * width }, (_, i) => i % width)
  return Float32Array.from([...rows, ...columns])
}

/** Torchvision's `RandomResizedCrop.get_params`, line by line: top, left, height, width, and whether no try fitted. */
function torchvisionWindow({ scale, ratio }: RandomResizedCrop, [, height, width]: ImageShape, seed: string) {
  const draw = (position: number) => uniformAt(keyOf(seed), position)
  for (let attempt = 0; attempt < 10; attempt++) {
    const targetArea = height * width * (scale[0] + (scale[1] - scale[0]) * draw(4 * attempt))
    const [low, high] = [Math.log(ratio[0]), Math.log(ratio[1])]
    const aspect = Math.exp(low + (high - low) * draw(4 * attempt + 1))
    const w = Math.round(Math.sqrt(targetArea * aspect))
    const h = Math.round(Math.sqrt(targetArea / aspect))
    if (w > 0 && w <= width && h > 0 && h <= height)
      return [
        integerAt(keyOf(seed), 4 * attempt + 2, height - h + 1),
        integerAt(keyOf(seed), 4 * attempt + 3, width - w + 1),
        h,
        w,
        0
      ] as const
  }
  const inRatio = width / height
  let [h, w] = [height, width]
  if (inRatio < ratio[0]) h = Math.round(width / ratio[0])
  else if (inRatio > ratio[1]) w = Math.round(height * ratio[1])
  return [Math.floor((height - h) / 2), Math.floor((width - w) / 2), h, w, 1] as const
}

const test = suite("makeAugmenter()")

test("RandomResizedCrop takes torchvision's window and scales it", () => {
  const side = FastCheck.integer({ min: 2, max: 24 })
  const options = FastCheck.record({
    height: side,
    width: side,
    scale: FastCheck.constantFrom([0.08, 1] as const, [0.5, 0.5] as const, [0.9, 1] as const),
    ratio: FastCheck.constantFrom([3 / 4, 4 / 3] as const, [1, 1] as const, [3, 4] as const, [0.2, 0.3] as const),
    seed: FastCheck.string({ maxLength: 4 })
  })
  let fallbacks = 0
  const property = FastCheck.property(options, ({ height, width, scale, ratio, seed }) => {
    const shape: ImageShape = [2, height, width]
    const crop: RandomResizedCrop = { _tag: "RandomResizedCrop", height: 5, width: 6, scale, ratio }
    const [top, left, h, w, fallback] = torchvisionWindow(crop, shape, seed)
    const expected = new Float32Array(60)
    makeResample(shape, [5, 6], "Linear")(places(shape), expected, { top, left, height: h, width: w })
    const augmenter = makeAugmenter(shape, [crop], [])
    augmenter.input.set(places(shape))
    assert.equal(augmenter.augment(keyOf(seed)), expected)
    fallbacks += fallback
  })
  FastCheck.assert(property, { seed: 24, numRuns: 400 })
  assert.ok(fallbacks > 20, `${fallbacks}`)
})

test("the shape is that of the last augmentation, and each has draws of its own", () => {
  const list: ReadonlyArray<Augmentation> = [
    { _tag: "Resize", height: 4, width: 6 },
    { _tag: "CenterCrop", height: 3, width: 3 },
    { _tag: "Flip" },
    { _tag: "Flip" }
  ]
  const augmenter = makeAugmenter([1, 8, 8], list, [])
  assert.equal(augmenter.shape, [1, 3, 3])
  let once = 0
  for (let i = 0; i < 200; i++) {
    augmenter.input.set(Array.from({ length: 64 }, (_, j) => j % 8))
    const image = augmenter.augment(keyOf(`${i}`))
    if (image[0]! > image[2]!) once += 1
  }
  assert.ok(once > 70 && once < 130, `${once}`)
})

test.run()
