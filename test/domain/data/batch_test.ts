import * as FastCheck from "@effect/schema/FastCheck"
import * as Schema from "@effect/schema/Schema"
import { suite } from "uvu"
import * as assert from "uvu/assert"
import { augmentedShape } from "../../../src/domain/data/augment.ts"
import { Augmentation, IMAGENET_AUGMENTATION } from "../../../src/domain/data/augmentation.ts"
import { type BatchOptions, makeBatch } from "../../../src/domain/data/batch.ts"
import { DataLocation, DatasetSource, type ImageShape, type Samples } from "../../../src/domain/data/dataset.ts"
import { NORMALIZATIONS, Normalization, normalizationOf } from "../../../src/domain/data/normalization.ts"
import { integerAt, keyOf, split, threefry, uniformAt } from "../../../src/domain/random.ts"

const size = (shape: ReadonlyArray<number>) => shape.reduce((product, length) => product * length, 1)

/** Samples with noise for pixels. */
function noise(shape: ImageShape, count: number, { floats = false, classes = 10, seed = "noise" } = {}): Samples {
  const key = keyOf(seed)
  const pixels = Array.from({ length: count * size(shape) }, (_, i) => integerAt(key, i, 256))
  return {
    shape,
    images: floats ? Float32Array.from(pixels, (pixel) => pixel / 300) : Uint8Array.from(pixels),
    labels: Int32Array.from({ length: count }, (_, i) => integerAt(key, 1e6 + i, classes))
  }
}

const shapes = FastCheck.tuple(
  FastCheck.constantFrom(1, 3),
  FastCheck.integer({ min: 1, max: 9 }),
  FastCheck.integer({ min: 1, max: 9 })
) as FastCheck.Arbitrary<ImageShape>

/** Pixel (channel, y, x) of sample i after the augmentation, from the pixel before, by definition. */
type Pixel = (channel: number, y: number, x: number) => number
type Draw = (position: number) => number

/** Per-pixel twins: each pixel of the result is found by asking for pixels of the image before. */
function twin(before: Pixel, shape: ImageShape, augmentation: Augmentation, draw: Draw, mean: Draw): Pixel {
  const [, height, width] = shape
  const at: Pixel = (channel, y, x) => (y < 0 || x < 0 || y >= height || x >= width ? 0 : before(channel, y, x))
  const integer = (position: number, bound: number) => Math.floor(draw(position) * bound)
  switch (augmentation._tag) {
    case "RandomCrop": {
      const p = augmentation.padding
      return (c, y, x) => at(c, y + integer(0, 2 * p + 1) - p, x + integer(1, 2 * p + 1) - p)
    }
    case "Flip":
      return draw(0) < 0.5 ? (c, y, x) => before(c, y, width - 1 - x) : before
    case "Cutout": {
      const half = Math.floor(augmentation.size / 2)
      const inside = (place: number, center: number) => {
        const offset = place - (center - half)
        return offset >= 0 && offset < augmentation.size
      }
      return (c, y, x) =>
        inside(y, integer(0, height)) && inside(x, integer(1, width)) ? Math.fround(mean(c)) : before(c, y, x)
    }
    case "CenterCrop": {
      const top = Math.floor((height - augmentation.height) / 2)
      const left = Math.floor((width - augmentation.width) / 2)
      return (c, y, x) => at(c, y + top, x + left)
    }
    default:
      throw new Error(`no twin of ${augmentation._tag}`)
  }
}

/** The whole batch by twins. */
function twinBatch(samples: Samples, indices: ReadonlyArray<number>, options: BatchOptions): ReadonlyArray<number> {
  const { mean, std } = options.normalization ?? { mean: [0], std: [1] }
  const of = (list: ReadonlyArray<number>) => (c: number) => Math.fround(list[c] ?? list[0]!)
  const epochKey = keyOf(split(options.seed ?? "0", "augmentation", options.epoch ?? 0))
  const white = samples.images instanceof Uint8Array ? 255 : 1
  const [channels, height, width] = samples.shape
  return [...samples.labels].flatMap((_, i) => {
    const key = threefry(epochKey, 0, indices[i]!)
    let shape = samples.shape
    let pixel: Pixel = (c, y, x) => Math.fround(samples.images[((i * channels + c) * height + y) * width + x]! / white)
    for (const [step, augmentation] of (options.augmentation ?? []).entries()) {
      pixel = twin(pixel, shape, augmentation, (position) => uniformAt(key, 64 * step + position), of(mean))
      shape = augmentedShape(shape, augmentation)
    }
    return Array.from({ length: size(shape) }, (_, j) => {
      const c = Math.floor(j / (shape[1] * shape[2]))
      const value = pixel(c, Math.floor(j / shape[2]) % shape[1], j % shape[2])
      return Math.fround(Math.fround(value - of(mean)(c)) / of(std)(c))
    })
  })
}

