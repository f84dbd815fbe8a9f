import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import { checkDartsSearch } from "../../domain/darts/check_settings.ts"
import { sizedRun } from "../../domain/darts/data_sizes.ts"
import type { DartsRun } from "../../domain/darts/run_settings.ts"
import { DATA_SIZES } from "../../domain/darts/settings.ts"
import { planEpoch } from "../../domain/darts/step_plan.ts"
import { stepPrograms } from "../../domain/darts/step_programs.ts"
import { augmentedShape } from "../../domain/data/augment.ts"
import type { Augmentation } from "../../domain/data/augmentation.ts"
import type { DataLocation, DatasetInfo, DatasetSource } from "../../domain/data/dataset.ts"
import { parseLocation } from "../../domain/data/location_text.ts"
import { normalizationOf } from "../../domain/data/normalization.ts"
import { relaxedShape } from "../../domain/neighborhood/relaxed_shape.ts"
import { cellSize, halvingsOf, halves as isHalving, spaceSearchNetwork } from "../../domain/network/cell_networks.ts"
import { initialWeights } from "../../domain/network/initial_weights.ts"
import { statisticsFault } from "../../domain/network/skeletons.ts"
import type { Shape } from "../../domain/program/operation.ts"
import { fullName } from "../../domain/program/port.ts"
import { keyOf, type Seed, shuffled, split } from "../../domain/random.ts"
import { SettingsError } from "../../domain/setting/settings_error.ts"
import type { Space } from "../../domain/space/space.ts"
import { Datasets } from "../ports/datasets.ts"
import type { DartsPlan } from "./darts_step.ts"
import { measureNormalization } from "./measure_normalization.ts"

/** The plan of a run's search, what the data are, and the settings with all sizes. Data without a customary normalization get that of the images which the weights are trained on. */
export const planDartsSearch = Effect.fn("planDartsSearch")(function* (asked: DartsRun, space: Space) {
  const { protocol, imageSize = DATA_SIZES[protocol]?.imageSize } = asked.settings
  const source = yield* sourceOf({ ...asked.settings, imageSize })
  const { info, train } = yield* Effect.flatMap(Datasets, ({ open }) => open(source))
  const run = sizedRun(asked, space, info)
  const { method, settings } = run
  const images = yield* chosenImages(settings, info)
  yield* checkDartsSearch(run, relaxedShape(space), images.length)
  const augmentation = yield* augmentationOf(settings, info)
  const [channels, height, width] = augmentation.reduce(augmentedShape, info.shape)
  const image = [settings.batchSize, channels, height, width] as const
  const network = yield* spaceSearchNetwork(space, {
    ...cellSize(space, settings.cells),
    channels: settings.channels,
    classes: info.classes,
    image
  })
  yield* checkStatistics(image, halvingsOf(isHalving(space) ? "darts" : "nas-bench-201", settings.cells, "cifar"))
  const programs = yield* stepPrograms(run, network)
  const parameters = new Map(programs.weightLayout.map(({ name, shape }) => [name, shape]))
  const initial = initialWeights(parameters, split(settings.seed, "weights"))
  const halves = planEpoch(run, network.shape, images.length, settings.seed, 0).images
  const normalization =
    normalizationOf(source) ??
    (yield* measureNormalization(
      train,
      halves.weights.map((place) => images[place]!)
    ))
  const plan: DartsPlan = {
    method,
    settings,
    space,
    network,
    examples: images.length,
    seed: settings.seed,
    initial: new Map([...initial].map(([name, data]) => [fullName({ role: "parameter", name }), data])),
    reader: train,
    request: (places, { epoch, level }) => ({
      indices: places.map((place) => images[place]!),
      options: { classes: info.classes, normalization, augmentation, seed: split(settings.seed, level), epoch }
    })
  }
  const used = { training: halves.weights.length, validation: halves.alpha.length }
  return { plan, info, used, parameters, run }
})

/** Refuse batches in whose last cells normalization sees a single value. */
export function checkStatistics(image: Shape, halvings: number): Either.Either<void, SettingsError> {
  const fault = statisticsFault(image, halvings)
  if (fault === undefined) return Either.right(undefined)
  const problem = `${fault}; give a larger \`batchSize\` or \`imageSize\``
  return Either.left(new SettingsError({ problem }))
}

