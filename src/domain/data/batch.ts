import { keyOf, type Seed, split, threefry } from "../random.ts"
import { makeAugmenter } from "./augment.ts"
import type { Augmentation } from "./augmentation.ts"
import type { Samples } from "./dataset.ts"
import type { Normalization } from "./normalization.ts"

/** How samples become a batch. */
export interface BatchOptions {
  /** Length of a target. */
  readonly classes: number
  /** Without it, values stay between 0 and 1. Its first channel serves those that it lacks. */
  readonly normalization?: Normalization | undefined
  /** None by default, as for evaluation. */
  readonly augmentation?: ReadonlyArray<Augmentation>
  /** With the epoch and the sample's number it decides the augmentation. "0" by default. */
  readonly seed?: Seed
  /** 0 by default. */
  readonly epoch?: number
}

/** Which samples become a batch, by their numbers in their dataset, and how. */
export interface BatchRequest {
  readonly indices: ArrayLike<number>
  readonly options: BatchOptions
}

/** What a training step takes. */
export interface Batch {
  /** Batch, channels, height, width. */
  readonly shape: readonly [number, number, number, number]
  /** [batch, channels, height, width] */
  readonly x: Float32Array<ArrayBuffer>
  /** [batch, classes], one-hot */
  readonly targets: Float32Array<ArrayBuffer>
}

/**
 * The batch of samples: augmented, normalized, labels one-hot. `indices` are the samples' numbers
 * in their dataset, in order; a sample is augmented alike in whichever batch it comes, and
 * otherwise in every epoch. Without augmentation the values are, bit for bit, those of
 * torchvision's `ToTensor` and `Normalize`.
 */
export function makeBatch(samples: Samples, indices: ArrayLike<number>, options: BatchOptions): Batch {
  const { classes, normalization, augmentation = [], seed = "0", epoch = 0 } = options
  const { images, labels } = samples
  const [channels, height, width] = samples.shape
  const means = channelValues(normalization?.mean ?? [0], channels)
  const stds = channelValues(normalization?.std ?? [1], channels)
  const augmenter = makeAugmenter(samples.shape, augmentation, [...means])
  const white = images instanceof Uint8Array ? 255 : 1
  const size = channels * height * width
  const [, newHeight, newWidth] = augmenter.shape
  const plane = newHeight * newWidth
  const count = labels.length
  const x = new Float32Array(count * channels * plane)
  const targets = new Float32Array(count * classes)
  const epochKey = keyOf(split(seed, "augmentation", epoch))
  for (let i = 0; i < count; i++) {
    for (let j = 0, from = i * size; j < size; j++, from++) augmenter.input[j] = images[from]! / white
    const image = augmenter.augment(threefry(epochKey, 0, indices[i]!))
    for (let channel = 0; channel < channels; channel++) {
      const mean = means[channel]!
      const std = stds[channel]!
      const to = (i * channels + channel) * plane
      for (let j = 0; j < plane; j++) x[to + j] = Math.fround(image[channel * plane + j]! - mean) / std
    }
    targets[i * classes + labels[i]!] = 1
  }
  return { shape: [count, channels, newHeight, newWidth], x, targets }
}

/**
 * A value for each channel, in single precision, so that a channel's mean normalizes to exactly 0.
 */
function channelValues(values: ReadonlyArray<number>, channels: number): Float32Array {
  return Float32Array.from({ length: channels }, (_, channel) => values[channel] ?? values[0]!)
}
