import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import { augmentedShape } from "../../domain/data/augment.ts"
import type { Augmentation } from "../../domain/data/augmentation.ts"
import { makeBatch } from "../../domain/data/batch.ts"
import type { DatasetError, DatasetInfo, DatasetSource } from "../../domain/data/dataset.ts"
import { normalizationOf } from "../../domain/data/normalization.ts"
import { relaxedShape } from "../../domain/neighborhood/relaxed_shape.ts"
import { spaceSearchNetwork } from "../../domain/network/cell_networks.ts"
import { initialWeights } from "../../domain/network/initial_weights.ts"
import { elementCount } from "../../domain/program/program.ts"
import { keyOf, shuffled, split } from "../../domain/random.ts"
import { checkGradientSearch } from "../../domain/search/gradient/check_settings.ts"
import { standardNormals } from "../../domain/search/gradient/noise.ts"
import { type GradientRunSettings, methodOf } from "../../domain/search/gradient/run_settings.ts"
import { stepPrograms } from "../../domain/search/gradient/step_programs.ts"
import { SettingsError } from "../../domain/search/settings.ts"
import type { Space } from "../../domain/space/space.ts"
import { Datasets } from "../../effects/datasets.ts"
import type { HostValues } from "../../effects/device_state.ts"
import type { GradientPlan } from "../../effects/gradient_step.ts"

/** The plan of a run's search, and what the data are. */
export const planGradientSearch = Effect.fn("planGradientSearch")(function* (run: GradientRunSettings, space: Space) {
  const settings = yield* methodOf(run)
  const source = yield* sourceOf(run)
  const { info, train } = yield* Effect.flatMap(Datasets, ({ open }) => open(source))
  const images = yield* chosenImages(run, info)
  yield* checkGradientSearch(settings, relaxedShape(space), images.length)
  const augmentation = yield* augmentationOf(run, info)
  const [channels, height, width] = augmentation.reduce(augmentedShape, info.shape)
  const cells = space.cells.some((cell) => cell.stride === 2) ? { cells: run.cells } : { cellsPerStage: run.cells }
  const network = yield* spaceSearchNetwork(space, {
    ...cells,
    channels: run.channels,
    classes: info.classes,
    image: [settings.batchSize, channels, height, width]
  })
  const programs = yield* stepPrograms(settings, network)
  const parameters = new Map([...programs.weightLayout].map(([name, shape]) => [name.slice("param/".length), shape]))
  const initial = initialWeights(parameters, split(run.seed, "weights"))
  const normalization = normalizationOf(source)
  const plan: GradientPlan<DatasetError> = {
    space,
    settings,
    network,
    examples: images.length,
    seed: run.seed,
    initial: new Map([...initial].map(([name, data]) => [`param/${name}`, data])),
    eigenvalueEvery: run.eigenvalue ? run.eigenvalueEvery : 0,
    batch: (places, { epoch, step, level }) => {
      const indices = places.map((place) => images[place]!)
      const { classes } = info
      const options = { classes, normalization, augmentation, seed: split(run.seed, level), epoch }
      return Effect.map(train.read(indices), (samples) => {
        const { x, targets, shape } = makeBatch(samples, indices, options)
        const made = new Map<string, HostValues>([
          ["x", { shape, data: x }],
          ["targets", { shape: [places.length, classes], data: targets }]
        ])
        const { program, batch } = programs.loss
        for (const name of batch.filter((input) => !made.has(input))) {
          const size = program.nodes[program.inputs.get(name)!]!.shape
          made.set(name, {
            shape: size,
            data: standardNormals(elementCount(size), split(run.seed, name, epoch, step, level))
          })
        }
        return made
      })
    }
  }
  return { plan, info, parameters }
})

/** Where the data of a run lie. Images of a folder are read in the image size. */
export function sourceOf({
  dataset,
  data,
  imageSize
}: Pick<GradientRunSettings, "dataset" | "data" | "imageSize">): Either.Either<DatasetSource, SettingsError> {
  const fail = (problem: string) => Either.left(new SettingsError({ problem }))
  switch (dataset) {
    case "mnist":
      return Either.right({ _tag: "Mnist" })
    case "cifar10":
      return Either.right(data === undefined ? { _tag: "Cifar10" } : { _tag: "Cifar10", from: [data] })
    case "cifar100":
      return Either.right({
        _tag: "Cifar100",
        labels: "fine",
        ...(data === undefined ? {} : { from: [data] as const })
      })
    case "tensor-file":
      if (data === undefined) return fail(`the dataset "tensor-file" needs a safetensors file: --data FILE`)
      return Either.right({ _tag: "TensorFile", from: data })
    case "image-folder":
      if (data === undefined || imageSize === undefined)
        return fail(`the dataset "image-folder" needs a folder and a size: --data FOLDER --image-size 64`)
      return Either.right({ _tag: "ImageFolder", from: data, height: imageSize, width: imageSize })
  }
}

/** The numbers of the training images that take part. */
export function chosenImages(
  { images, seed }: Pick<GradientRunSettings, "images" | "seed">,
  { name, train }: DatasetInfo
): Either.Either<Int32Array, SettingsError> {
  if (images === undefined) return Either.right(Int32Array.from({ length: train }, (_, i) => i))
  if (images > train)
    return Either.left(
      new SettingsError({
        problem: `images (--images): ${images} are asked for, "${name}" has ${train} training images`
      })
    )
  const chosen: Array<number> = []
  for (const place of shuffled(keyOf(split(seed, "images")), train)) if (chosen.push(place) === images) break
  return Either.right(Int32Array.from(chosen))
}

function augmentationOf(
  { imageSize, flip, crop }: GradientRunSettings,
  { shape }: DatasetInfo
): Either.Either<ReadonlyArray<Augmentation>, SettingsError> {
  const [, height, width] = shape
  const size = imageSize ?? height
  if (size > Math.min(height, width))
    return Either.left(
      new SettingsError({
        problem: `image size (--image-size): ${size} is more than the images have, ${height}×${width}`
      })
    )
  const resize = size === height && size === width ? [] : [{ _tag: "Resize", height: size, width: size } as const]
  const cropped = crop === 0 ? [] : [{ _tag: "RandomCrop", padding: crop } as const]
  return Either.right([...resize, ...cropped, ...(flip ? [{ _tag: "Flip" } as const] : [])])
}
