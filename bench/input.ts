/**
 * Whether batches keep ahead of the steps that take them.
 *
 *     npx tsx bench/input.ts [--images 50000] [--steps 12] [--json]
 *
 * Two kinds of data: CIFAR-10's size with crop, flip and cutout; a folder of JPEG images with random resized crop, flip and color jitter, made in a
 * temporary folder. Of each: images per second of one thread, those that a small search takes on this machine, and the share of the search's time
 * that it waits for batches made ahead on a worker thread. Exits 1 where a search waits 5 % or more, or one thread is slower than the steps.
 */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { cpus, tmpdir } from "node:os"
import { join } from "node:path"
import * as NodeContext from "@effect/platform-node/NodeContext"
import * as Schema from "@effect/schema/Schema"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { batchesLayer } from "../bin/commands/_batches.ts"
import * as Memory from "../src/adapters/checkpoints/memory.ts"
import * as NoCurves from "../src/adapters/curves/none.ts"
import * as DatasetFiles from "../src/adapters/datasets/layer.ts"
import { planGradientSearch } from "../src/adapters/gradient/plan.ts"
import { backendLayer } from "../src/adapters/tensor/backends.ts"
import { type Augmentation, CIFAR_AUGMENTATION, IMAGENET_AUGMENTATION } from "../src/domain/data/augmentation.ts"
import { makeBatch } from "../src/domain/data/batch.ts"
import { integerAt, keyOf } from "../src/domain/random.ts"
import { GradientRunSettings } from "../src/domain/search/gradient/run_settings.ts"
import { builtinSpace } from "../src/domain/space/spaces.ts"
import { type GradientProgress, gradientSearch } from "../src/effects/gradient_search.ts"
import type { GradientPlan } from "../src/effects/gradient_step.ts"
import { scriptFlags, toggle, whole } from "./_flags.ts"

const flags = scriptFlags({ images: whole(50_000, 64), steps: whole(12, 2), json: toggle })
const { images: epochImages, steps } = flags

/** Most that a search may wait for its batches. */
const MOST_WAIT = 0.05

interface Case {
  readonly name: string
  readonly settings: typeof GradientRunSettings.Encoded
  readonly augmentation: ReadonlyArray<Augmentation>
  /** Images of an epoch, and those that are timed. */
  readonly epoch: number
  readonly timed: number
}

const search = (settings: typeof GradientRunSettings.Encoded): typeof GradientRunSettings.Encoded => ({
  algorithm: "na-darts",
  protocol: "nas-bench-201-small",
  neighbors: 1,
  epochs: 1,
  images: 2 * steps * (settings.batchSize ?? 1),
  ...settings
})

const root = mkdtempSync(join(tmpdir(), "na-nas-input-"))

/** CIFAR-10's own images where they lie beside the repository, else made-up ones of its format. */
function cifarFolder(): string {
  const [own, folder] = ["../shared/data/cifar10_train_10000.bin", join(root, "cifar")]
  mkdirSync(folder)
  const key = keyOf("input/cifar")
  const bytes = existsSync(own)
    ? readFileSync(own)
    : Uint8Array.from({ length: 10_000 * 3073 }, (_, i) => integerAt(key, i, i % 3073 === 0 ? 10 : 256))
  writeFileSync(join(folder, "data_batch_1.bin"), bytes)
  return folder
}

/** JPEG images of ImageNet's usual size: smooth noise, so that they compress as photographs do. */
async function imageFolder(count: number): Promise<string> {
  const { default: sharp } = await import("sharp")
  const folder = join(root, "images")
  for (let i = 0; i < count; i++) {
    const key = keyOf(`input/image/${i}`)
    const coarse = Uint8Array.from({ length: 20 * 15 * 3 }, (_, j) => integerAt(key, j, 256))
    const place = join(folder, "train", `class-${i % 4}`)
    mkdirSync(place, { recursive: true })
    await sharp(coarse, { raw: { width: 20, height: 15, channels: 3 } })
      .resize(500, 375, { kernel: "cubic", fit: "fill" })
      .jpeg({ quality: 90 })
      .toFile(join(place, `${i}.jpg`))
  }
  return folder
}

