import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import { augmentedShape } from "../../domain/data/augment.ts"
import type { Augmentation } from "../../domain/data/augmentation.ts"
import type { DatasetInfo, ImageShape } from "../../domain/data/dataset.ts"
import { chosenImages, sourceOf } from "../../domain/data/images_of_run.ts"
import { type Normalization, normalizationOf } from "../../domain/data/normalization.ts"
import { halvingsOf } from "../../domain/network/cell_networks.ts"
import { classifierProgram } from "../../domain/network/classifier_program.ts"
import { describeNetwork } from "../../domain/network/describe_network.ts"
import { initialWeights } from "../../domain/network/initial_weights.ts"
import type { Shape } from "../../domain/program/operation.ts"
import { fullName } from "../../domain/program/port.ts"
import { simplify } from "../../domain/program/rewrite.ts"
import { split } from "../../domain/random.ts"
import { SettingsError } from "../../domain/setting/settings_error.ts"
import { splitExamples } from "../../domain/training/epoch_plan.ts"
import type { TrainingProtocol } from "../../domain/training/protocol.ts"
import type { TrainingRunSettings } from "../../domain/training/run_settings.ts"
import type { Subject } from "../../domain/training/subject.ts"
import { initialTrainingState, trainingStep } from "../../domain/training/training_step.ts"
import { type Dataset, Datasets } from "../ports/datasets.ts"
import type { HostValues } from "../ports/tensor_backend.ts"
import { measureNormalization } from "./measure_normalization.ts"
import { checkStatistics } from "./plan_darts.ts"
import type { TrainingPlan } from "./train_network.ts"

/** The settings that say which images are trained with, and how. */
export type TrainingData = Pick<TrainingRunSettings, "dataset" | "validation" | "seed"> &
  Partial<Pick<TrainingRunSettings, "data" | "images" | "imageSize" | "classes" | "renumber">>

/** Images ready for trainings of any architecture. */
export interface TrainingImages extends Pick<TrainingPlan, "parts" | "request" | "classes" | "seed"> {
  readonly dataset: Dataset
  /** How images are prepared that are only measured. */
  readonly measured: TrainingPlan["measure"]["request"]
  readonly normalization: Normalization | undefined
  /** Of the images that a network sees. */
  readonly shape: ImageShape
}

/**
 * Open the data of a training. Data without a customary normalization get that of the training
 * images.
 */
export const openTrainingImages = Effect.fn("openTrainingImages")(function* (
  run: TrainingData,
  protocol: TrainingProtocol
) {
  const source = yield* sourceOf({ ...run, imageSize: protocol.readSize })
  const dataset = yield* Effect.flatMap(Datasets, ({ open }) => open(source))
  const { info } = dataset
  const chosen = yield* chosenImages(run, info)
  const places = splitExamples(chosen.length, run.validation, run.seed)
  const parts = {
    training: places.training.map((place) => chosen[place]!),
    validation: places.validation.map((place) => chosen[place]!)
  }
  if (run.validation > 0 && parts.validation.length === 0)
    return yield* new SettingsError({
      problem: `\`validation\`: ${run.validation} of ${chosen.length} images is less than one image; give at least ${leastShare(chosen.length)}`
    })
  if (parts.training.length < protocol.batchSize)
    return yield* new SettingsError({
      problem: `\`batchSize\`: a step takes ${protocol.batchSize} images, and ${parts.training.length} are trained with; give ${Math.max(1, parts.training.length)} or less`
    })
  const augmentation = needed(protocol.augmentation, info.shape)
  const preparation = needed(protocol.preparation, info.shape)
  const shape = yield* shapeAfter(augmentation, info)
  const measuredShape = yield* shapeAfter(preparation, info)
  if (measuredShape.join() !== shape.join())
    return yield* new SettingsError({
      problem: `augmentation and preparation lead to images of ${shape.join("×")} and ${measuredShape.join("×")}`
    })
  const normalization = normalizationOf(source) ?? (yield* measureNormalization(dataset.train, parts.training))
  const options = { classes: info.classes, normalization }
  const images: TrainingImages = {
    dataset,
    parts,
    classes: info.classes,
    seed: run.seed,
    normalization,
    shape,
    request: (indices, epoch) => ({ indices, options: { ...options, augmentation, seed: run.seed, epoch } }),
    measured: (indices) => ({ indices, options: { ...options, augmentation: preparation, seed: run.seed } })
  }
  return images
})

