import * as Schema from "@effect/schema/Schema"
import { Augmentation, CIFAR_AUGMENTATION, IMAGENET_AUGMENTATION } from "../data/augmentation.ts"
import { grouped, optional, type Values } from "../setting/field.ts"
import { oneOf, real, structured, whole, yesNo } from "../setting/kind.ts"
import { OptimizerSettings } from "./optimizer.ts"
import { LearningRateSchedule } from "./schedule.ts"

const Count = Schema.Int.pipe(Schema.positive())
const Positive = Schema.Number.pipe(Schema.positive(), Schema.finite())
const Share = Schema.Number.pipe(Schema.greaterThanOrEqualTo(0), Schema.lessThan(1))

const Stem = Schema.Literal("cifar", "imagenet")

/** How an architecture is trained from scratch: every number of it. */
export const TrainingProtocol = Schema.Struct({
  version: Schema.Literal(1),
  /** How a network of DARTS's skeleton begins. */
  stem: Stem,
  /** Channels of the first cell. */
  channels: Count,
  /** Number of cells; in NAS-Bench-201's skeleton of each stage. */
  cells: Count,
  epochs: Count,
  /** Images of a step. */
  batchSize: Count,
  optimizer: OptimizerSettings,
  schedule: LearningRateSchedule,
  /** Largest norm of all gradients together; none where absent. */
  clip: Schema.optional(Positive),
  /**
   * Probability of dropping a path that the last epoch would be followed by: in epoch e of E it is
   * this, times e / E.
   */
  dropPath: Share,
  /** Weight of the auxiliary head's loss; no head where 0. */
  auxiliaryWeight: Schema.Number.pipe(Schema.nonNegative(), Schema.finite()),
  /** Share of a target that is spread over all classes. */
  labelSmoothing: Share,
  /**
   * Height and width to which images of a folder are brought when they are read; others keep their
   * own.
   */
  readSize: Schema.optional(Count),
  /** What training images go through. */
  augmentation: Schema.Array(Augmentation),
  /** What images go through that are only measured. */
  preparation: Schema.Array(Augmentation)
}).annotations({ identifier: "TrainingProtocol" })
export interface TrainingProtocol extends Schema.Schema.Type<typeof TrainingProtocol> {}

/**
 * The protocols of the publications. `darts-cifar`, `darts-imagenet`: the final trainings of Liu,
 * Simonyan, Yang 2019 (arXiv 1806.09055) and of its code. `nas-bench-201`: the training of every
 * cell of Dong and Yang 2020 (arXiv 2001.00326) table 2. Differs from the code of the ImageNet one:
 * random windows are taken from the central square of an image, brought to 256×256, not from all of
 * it.
 */
export const TRAINING_PROTOCOLS = {
  "darts-cifar": {
    version: 1,
    stem: "cifar",
    channels: 36,
    cells: 20,
    epochs: 600,
    batchSize: 96,
    optimizer: { _tag: "Sgd", momentum: 0.9, nesterov: false, weightDecay: 3e-4 },
    schedule: { _tag: "Cosine", first: 0.025, last: 0, epochs: 600 },
    clip: 5,
    dropPath: 0.2,
    auxiliaryWeight: 0.4,
    labelSmoothing: 0,
    augmentation: [...CIFAR_AUGMENTATION, { _tag: "Cutout", size: 16 }],
    preparation: []
  },
  "darts-imagenet": {
    version: 1,
    stem: "imagenet",
    channels: 48,
    cells: 14,
    epochs: 250,
    batchSize: 128,
    optimizer: { _tag: "Sgd", momentum: 0.9, nesterov: false, weightDecay: 3e-5 },
    schedule: { _tag: "Exponential", first: 0.1, factor: 0.97 },
    clip: 5,
    dropPath: 0,
    auxiliaryWeight: 0.4,
    labelSmoothing: 0.1,
    readSize: 256,
    augmentation: IMAGENET_AUGMENTATION,
    preparation: [{ _tag: "CenterCrop", height: 224, width: 224 }]
  },
  "nas-bench-201": {
    version: 1,
    stem: "cifar",
    channels: 16,
    cells: 5,
    epochs: 200,
    batchSize: 256,
    optimizer: { _tag: "Sgd", momentum: 0.9, nesterov: true, weightDecay: 5e-4 },
    schedule: { _tag: "Cosine", first: 0.1, last: 0, epochs: 200 },
    dropPath: 0,
    auxiliaryWeight: 0,
    labelSmoothing: 0,
    augmentation: CIFAR_AUGMENTATION,
    preparation: []
  }
} as const satisfies Record<string, TrainingProtocol>

