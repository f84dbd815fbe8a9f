import type { Shape } from "../program/operation.ts"
import { elementCount } from "../program/program.ts"
import { keyOf, type Seed, split, uniformAt } from "../random.ts"

/**
 * PyTorch's own initial weights, by the names of a network's parameters (without `param/`): convolutions and linear layers uniform within
 * ±1/√fan-in, their biases too; normalizations scale by 1 and shift by 0. Each tensor has its own stream, so their order does not matter.
 *
 * Source: PyTorch's `reset_parameters` of Conv2d and Linear, kaiming_uniform with a = √5.
 */
export function initialWeights(parameters: ReadonlyMap<string, Shape>, seed: Seed): Map<string, Float32Array> {
  return new Map(
    [...parameters].map(([name, shape]) => {
      const count = elementCount(shape)
      const layer = name.slice(0, name.lastIndexOf("."))
      const weight = name.endsWith(".bias") ? parameters.get(`${layer}.weight`) : shape
      if (weight === undefined || weight.length < 2)
        return [name, new Float32Array(count).fill(name.endsWith(".bias") ? 0 : 1)]
      const bound = 1 / Math.sqrt(elementCount(weight.slice(1)))
      const key = keyOf(split(seed, name))
      return [name, Float32Array.from({ length: count }, (_, i) => bound * (2 * uniformAt(key, i) - 1))]
    })
  )
}
