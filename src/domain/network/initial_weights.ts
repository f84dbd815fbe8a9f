import type { Shape } from "../program/operation.ts"
import { elementCount } from "../program/program.ts"
import { keyOf, type Seed, split, uniformAt } from "../random.ts"

/**
 * Weights before any training, as PyTorch draws them by default: filters, matrices and their biases uniform in ±1/√n, where n inputs make an
 * output; normalizations have scale 1 and shift 0. Each parameter has draws of its own by its name, so equal seeds give equal weights.
 */
export function initialWeights(parameters: ReadonlyMap<string, Shape>, seed: Seed): ReadonlyMap<string, Float32Array> {
  return new Map(
    [...parameters].map(([name, shape]) => {
      const data = new Float32Array(elementCount(shape))
      const weight = parameters.get(name.replace(/\.bias$/, ".weight")) ?? shape
      if (weight.length === 1) return [name, data.fill(name.endsWith(".weight") ? 1 : 0)]
      const bound = 1 / Math.sqrt(elementCount(weight.slice(1)))
      const key = keyOf(split(seed, name))
      return [name, data.map((_, i) => bound * (2 * uniformAt(key, i) - 1))]
    })
  )
}