/** One of `TRAINING_PROTOCOLS`. */
export type TrainingProtocolName = keyof typeof TRAINING_PROTOCOLS

/** Whether a name is that of a protocol. */
export function isTrainingProtocol(name: string): name is TrainingProtocolName {
  return Object.hasOwn(TRAINING_PROTOCOLS, name)
}

/**
 * Numbers of a protocol, and whole parts of it that only a config file gives; numbers go before
 * parts.
 */
export const protocolFields = grouped("Training, by default as its protocol", {
  stem: optional(oneOf("cifar", "imagenet"), "how a network of DARTS's skeleton begins", ""),
  channels: optional(whole(1), "channels of the first cell", ""),
  cells: optional(whole(1), "cells; in nas-bench-201 of each stage", ""),
  epochs: optional(whole(1), "epochs; a cosine ends with them", ""),
  batchSize: optional(whole(1), "images of a step", ""),
  learningRate: optional(real({ above: 0 }), "of the first epoch", ""),
  lastLearningRate: optional(real({ from: 0 }), "that a cosine ends with", ""),
  learningRateFactor: optional(real({ above: 0, to: 1 }), "of an exponential schedule, an epoch", ""),
  warmup: optional(whole(0, "epochs"), "over which the learning rate grows first", ""),
  momentum: optional(real({ from: 0, below: 1 }), "of SGD; beta1 of Adam", ""),
  weightDecay: optional(real({ from: 0 }), "weight decay", ""),
  clip: optional(real({ from: 0 }), "largest norm of all gradients; 0 for none", ""),
  dropPath: optional(real({ from: 0, below: 1 }), "probability of dropping a path, at the end", ""),
  auxiliaryWeight: optional(real({ from: 0 }), "of the auxiliary head's loss; 0 for none", ""),
  labelSmoothing: optional(real({ from: 0, below: 1 }), "share of a target over all classes", ""),
  crop: optional(whole(0, "pixels"), "padding of a random crop; 0 for none", ""),
  flip: optional(yesNo, "mirror images at random", ""),
  cutout: optional(whole(0, "pixels"), "side of a square painted over; 0 for none", ""),
  optimizer: optional(structured(OptimizerSettings), "the optimizer", ""),
  schedule: optional(structured(LearningRateSchedule), "the learning rate's schedule", ""),
  augmentation: optional(structured(Schema.Array(Augmentation)), "what training images go through", ""),
  preparation: optional(structured(Schema.Array(Augmentation)), "what measured images go through", "")
})

/**
 * What goes before the numbers of a protocol, and the size of the images; the rest is the
 * protocol's.
 */
export type ProtocolChanges = Partial<Values<typeof protocolFields>> & { readonly imageSize?: number | undefined }

/** A protocol with changes. */
export function changedProtocol(protocol: TrainingProtocol, changes: ProtocolChanges): TrainingProtocol {
  const { clip = protocol.clip, imageSize } = changes
  const { clip: _, readSize: __, ...rest } = protocol
  const epochs = changes.epochs ?? protocol.epochs
  const preparation = changes.preparation ?? protocol.preparation
  return {
    ...rest,
    stem: changes.stem ?? protocol.stem,
    channels: changes.channels ?? protocol.channels,
    cells: changes.cells ?? protocol.cells,
    epochs,
    batchSize: changes.batchSize ?? protocol.batchSize,
    optimizer: changedOptimizer(changes.optimizer ?? protocol.optimizer, changes),
    schedule: changedSchedule(changes.schedule ?? protocol.schedule, epochs, changes),
    ...(clip === undefined || clip === 0 ? {} : { clip }),
    dropPath: changes.dropPath ?? protocol.dropPath,
    auxiliaryWeight: changes.auxiliaryWeight ?? protocol.auxiliaryWeight,
    labelSmoothing: changes.labelSmoothing ?? protocol.labelSmoothing,
    ...readSizeOf(protocol.readSize, preparation, imageSize),
    augmentation: sized(changedAugmentation(changes.augmentation ?? protocol.augmentation, changes), imageSize),
    preparation: sized(preparation, imageSize)
  }
}

