import { dropPathMask } from "../network/drop_path.ts"
import type { Shape } from "../program/operation.ts"
import type { Port } from "../program/port.ts"
import { elementCount } from "../program/program.ts"
import { keyOf, type Seed, shuffled, split, standardNormals } from "../random.ts"
import { labelTargets } from "./label_smoothing.ts"
import type { TrainingProtocol } from "./protocol.ts"
import { learningRateAt } from "./schedule.ts"

/** The images of a training, as numbers below the number of examples. */
export interface TrainingParts {
  /** Those that the weights are trained with. */
  readonly training: Int32Array
  /** Those that are only measured. */
  readonly validation: Int32Array
}

/**
 * Split a number of examples at random, once per seed: a share is held out for validation, rounded
 * down.
 */
export function splitExamples(examples: number, validationShare: number, seed: Seed): TrainingParts {
  const order = Int32Array.from(shuffled(keyOf(split(seed, "split")), examples))
  const border = examples - Math.floor(validationShare * examples)
  return { training: order.slice(0, border), validation: order.slice(border) }
}

/** What stays the same over an epoch of a training. */
export interface TrainingEpoch {
  readonly epoch: number
  /** The training images in this epoch's order. */
  readonly images: Int32Array
  /**
   * Number of steps: full batches. What does not fill a batch rests until the next epoch's order.
   */
  readonly steps: number
  readonly learningRate: number
  /** Probability of dropping a path. */
  readonly dropPath: number
}

/** The plan of an epoch: a function of the protocol, the images, the seed and the epoch alone. */
export function planTrainingEpoch(
  protocol: TrainingProtocol,
  training: Int32Array,
  seed: Seed,
  epoch: number
): TrainingEpoch {
  const order = shuffled(keyOf(split(seed, "epoch", epoch, "order")), training.length)
  return {
    epoch,
    images: Int32Array.from(order, (place) => training[place]!),
    steps: Math.floor(training.length / protocol.batchSize),
    learningRate: learningRateAt(protocol.schedule, epoch),
    dropPath: (protocol.dropPath * epoch) / protocol.epochs
  }
}

/** The images of a step. */
export function stepImages(protocol: TrainingProtocol, { images }: TrainingEpoch, step: number): Int32Array {
  return images.slice(step * protocol.batchSize, (step + 1) * protocol.batchSize)
}

/**
 * What a network takes besides images, targets and its state, drawn by `seed`: per image the masks
 * `drop/<place>`, all 1 at the probability 0, and the standard normal numbers `noise/<place>`.
 */
export function randomInputs(
  batch: ReadonlyMap<string, Port>,
  dropPath: number,
  seed: Seed
): ReadonlyMap<string, { readonly shape: Shape; readonly data: Float32Array }> {
  return new Map(
    [...batch].flatMap(([name, { role, shape }]) => {
      const own = split(seed, name)
      if (role === "mask") return [[name, { shape, data: dropPathMask(elementCount(shape), dropPath, own) }] as const]
      if (role === "noise") return [[name, { shape, data: standardNormals(elementCount(shape), own) }] as const]
      return []
    })
  )
}

/** Targets [images, classes] with a share spread over all classes, from one-hot ones. */
export function smoothed(targets: Float32Array, classes: number, smoothing: number): Float32Array {
  if (smoothing === 0) return targets
  const labels = Int32Array.from({ length: targets.length / classes }, (_, i) =>
    targets.subarray(i * classes, (i + 1) * classes).indexOf(1)
  )
  return labelTargets(labels, classes, smoothing)
}