/** The settings that say where the data of a run lie. */
interface ImagesAsked {
  readonly dataset: DartsRun["settings"]["dataset"]
  readonly data?: string | undefined
  readonly classes?: number | undefined
  readonly renumber?: boolean | undefined
  readonly imageSize?: number | undefined
}

/** Where the data of a run lie. Images of a folder are read in the image size. */
export function sourceOf({
  dataset,
  data,
  classes,
  renumber,
  imageSize
}: ImagesAsked): Either.Either<DatasetSource, SettingsError> {
  const fail = (problem: string) => Either.left(new SettingsError({ problem }))
  if (dataset !== "tensor-file") {
    const told = `is a setting of the dataset "tensor-file" (\`dataset\`); the classes of ${dataset} are known`
    if (classes !== undefined) return fail(`\`classes\` ${told}`)
    if (renumber !== undefined) return fail(`\`renumber\` ${told}`)
  }
  const from: Either.Either<{ readonly from?: readonly [DataLocation] }, SettingsError> =
    data === undefined
      ? Either.right({})
      : Either.mapBoth(parseLocation(data), {
          onLeft: (problem) => new SettingsError({ problem: `\`data\`: ${problem}` }),
          onRight: (location) => ({ from: [location] })
        })
  switch (dataset) {
    case "mnist":
      if (data !== undefined) return fail("`data`: mnist comes with the program; name the `dataset` that this is")
      return Either.right({ _tag: "Mnist" })
    case "cifar10":
      return Either.map(from, (place): DatasetSource => ({ _tag: "Cifar10", ...place }))
    case "cifar100":
      return Either.map(from, (place): DatasetSource => ({ _tag: "Cifar100", labels: "fine", ...place }))
    case "tensor-file":
      return Either.flatMap(from, (place) =>
        place.from === undefined
          ? fail('the dataset "tensor-file" needs a safetensors file: give `data`')
          : Either.right<DatasetSource>({
              _tag: "TensorFile",
              from: place.from[0],
              classes,
              renumber: renumber ?? false
            })
      )
    case "image-folder":
      if (data === undefined || imageSize === undefined)
        return fail(
          'the dataset "image-folder" needs a folder with train/<class>/*.png and a size: give `data`, and `imageSize` of 64, say'
        )
      if (/^https?:/i.test(data))
        return fail("`data`: a folder of images is not fetched: unpack its archive and name the folder")
      return Either.right({ _tag: "ImageFolder", from: data, height: imageSize, width: imageSize })
  }
}

/** The numbers of the training images that take part. */
export function chosenImages(
  { images, seed }: { readonly images?: number | undefined; readonly seed: Seed },
  { name, train }: DatasetInfo
): Either.Either<Int32Array, SettingsError> {
  if (images === undefined) return Either.right(Int32Array.from({ length: train }, (_, i) => i))
  if (images > train)
    return Either.left(
      new SettingsError({
        problem: `\`images\`: ${images} are asked for, "${name}" has ${train} training images`
      })
    )
  const chosen: Array<number> = []
  for (const place of shuffled(keyOf(split(seed, "images")), train)) if (chosen.push(place) === images) break
  return Either.right(Int32Array.from(chosen))
}

function augmentationOf(
  { imageSize, flip, crop }: DartsRun["settings"],
  { shape }: DatasetInfo
): Either.Either<ReadonlyArray<Augmentation>, SettingsError> {
  const [, height, width] = shape
  const size = imageSize ?? height
  if (size > Math.min(height, width))
    return Either.left(
      new SettingsError({
        problem: `\`imageSize\`: ${size} is more than the images have, ${height}×${width}`
      })
    )
  const resize = size === height && size === width ? [] : [{ _tag: "Resize", height: size, width: size } as const]
  const cropped = crop === 0 ? [] : [{ _tag: "RandomCrop", padding: crop } as const]
  return Either.right([...resize, ...cropped, ...(flip ? [{ _tag: "Flip" } as const] : [])])
}