/** The plan of a case's search, with the augmentation that is measured. */
const planOf = Effect.fnUntraced(function* ({ settings, augmentation }: Case) {
  const decoded = yield* Schema.decodeUnknown(GradientRunSettings)(settings)
  const { plan, info } = yield* planGradientSearch(decoded, builtinSpace("nas-bench-201"))
  const augmented: GradientPlan = {
    ...plan,
    request: (images, at) => {
      const { indices, options } = plan.request(images, at)
      return { indices, options: { ...options, augmentation } }
    }
  }
  return { plan: augmented, info }
}, Effect.provide(DatasetFiles.layerCached()))

/** Images per second that one thread augments, and that are read (decoded, for files of images). */
const speeds = Effect.fnUntraced(function* (plan: GradientPlan, { timed }: Case) {
  const { batchSize } = plan.settings
  let [reading, making] = [0, 0]
  const batch = Effect.fnUntraced(function* (first: number) {
    const images = Int32Array.from({ length: batchSize }, (_, i) => (first + i) % plan.examples)
    const { indices, options } = plan.request(images, { epoch: 0, step: first, level: "weights" })
    const begun = performance.now()
    const samples = yield* plan.reader.read(indices)
    const read = performance.now()
    makeBatch(samples, indices, options)
    return [read - begun, performance.now() - read] as const
  })
  yield* batch(0)
  for (let first = 0; first < timed; first += batchSize) {
    const [read, made] = yield* batch(first)
    reading += read
    making += made
  }
  const images = batchSize * Math.ceil(timed / batchSize)
  return { augment: (1000 * images) / making, read: (1000 * images) / reading }
})

const measure = Effect.fnUntraced(function* (own: Case) {
  const { plan } = yield* planOf(own)
  const { augment, read } = yield* speeds(plan, own)
  let last: GradientProgress | undefined
  yield* Effect.provide(
    gradientSearch(plan, (now) =>
      Effect.sync(() => {
        last = now
      })
    ),
    Layer.mergeAll(backendLayer("onnx"), batchesLayer({ ahead: 4 }), Memory.layer, NoCurves.layer)
  )
  const { done, milliseconds, waited } = last!
  const taken = (2000 * done * plan.settings.batchSize) / milliseconds
  return {
    name: own.name,
    augmentPerSecond: augment,
    secondsPerEpoch: own.epoch / augment,
    readPerSecond: read,
    stepPerSecond: taken,
    msPerStep: milliseconds / done,
    inputWait: waited / milliseconds,
    keepsAhead: augment > taken && waited / milliseconds < MOST_WAIT
  }
})

try {
  const cases: ReadonlyArray<Case> = [
    {
      name: "CIFAR-10: crop, flip, cutout",
      settings: search({ dataset: "cifar10", data: cifarFolder(), batchSize: 64 }),
      augmentation: [...CIFAR_AUGMENTATION, { _tag: "Cutout", size: 16 }],
      epoch: epochImages,
      timed: epochImages
    },
    {
      name: "image folder: random resized crop to 224, flip, color jitter",
      settings: search({
        dataset: "image-folder",
        data: await imageFolder(2 * steps * 8),
        imageSize: 224,
        batchSize: 8
      }),
      augmentation: IMAGENET_AUGMENTATION,
      epoch: 1_281_167,
      timed: 2 * steps * 8
    }
  ]
  const results = await Effect.runPromise(
    Effect.provide(
      Effect.forEach(cases, (one) => measure(one)),
      NodeContext.layer
    )
  )
  const machine = `${cpus()[0]?.model.trim()}, ${cpus().length} cores, Node ${process.version}`
  if (flags.json) console.log(JSON.stringify({ machine, results }))
  else {
    console.log(machine)
    const count = (value: number) => Math.round(value).toLocaleString("en-US")
    for (const one of results) {
      console.log(`${one.name}
  augmented by one thread  ${count(one.augmentPerSecond)} images/s, ${count(one.secondsPerEpoch)} s an epoch
  read                     ${count(one.readPerSecond)} images/s
  taken by the search      ${count(one.stepPerSecond)} images/s, ${one.msPerStep.toFixed(0)} ms a step of two batches
  input wait               ${(100 * one.inputWait).toFixed(2)} % of the search's time
  ${one.keepsAhead ? "keeps ahead" : "FALLS BEHIND"}`)
    }
  }
  process.exitCode = results.every(({ keepsAhead }) => keepsAhead) ? 0 : 1
} finally {
  rmSync(root, { recursive: true, force: true })
}
