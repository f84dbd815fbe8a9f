/**
 * Whether batches keep ahead of the steps that take them.
 *
 *     npx tsx bench/input.ts [--images 50000] [--steps 12] [--rounds 3] [--json]
 *
 * Two kinds of data: CIFAR-10's size with crop, flip and cutout; a folder of JPEG images with
 * random resized crop, flip and color jitter, made in a temporary folder. Of each: images per
 * second of one thread, those that a small search takes on this machine, the ratio of both, and the
 * share of the search's time that it waits for batches made ahead on a worker thread. Thread and
 * search take turns in rounds: a ratio is the median of the rounds' ratios, beside its quartiles.
 * Exits 1 where a search waits 5 % or more, or one thread is slower than the steps.
 */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { cpus, tmpdir } from "node:os"
import { join } from "node:path"
import * as NodeContext from "@effect/platform-node/NodeContext"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Runtime from "effect/Runtime"
import { batchesLayer } from "../bin/commands/_batches.ts"
import * as Memory from "../src/adapters/checkpoints/memory.ts"
import * as NoCurves from "../src/adapters/curves/none.ts"
import * as DatasetFiles from "../src/adapters/datasets/layer.ts"
import { backendLayer } from "../src/adapters/tensor/backends.ts"
import { naDarts } from "../src/domain/darts/methods/na_darts.ts"
import { dartsRun } from "../src/domain/darts/run_settings.ts"
import { type Augmentation, CIFAR_AUGMENTATION, IMAGENET_AUGMENTATION } from "../src/domain/data/augmentation.ts"
import { makeBatch } from "../src/domain/data/batch.ts"
import { integerAt, keyOf } from "../src/domain/random.ts"
import type { Given } from "../src/domain/setting/field.ts"
import { builtinSpace } from "../src/domain/space/spaces.ts"
import { type DartsProgress, runDartsSearch } from "../src/effects/programs/darts_search.ts"
import type { DartsPlan } from "../src/effects/programs/darts_step.ts"
import { planDartsSearch } from "../src/effects/programs/plan_darts.ts"
import { scriptFlags, toggle, whole } from "./_flags.ts"
import { alternate, isNoisy, median, processorMs, type Runs, ratioOf, ratioText, type Timed } from "./_rounds.ts"

const flags = scriptFlags({ images: whole(50_000, 64), steps: whole(12, 2), rounds: whole(3), json: toggle })
const { images: epochImages, steps, rounds } = flags

/** Most that a search may wait for its batches. */
const MOST_WAIT = 0.05

/** The settings of a search, as a config file has them. */
type CaseSettings = Given & { readonly batchSize?: number }

interface Case {
  readonly name: string
  readonly settings: CaseSettings
  readonly augmentation: ReadonlyArray<Augmentation>
  /** Images of an epoch, and those that are timed. */
  readonly epoch: number
  readonly timed: number
}

const search = (settings: CaseSettings): CaseSettings => ({
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
  const decoded = yield* dartsRun(naDarts, settings)
  const { plan, info } = yield* planDartsSearch(decoded, builtinSpace("nas-bench-201"))
  const augmented: DartsPlan = {
    ...plan,
    request: (images, at) => {
      const { indices, options } = plan.request(images, at)
      return { indices, options: { ...options, augmentation } }
    }
  }
  return { plan: augmented, info }
}, Effect.provide(DatasetFiles.layerCached()))

/** What an image took of one side, and what that side tells besides. */
interface PerImage extends Timed {
  /** Milliseconds of reading an image (decoding it, for files of images). */
  readonly reading?: number
  /** The share of the time that a search waits. */
  readonly waited?: number
  readonly msPerStep?: number
}

/** What an image takes of one thread: augmenting it, and reading it before. */
const makeBatches = Effect.fnUntraced(function* (plan: DartsPlan, timed: number) {
  const { batchSize } = plan.settings
  let [reading, making, processor] = [0, 0, 0]
  for (let first = 0; first < timed; first += batchSize) {
    const images = Int32Array.from({ length: batchSize }, (_, i) => (first + i) % plan.examples)
    const { indices, options } = plan.request(images, { epoch: 0, step: first, level: "weights" })
    const begun = performance.now()
    const samples = yield* plan.reader.read(indices)
    const [read, spent] = [performance.now(), processorMs()]
    makeBatch(samples, indices, options)
    reading += read - begun
    making += performance.now() - read
    processor += processorMs() - spent
  }
  const images = batchSize * Math.ceil(timed / batchSize)
  const made: PerImage = { ms: making / images, cpuMs: processor / images, reading: reading / images }
  return made
})

/** What an image takes of a search, whose steps take two batches. */
const takeBatches = Effect.fnUntraced(function* (plan: DartsPlan) {
  let last: DartsProgress | undefined
  const spent = processorMs()
  yield* Effect.provide(
    runDartsSearch(plan, (now) =>
      Effect.sync(() => {
        last = now
      })
    ),
    Layer.mergeAll(backendLayer("onnx"), batchesLayer({ ahead: 4 }), Memory.layer, NoCurves.layer)
  )
  const { done, milliseconds, waited } = last!
  const images = 2 * done * plan.settings.batchSize
  const taken: PerImage = {
    ms: milliseconds / images,
    cpuMs: (processorMs() - spent) / images,
    waited: waited / milliseconds,
    msPerStep: milliseconds / done
  }
  return taken
})

const measure = Effect.fnUntraced(function* (own: Case) {
  const { plan } = yield* planOf(own)
  const runtime = yield* Effect.runtime<Effect.Effect.Context<ReturnType<typeof takeBatches>>>()
  const run = Runtime.runPromise(runtime)
  const sides = { thread: () => run(makeBatches(plan, own.timed)), search: () => run(takeBatches(plan)) }
  const failed = (name: string, problem: string) => {
    throw new Error(`${name}: ${problem}`)
  }
  const { thread, search } = yield* Effect.promise(() => alternate<keyof typeof sides, PerImage>(sides, rounds, failed))
  const over = (of: Runs<PerImage>, value: (round: PerImage) => number | undefined) =>
    median(of.rounds.map((round) => value(round) ?? Number.NaN))
  const ahead = ratioOf(search!, thread!)
  const inputWait = over(search!, ({ waited }) => waited)
  const augment = 1000 / over(thread!, ({ ms }) => ms)
  return {
    name: own.name,
    augmentPerSecond: augment,
    secondsPerEpoch: own.epoch / augment,
    readPerSecond: 1000 / over(thread!, ({ reading }) => reading),
    stepPerSecond: 1000 / over(search!, ({ ms }) => ms),
    msPerStep: over(search!, ({ msPerStep }) => msPerStep),
    cpuMsPerImage: { thread: over(thread!, ({ cpuMs }) => cpuMs), search: over(search!, ({ cpuMs }) => cpuMs) },
    inputWait,
    ahead: { ...ahead, noisy: isNoisy(ahead) },
    keepsAhead: ahead.median > 1 && inputWait < MOST_WAIT
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
  one thread / search      ${ratioText(one.ahead)}; processor ms an image ${one.cpuMsPerImage.thread.toFixed(2)} and ${one.cpuMsPerImage.search.toFixed(2)}
  input wait               ${(100 * one.inputWait).toFixed(2)} % of the search's time
  ${one.keepsAhead ? "keeps ahead" : "FALLS BEHIND"}`)
    }
  }
  process.exitCode = results.every(({ keepsAhead }) => keepsAhead) ? 0 : 1
} finally {
  rmSync(root, { recursive: true, force: true })
}
