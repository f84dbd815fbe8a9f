import type { Samples } from "./dataset.ts"
import type { Normalization } from "./normalization.ts"

/** Count, mean and summed squared deviations of the values of each channel, white being 1. */
interface ChannelMoments {
  readonly count: number
  readonly means: ReadonlyArray<number>
  readonly deviations: ReadonlyArray<number>
}

/** Moments of no values. */
export const NO_MOMENTS: ChannelMoments = { count: 0, means: [], deviations: [] }

/**
 * The moments with those of further samples. Samples may come in any parts: results differ by
 * rounding alone.
 *
 * Source: Chan, Golub, LeVeque 1979, "Updating formulae and a pairwise algorithm for computing
 * sample variances".
 */
export function addMoments(known: ChannelMoments, { shape, images, labels }: Samples): ChannelMoments {
  const [channels, height, width] = shape
  const plane = height * width
  const white = images instanceof Uint8Array ? 255 : 1
  const added = labels.length * plane
  if (added === 0) return known
  const count = known.count + added
  const means: Array<number> = []
  const deviations: Array<number> = []
  for (let channel = 0; channel < channels; channel++) {
    const each = (take: (value: number) => void) => {
      for (let i = 0; i < labels.length; i++)
        for (let j = 0, at = (i * channels + channel) * plane; j < plane; j++, at++) take(images[at]! / white)
    }
    let [sum, squares] = [0, 0]
    each((value) => {
      sum += value
    })
    const mean = sum / added
    each((value) => {
      squares += (value - mean) ** 2
    })
    const before = known.means[channel] ?? 0
    means.push(before + ((mean - before) * added) / count)
    deviations.push((known.deviations[channel] ?? 0) + squares + ((mean - before) ** 2 * known.count * added) / count)
  }
  return { count, means, deviations }
}

/**
 * Of its mean, the least standard deviation of a channel that counts as one: the resolution of
 * single precision.
 */
const RESOLUTION = 2 ** -23

/**
 * The normalization to mean 0 and standard deviation 1; a channel of one value keeps its scale. Of
 * no values there is none.
 */
export function normalizationOfMoments({ count, means, deviations }: ChannelMoments): Normalization | undefined {
  const [first, ...others] = means
  if (first === undefined) return undefined
  const stds = deviations.map((squares, channel) => {
    const std = Math.sqrt(squares / count)
    return std > RESOLUTION * Math.abs(means[channel]!) ? std : 1
  })
  return { mean: [first, ...others], std: [stds[0]!, ...stds.slice(1)] }
}
