import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Layer from "effect/Layer"
import * as MemoryCheckpoints from "../adapters/checkpoints/memory.ts"
import * as NoCurves from "../adapters/curves/none.ts"
import { memoryDataset } from "../adapters/datasets/memory.ts"
import * as OnDemand from "../adapters/datasets/on_demand.ts"
import { backendLayer } from "../adapters/tensor/backends.ts"
import { architectureOfKey } from "../domain/architecture/architecture.ts"
import type { Method, NoFields } from "../domain/darts/method.ts"
import { naDarts } from "../domain/darts/methods/na_darts.ts"
import { dartsRun, type dartsRunFields } from "../domain/darts/run_settings.ts"
import type { dartsFields } from "../domain/darts/settings.ts"
import { DatasetError, type ImageShape, type Samples } from "../domain/data/dataset.ts"
import type { BackendName } from "../domain/data/names.ts"
import type { Fields } from "../domain/setting/field.ts"
import type { Space } from "../domain/space/space.ts"
import { Datasets } from "../effects/ports/datasets.ts"
import type { TensorBackend, TensorError } from "../effects/ports/tensor_backend.ts"
import { type DartsOutcome, type DartsProgress, runDartsSearch } from "../effects/programs/darts_search.ts"
import { planDartsSearch } from "../effects/programs/plan_darts.ts"
import { type ReadableArchitecture, readable } from "./readable.ts"

/** Labeled images in memory. */
export interface DartsImages {
  /** [images, channels, height, width], one after the other; bytes stand for 0 to 1. */
  readonly x: Uint8Array | Float32Array
  /** The class of each image, from 0. */
  readonly y: ArrayLike<number>
  /** Channels, height and width of an image. */
  readonly shape: ImageShape
  /** @defaultValue one more than the largest label */
  readonly classes?: number
}

/** Settings that say where the data lie and what computes, which other options say here. */
type Elsewhere = "space" | "dataset" | "data" | "classes" | "renumber" | "backend" | "threads" | "seed"

/** The settings of a search by gradients and of its method, as a config file writes them. */
export type DartsSettingsOf<F extends Fields = NoFields> = {
  readonly [K in Exclude<keyof typeof dartsRunFields, Elsewhere> | keyof typeof dartsFields | keyof F]?: unknown
}

/** What is searched by gradients, on which images. */
export interface DartsOptions<F extends Fields = NoFields> {
  /** A space with cells. */
  readonly space: Space
  /** Half of them train the weights, the other half alpha. */
  readonly images: DartsImages
  /** Ours or your own. @defaultValue naDarts */
  readonly method?: Method<F>
  /**
   * Settings by their names, as a config file writes them; those that are missing are the
   * protocol's, or the defaults.
   */
  readonly settings?: DartsSettingsOf<F>
  /** Equal seeds give equal searches on one backend. @defaultValue "0" */
  readonly seed?: string | number
  /** What computes: a name, or a layer of your own. @defaultValue "onnx" */
  readonly backend?: BackendName | Layer.Layer<TensorBackend, TensorError>
  readonly onProgress?: (progress: DartsProgress) => void
}

/** What a search by gradients found, and its epochs. */
export interface DartsResult extends ReadableArchitecture, Omit<DartsOutcome, "architecture"> {}

/**
 * Search the cells of a space by gradients, on images in memory: NA-DARTS, or another method of the
 * settings. An Effect; `runPromise` makes a promise of it.
 *
 * @example
 * ```ts
 * import { builtinSpace, runPromise } from "na-nas"
 * import { searchDarts } from "na-nas/darts"
 *
 * const y = Array.from({ length: 32 }, (_, i) => i % 2)
 * const x = Float32Array.from({ length: 32 * 64 }, (_, i) => y[Math.floor(i / 64)]! + Math.sin(i))
 * const found = await runPromise(
 *   searchDarts({
 *     space: builtinSpace("nas-bench-201"),
 *     images: { x, y, shape: [1, 8, 8] },
 *     settings: { epochs: 1, batchSize: 8, channels: 2, neighbors: 2 }
 *   })
 * )
 * console.log(Object.keys(found.choices).length) // 6
 * ```
 */
export const searchDarts = Effect.fn("searchDarts")(function* <F extends Fields = NoFields>(options: DartsOptions<F>) {
  const { space, images, settings = {}, seed = 0, backend = "onnx", onProgress } = options
  const train = yield* samplesOf(images)
  const classes = images.classes ?? train.labels.reduce((most, label) => Math.max(most, label), 0) + 1
  const none: Samples = { shape: images.shape, images: train.images.subarray(0, 0), labels: new Int32Array(0) }
  const dataset = yield* memoryDataset({ name: "images", classes, train, test: none })
  const given = { ...settings, dataset: "tensor-file", data: "images", seed: `${seed}` }
  const asked = yield* dartsRun(options.method ?? naDarts, given)
  const datasets = Layer.succeed(Datasets, { open: () => Effect.succeed(dataset) })
  const { plan } = yield* Effect.provide(planDartsSearch(asked, space), datasets)
  const layers = Layer.mergeAll(
    typeof backend === "string" ? backendLayer(backend) : backend,
    OnDemand.layer,
    MemoryCheckpoints.layer,
    NoCurves.layer
  )
  const progress = (told: DartsProgress) => Effect.sync(() => onProgress?.(told))
  const { architecture, ...outcome } = yield* Effect.provide(runDartsSearch(plan, progress), layers)
  const found: DartsResult = { ...readable(space, architectureOfKey(architecture)), ...outcome }
  return found
})

/** Images in memory as samples. Errors say what does not fit together. */
function samplesOf({ x, y, shape }: DartsImages): Either.Either<Samples, DatasetError> {
  const fail = (reason: DatasetError["reason"], detail: string) =>
    Either.left(new DatasetError({ dataset: "images", reason, detail }))
  const wanted = y.length * shape[0] * shape[1] * shape[2]
  if (x.length !== wanted) {
    const sizes = `${y.length} labels and images of ${shape.join("×")} (channels, height, width) need ${wanted}`
    return fail("wrong_size", `\`x\` has ${x.length} elements, but ${sizes}`)
  }
  const wrong = Array.from(y).find((label) => !Number.isInteger(label))
  if (wrong !== undefined) return fail("wrong_label", `\`y\` holds ${wrong}: give whole numbers from 0`)
  return Either.right({ shape, images: x, labels: Int32Array.from(y) })
}