/** The least share, in few digits, that is an image of so many. */
function leastShare(images: number): number {
  const digits = 10 ** Math.ceil(Math.log10(images) + 1)
  return Math.ceil(digits / images) / digits
}

/** How many of the training images take part. */
export function usedImages({ parts }: Pick<TrainingImages, "parts">) {
  return { training: parts.training.length, validation: parts.validation.length }
}

/** A list without averaging images to the size that they have. */
function needed(list: ReadonlyArray<Augmentation>, [, height, width]: ImageShape): ReadonlyArray<Augmentation> {
  return list.filter((one) => one._tag !== "Resize" || one.height !== height || one.width !== width)
}

/**
 * The shape of images after a list; images are neither averaged to a larger size nor cut to a
 * larger window.
 */
function shapeAfter(
  list: ReadonlyArray<Augmentation>,
  { shape }: DatasetInfo
): Either.Either<ImageShape, SettingsError> {
  let now = shape
  for (const one of list) {
    const next = augmentedShape(now, one)
    if (one._tag !== "RandomResizedCrop" && (next[1] > now[1] || next[2] > now[2]))
      return Either.left(
        new SettingsError({
          problem: `\`imageSize\`: ${next[1]}×${next[2]} is more than the images have, ${now[1]}×${now[2]}`
        })
      )
    now = next
  }
  return Either.right(now)
}

/**
 * Parameters and multiply-adds of a network, without its auxiliary head; shapes of all parameters
 * by the references' names.
 */
interface TrainedNetwork {
  readonly parameters: number
  readonly multiplyAdds: number
  readonly shapes: ReadonlyMap<string, Shape>
}

/** Refuse a protocol that no network of a skeleton can be trained by, on images of a shape. */
export function checkTraining(
  { auxiliaryWeight, batchSize, cells, stem }: TrainingProtocol,
  skeleton: Subject["skeleton"],
  shape: ImageShape
): Either.Either<void, SettingsError> {
  if (auxiliaryWeight > 0 && skeleton === "nas-bench-201")
    return Either.left(
      new SettingsError({
        problem: "`auxiliaryWeight`: a network of NAS-Bench-201's skeleton has no auxiliary head; give 0"
      })
    )
  return checkStatistics([batchSize, ...shape], halvingsOf(skeleton, cells, stem))
}

/**
 * The plan of an architecture's training, and the network's size. Test images are measured where
 * `tested` is true and there are some.
 */
export const planTraining = Effect.fn("planTraining")(function* (
  protocol: TrainingProtocol,
  subject: Subject,
  images: TrainingImages,
  tested: boolean
) {
  const { dataset, shape, measured, parts, request, classes, seed } = images
  yield* checkTraining(protocol, subject.skeleton, shape)
  const sizes = { channels: protocol.channels, cells: protocol.cells, classes, stem: protocol.stem }
  const full = yield* subject.network({
    ...sizes,
    auxiliary: protocol.auxiliaryWeight > 0,
    dropPath: protocol.dropPath > 0
  })
  const plain = yield* subject.network({ ...sizes, auxiliary: false, dropPath: false })
  const forward = yield* classifierProgram(
    {
      image: [protocol.batchSize, ...shape],
      classes,
      statistics: "batch",
      auxiliaryWeight: protocol.auxiliaryWeight
    },
    full
  )
  const step = yield* trainingStep(forward.program, { optimizer: protocol.optimizer, clip: protocol.clip })
  const weights = initialWeights(forward.parameters, split(seed, "weights"))
  const initial = new Map<string, HostValues>()
  for (const [name, data] of initialTrainingState(step, weights))
    initial.set(name, { shape: step.state.get(name)!.shape, data })
  for (const [name, own] of forward.parameters) {
    const full = fullName({ role: "parameter", name })
    if (!initial.has(full)) initial.set(full, { shape: own, data: weights.get(name)! })
  }
  const { parameters, multiplyAdds } = yield* describeNetwork([1, ...shape], plain)
  const plan: TrainingPlan = {
    protocol,
    epochs: protocol.epochs,
    seed,
    step,
    initial,
    measure: {
      batchSize: protocol.batchSize,
      program: (count) =>
        Either.map(classifierProgram({ image: [count, ...shape], classes, statistics: "running" }, plain), (made) =>
          simplify(made.program, ["loss", "correct"])
        ),
      request: measured
    },
    classes,
    train: dataset.train,
    parts,
    test: tested && dataset.info.test > 0 ? dataset.test : undefined,
    request
  }
  const network: TrainedNetwork = { parameters, multiplyAdds, shapes: forward.parameters }
  return { plan, network }
})
