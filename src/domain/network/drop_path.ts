import { keyOf, type Seed, uniformAt } from "../random.ts"

/**
 * The input `drop/<place>` [batch, 1, 1, 1] of a training step: per image 0 with the given
 * probability in [0, 1), else 1 / (1 − probability), so that the mean stays.
 *
 * Source: `drop_path` in the code of Liu, Simonyan, Yang 2019 (arXiv 1806.09055); Larsson, Maire,
 * Shakhnarovich 2017 (arXiv 1605.07648).
 */
export function dropPathMask(batch: number, probability: number, seed: Seed): Float32Array {
  const key = keyOf(seed)
  return Float32Array.from({ length: batch }, (_, i) => (uniformAt(key, i) < probability ? 0 : 1 / (1 - probability)))
}
