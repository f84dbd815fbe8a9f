import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import { makeBatch, measuredNormalization, NORMALIZATIONS } from "../../domain/data/batch.ts"
import type { Dataset, Samples } from "../../domain/data/samples.ts"
import { relaxedShape } from "../../domain/neighborhood/relaxed_shape.ts"
import { dartsSearchNetwork } from "../../domain/network/darts_networks.ts"
import { initialWeights } from "../../domain/network/initial_weights.ts"
import { nasBench201SearchNetwork } from "../../domain/network/nas_bench_201_networks.ts"
import { keyOf, shuffled, split } from "../../domain/random.ts"
import { checkGradientSearch } from "../../domain/search/gradient/check_settings.ts"
import { type GradientRunSettings, methodOf } from "../../domain/search/gradient/run_settings.ts"
import { classifierNetwork, type SearchNetwork } from "../../domain/search/gradient/search_network.ts"
import { stepPrograms } from "../../domain/search/gradient/step_programs.ts"
import { SettingsError } from "../../domain/search/settings.ts"
import type { Space } from "../../domain/space/space.ts"
import { Datasets, type DatasetSource } from "../../effects/datasets.ts"
import type { GradientPlan } from "../../effects/gradient_step.ts"

/** The plan of a run's search, and the data that it sees. */
export const planGradientSearch = Effect.fn("planGradientSearch")(function* (run: GradientRunSettings, space: Space) {
  const settings = yield* methodOf(run)
  const datasets = yield* Datasets
  const dataset = yield* datasets.open(yield* sourceOf(run))
  const images = yield* chosenImages(run, dataset)
  yield* checkGradientSearch(settings, relaxedShape(space), images.length)
  const size = yield* imageSize(run, dataset.train)
  const network = yield* searchNetwork(run, space, [settings.batchSize, dataset.train.shape[0], size, size], dataset.classes)
  const programs = yield* stepPrograms(settings, network)
  const parameters = new Map(
    [...programs.state].flatMap(([name, shape]) => (name.startsWith("param/") ? [[name.slice(6), shape] as const] : []))
  )
  const initial = initialWeights(parameters, split(run.seed, "weights"))
  const normalization =
    dataset.name in NORMALIZATIONS
      ? NORMALIZATIONS[dataset.name as keyof typeof NORMALIZATIONS]
      : measuredNormalization(dataset.train)
  const plan: GradientPlan<never> = {
    space,
    settings,
    network,
    examples: images.length,
    seed: run.seed,
    initial: new Map([...initial].map(([name, data]) => [`param/${name}`, data])),
    eigenvalue: run.eigenvalue,
    batch: (places, { epoch, level }) =>
      Effect.sync(() => {
        const seed = split(run.seed, "augmentation", epoch, level)
        const { flip, crop } = run
        const options = { classes: dataset.classes, normalization, size, flip, crop, seed }
        const { x, targets, shape } = makeBatch(
          dataset.train,
          places.map((place) => images[place]!),
          options
        )
        return new Map([
          ["x", { shape, data: x }],
          ["targets", { shape: [places.length, dataset.classes], data: targets }]
        ])
      })
  }
  return { plan, dataset, parameters }
})

function sourceOf({ dataset, data }: GradientRunSettings): Either.Either<DatasetSource, SettingsError> {
  const needs = (what: string) =>
    Either.left(new SettingsError({ problem: `the data set "${dataset}" needs --data with ${what}` }))
  switch (dataset) {
    case "mnist":
      return Either.right({ _tag: "Mnist" })
    case "cifar10":
    case "cifar100":
      if (data === undefined) return needs("the folder of its binary version")
      return Either.right({ _tag: "Cifar", classes: dataset === "cifar10" ? 10 : 100, path: data })
    case "tensor-file":
      if (data === undefined) return needs("a safetensors file")
      return Either.right({ _tag: "TensorFile", path: data })
  }
}

/** The positions of the training images that take part. */
function chosenImages({ images, seed }: GradientRunSettings, { name, train }: Dataset): Either.Either<Int32Array, SettingsError> {
  const count = train.labels.length
  if (images === undefined) return Either.right(Int32Array.from({ length: count }, (_, i) => i))
  if (images > count)
    return Either.left(
      new SettingsError({ problem: `images (--images): ${images} are asked for, "${name}" has ${count} training images` })
    )
  const order = shuffled(keyOf(split(seed, "images")), count)
  const chosen: Array<number> = []
  for (const place of order) if (chosen.push(place) === images) break
  return Either.right(Int32Array.from(chosen))
}

function imageSize({ imageSize: size }: GradientRunSettings, { shape }: Samples): Either.Either<number, SettingsError> {
  const [, height, width] = shape
  const fail = (problem: string) => Either.left(new SettingsError({ problem: `image size (--image-size): ${problem}` }))
  if (height !== width) return fail(`images of ${height}×${width} are not square`)
  if (size !== undefined && height % size !== 0) return fail(`${size} does not divide ${height}`)
  return Either.right(size ?? height)
}

function searchNetwork(
  { channels, cells }: GradientRunSettings,
  space: Space,
  image: readonly [number, number, number, number],
  classes: number
): Either.Either<SearchNetwork, SettingsError> {
  const shape = relaxedShape(space)
  switch (space.name) {
    case "nas-bench-201":
      return Either.right(
        classifierNetwork({ shape, image, classes }, (net, x, of) =>
          nasBench201SearchNetwork(net, x, { channels, cellsPerStage: cells, classes }, of.get("cell")!)
        )
      )
    case "darts":
      return Either.right(
        classifierNetwork({ shape, image, classes }, (net, x, of) =>
          dartsSearchNetwork(net, x, { channels, cells, classes }, { normal: of.get("normal")!, reduce: of.get("reduction")! })
        )
      )
    default:
      return Either.left(new SettingsError({ problem: `no network can be built from the space "${space.name}"` }))
  }
}
