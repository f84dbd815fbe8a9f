import type { Shape } from "../program/operation.ts"
import { elementCount } from "../program/program.ts"
import { type Key, keyOf, type Seed, split, uniformAt } from "../random.ts"

/**
 * How convolutions begin. `pytorch`: uniform in ±1/√(fan-in), PyTorch's default. `kaiming`: normal
 * of standard deviation √(2/fan-in), He et al. 2015 (arXiv 1502.01852) eq. 10.
 */
type InitialScheme = "pytorch" | "kaiming"

/**
 * The parameters at the start of training, row-major, by name. Convolutions as `scheme` says;
 * linear layers and biases uniform in ±1/√(fan-in), that of their weight; normalizations, which are
 * weights of one axis, have scale 1 and shift 0. Each tensor has its own stream of (seed, name), so
 * neither order nor company of the parameters matters.
 *
 * Source: the defaults of PyTorch's layers, `kaiming_uniform_(a=√5)`.
 */
export function initialWeights(
  parameters: ReadonlyMap<string, Shape>,
  seed: Seed,
  scheme: InitialScheme = "pytorch"
): Map<string, Float32Array> {
  return new Map(
    [...parameters].map(([name, shape]) => {
      const data = new Float32Array(elementCount(shape))
      const weight = name.endsWith(".bias") ? parameters.get(name.replace(/bias$/, "weight")) : shape
      if (weight === undefined || weight.length === 1) return [name, name.endsWith(".bias") ? data : data.fill(1)]
      const fanIn = elementCount(weight.slice(1))
      const key = keyOf(split(seed, name))
      return [
        name,
        scheme === "kaiming" && shape.length === 4
          ? normal(data, key, Math.sqrt(2 / fanIn))
          : uniform(data, key, 1 / Math.sqrt(fanIn))
      ]
    })
  )
}

function uniform(data: Float32Array, key: Key, bound: number): Float32Array {
  for (let i = 0; i < data.length; i++) data[i] = bound * (2 * uniformAt(key, i) - 1)
  return data
}

/** Box and Muller's pairs: draws 2i and 2i + 1 make elements 2i and 2i + 1. */
function normal(data: Float32Array, key: Key, deviation: number): Float32Array {
  for (let i = 0; i < data.length; i += 2) {
    const radius = deviation * Math.sqrt(-2 * Math.log(1 - uniformAt(key, i)))
    const angle = 2 * Math.PI * uniformAt(key, i + 1)
    data[i] = radius * Math.cos(angle)
    if (i + 1 < data.length) data[i + 1] = radius * Math.sin(angle)
  }
  return data
}