function changedOptimizer(optimizer: OptimizerSettings, changes: ProtocolChanges): OptimizerSettings {
  const { weightDecay = optimizer.weightDecay, momentum } = changes
  if (optimizer._tag === "Adam") return { ...optimizer, weightDecay, beta1: momentum ?? optimizer.beta1 }
  const own = momentum ?? optimizer.momentum
  return { ...optimizer, weightDecay, momentum: own, nesterov: optimizer.nesterov && own > 0 }
}

function changedSchedule(
  schedule: LearningRateSchedule,
  epochs: number,
  { learningRate, lastLearningRate, learningRateFactor, warmup }: ProtocolChanges
): LearningRateSchedule {
  const inner = schedule._tag === "LinearWarmup" ? schedule.schedule : schedule
  const first = learningRate ?? inner.first
  const rising = warmup ?? (schedule._tag === "LinearWarmup" ? schedule.epochs : 0)
  const changed =
    inner._tag === "Cosine"
      ? { ...inner, first, last: lastLearningRate ?? inner.last, epochs }
      : inner._tag === "Exponential"
        ? { ...inner, first, factor: learningRateFactor ?? inner.factor }
        : { ...inner, first }
  return rising === 0 ? changed : { _tag: "LinearWarmup", epochs: rising, schedule: changed }
}

/** Windows, crops, flips, what else there is, squares: the order of the references. */
function changedAugmentation(
  list: ReadonlyArray<Augmentation>,
  { crop, flip, cutout }: ProtocolChanges
): ReadonlyArray<Augmentation> {
  const own = (tag: Augmentation["_tag"]) => list.filter((one) => one._tag === tag)
  const given = (one: Augmentation, wanted: boolean | undefined) =>
    wanted === undefined ? own(one._tag) : wanted ? [one] : []
  const others = list.filter(({ _tag }) => !["RandomResizedCrop", "RandomCrop", "Flip", "Cutout"].includes(_tag))
  return [
    ...own("RandomResizedCrop"),
    ...given({ _tag: "RandomCrop", padding: crop ?? 0 }, crop === undefined ? undefined : crop > 0),
    ...given({ _tag: "Flip" }, flip),
    ...others,
    ...given({ _tag: "Cutout", size: cutout ?? 0 }, cutout === undefined ? undefined : cutout > 0)
  ]
}

/** Windows of a list take the size; where it has none, images are averaged to it first. */
function sized(list: ReadonlyArray<Augmentation>, size: number | undefined): ReadonlyArray<Augmentation> {
  if (size === undefined) return list
  const isWindow = ({ _tag }: Augmentation) => _tag === "RandomResizedCrop" || _tag === "CenterCrop"
  if (!list.some(isWindow)) return [{ _tag: "Resize", height: size, width: size }, ...list]
  return list.map((one) =>
    one._tag === "RandomResizedCrop" || one._tag === "CenterCrop" ? { ...one, height: size, width: size } : one
  )
}

/**
 * The size that images of a folder are read in keeps its ratio to that of the central window;
 * without one it is the images' own.
 */
function readSizeOf(
  readSize: number | undefined,
  preparation: ReadonlyArray<Augmentation>,
  imageSize: number | undefined
): { readonly readSize?: number } {
  if (imageSize === undefined) return readSize === undefined ? {} : { readSize }
  const window = preparation.find((one) => one._tag === "CenterCrop")
  if (readSize === undefined || window === undefined) return { readSize: imageSize }
  return { readSize: Math.round((imageSize * readSize) / window.height) }
}