const batch = suite("makeBatch()")

const cheap = FastCheck.oneof(
  FastCheck.record({ _tag: FastCheck.constant("RandomCrop" as const), padding: FastCheck.nat(4) }),
  FastCheck.record({ _tag: FastCheck.constant("Flip" as const) }),
  FastCheck.record({ _tag: FastCheck.constant("Cutout" as const), size: FastCheck.integer({ min: 1, max: 6 }) }),
  FastCheck.record({
    _tag: FastCheck.constant("CenterCrop" as const),
    height: FastCheck.integer({ min: 1, max: 10 }),
    width: FastCheck.integer({ min: 1, max: 10 })
  })
)

batch("crops, flips and cutouts in any order are, bit for bit, those of per-pixel twins", () => {
  const settings = FastCheck.record({
    shape: shapes,
    indices: FastCheck.array(FastCheck.nat(1e6), { minLength: 1, maxLength: 4 }),
    augmentation: FastCheck.array(cheap, { maxLength: 4 }),
    floats: FastCheck.boolean(),
    epoch: FastCheck.nat(600),
    normalization: FastCheck.constantFrom(undefined, NORMALIZATIONS.cifar10, NORMALIZATIONS.mnist)
  })
  const property = FastCheck.property(settings, ({ shape, indices, floats, ...options }) => {
    const samples = noise(shape, indices.length, { floats })
    const made = makeBatch(samples, indices, { classes: 10, seed: "s", ...options })
    assert.equal([...made.x], twinBatch(samples, indices, { classes: 10, seed: "s", ...options }))
    assert.is(made.x.length, size(made.shape))
  })
  FastCheck.assert(property, { seed: 24, numRuns: 300 })
})

batch("targets are one-hot", () => {
  const samples = noise([1, 2, 2], 50, { classes: 7 })
  const { targets } = makeBatch(samples, [...samples.labels.keys()], { classes: 7 })
  for (const [i, label] of samples.labels.entries()) {
    const expected = Array.from({ length: 7 }, (_, k) => (k === label ? 1 : 0))
    assert.equal([...targets.subarray(7 * i, 7 * i + 7)], expected)
  }
})

batch("a sample is augmented alike in every batch, otherwise in another epoch or under another seed", () => {
  const samples = noise([3, 16, 16], 8)
  const one = (i: number): Samples => ({
    shape: samples.shape,
    images: samples.images.subarray(i * 768, (i + 1) * 768),
    labels: samples.labels.subarray(i, i + 1)
  })
  const options: BatchOptions = {
    classes: 10,
    augmentation: Schema.decodeSync(Schema.Array(Augmentation))([
      { _tag: "RandomCrop", padding: 4 },
      { _tag: "Flip" },
      { _tag: "Cutout", size: 8 },
      { _tag: "RandomResizedCrop", height: 8, width: 8 },
      { _tag: "ColorJitter", brightness: 0.4, contrast: 0.4, saturation: 0.4, hue: 0.2 }
    ])
  }
  const indices = [7, 1, 9, 40000, 12, 3, 5, 2]
  const whole = makeBatch(samples, indices, options)
  assert.equal(whole.shape, [8, 3, 8, 8])
  for (const [i, index] of indices.entries()) {
    assert.equal(makeBatch(one(i), [index], options).x, whole.x.slice(i * 192, (i + 1) * 192))
    assert.not.equal(makeBatch(one(i), [index + 1], options).x, whole.x.slice(i * 192, (i + 1) * 192))
  }
  assert.not.equal(makeBatch(samples, indices, { ...options, epoch: 1 }).x, whole.x)
  assert.not.equal(makeBatch(samples, indices, { ...options, seed: "1" }).x, whole.x)
})

batch("over many samples flips are half, crops and cutouts uniform", () => {
  const count = 4000
  const indices = Array.from({ length: count }, (_, i) => i)
  const edge: Samples = {
    shape: [1, 1, 3],
    images: Uint8Array.from({ length: 3 * count }, (_, i) => (i % 3 === 0 ? 255 : 0)),
    labels: new Int32Array(count)
  }
  const lit = (augmentation: Augmentation) => {
    const { x } = makeBatch(edge, indices, { classes: 1, augmentation: [augmentation] })
    const places = [0, 0, 0]
    for (let i = 0; i < x.length; i++) places[i % 3]! += x[i]! / count
    return places
  }
  const near = (actual: ReadonlyArray<number>, expected: ReadonlyArray<number>) => {
    for (const [i, value] of actual.entries()) assert.ok(Math.abs(value - expected[i]!) < 0.03, `${actual}`)
  }
  near(lit({ _tag: "Flip" }), [1 / 2, 0, 1 / 2])
  near(lit({ _tag: "RandomCrop", padding: 1 }), [1 / 9, 1 / 9, 0])
  near(lit({ _tag: "Cutout", size: 1 }), [2 / 3, 0, 0])
  near(lit({ _tag: "Cutout", size: 2 }), [1 / 3, 0, 0])
})

batch("a cutout is exactly 0 after normalization", () => {
  for (const normalization of Object.values(NORMALIZATIONS)) {
    const samples = noise([normalization.mean.length as 1 | 3, 4, 4], 3)
    const made = makeBatch(samples, [1, 2, 3], {
      classes: 10,
      normalization,
      augmentation: [{ _tag: "Cutout", size: 9 }]
    })
    assert.ok(made.x.every((value) => value === 0))
  }
})

batch.run()

const schemas = suite("Augmentation, Normalization, DatasetSource")

const refuses = (schema: Schema.Schema<never, never> | Schema.Schema.AnyNoContext, value: unknown, problem: string) => {
  const decoded = Schema.decodeUnknownEither(schema as Schema.Schema<unknown>)(value)
  assert.is(decoded._tag, "Left", JSON.stringify(value))
  if (decoded._tag === "Left") assert.match(decoded.left.message, problem)
}

schemas("defaults are torchvision's; what makes no sense is refused", () => {
  assert.equal(
    Schema.decodeSync(Augmentation)({ _tag: "RandomResizedCrop", height: 224, width: 224 }),
    IMAGENET_AUGMENTATION[0]
  )
  refuses(Augmentation, { _tag: "RandomCrop", padding: -1 }, "-1")
  refuses(Augmentation, { _tag: "Cutout", size: 0 }, "0")
  refuses(Augmentation, { _tag: "RandomResizedCrop", height: 8, width: 8, scale: [0.5, 0.2] }, "first bound")
  refuses(Augmentation, { _tag: "RandomResizedCrop", height: 8, width: 8, scale: [0.5, 2] }, "at most the image")
  refuses(Augmentation, { _tag: "ColorJitter", hue: 0.6 }, "0.6")
  refuses(Normalization, { mean: [0.5, 0.5], std: [1] }, "as many channels")
  refuses(Normalization, { mean: [0.5], std: [0] }, "0")
})

schemas("an address comes with a checksum", () => {
  const sha256 = "0".repeat(64)
  assert.is(Schema.decodeUnknownSync(DataLocation)("data/cifar-10"), "data/cifar-10")
  assert.equal(Schema.decodeUnknownSync(DataLocation)({ url: "https://x.org/a", sha256 }).valueOf(), {
    url: "https://x.org/a",
    sha256
  })
  refuses(DataLocation, "https://x.org/a.tar.gz", "checksum")
  refuses(DataLocation, { url: "ftp://x.org/a", sha256 }, "ftp")
  refuses(DataLocation, { url: "https://x.org/a", sha256: "abc" }, "abc")
  refuses(DatasetSource, { _tag: "Cifar10", from: [] }, "from")
})

schemas("every source has its customary normalization, a tensor file none", () => {
  const of = (source: unknown) => normalizationOf(Schema.decodeUnknownSync(DatasetSource)(source))
  assert.is(of({ _tag: "Mnist" }), NORMALIZATIONS.mnist)
  assert.is(of({ _tag: "Cifar10" }), NORMALIZATIONS.cifar10)
  assert.is(of({ _tag: "Cifar100" }), NORMALIZATIONS.cifar100)
  assert.is(of({ _tag: "ImageFolder", from: "x", height: 1, width: 1 }), NORMALIZATIONS.imagenet)
  assert.is(of({ _tag: "TensorFile", from: "x" }), undefined)
})

schemas.run()
