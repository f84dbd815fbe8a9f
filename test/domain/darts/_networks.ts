import * as Either from "effect/Either"
import { type LossProgram, lossProgram } from "../../../src/domain/darts/loss_program.ts"
import type { Relaxation } from "../../../src/domain/darts/relaxation.ts"
import type { RelaxedMaps } from "../../../src/domain/neighborhood/relaxed_maps.ts"
import { type RelaxedShape, relaxedShape } from "../../../src/domain/neighborhood/relaxed_shape.ts"
import { linear, parameter } from "../../../src/domain/network/layers.ts"
import { nasBench201SearchNetwork } from "../../../src/domain/network/nas_bench_201_networks.ts"
import { classifierNetwork, type SearchNetwork } from "../../../src/domain/network/search_network.ts"
import type { Program } from "../../../src/domain/program/program.ts"
import { elementCount } from "../../../src/domain/program/program.ts"
import { keyOf, uniformAt } from "../../../src/domain/random.ts"
import { builtinSpace } from "../../../src/domain/space/spaces.ts"

export const PLAIN: Relaxation = { sampled: false, mapped: false }
export const MAPPED: Relaxation = { sampled: false, mapped: true }

/** NAS-Bench-201's search network at its smallest: 2 channels, a cell a stage, 2 images of 8×8. */
export const cellNetwork: SearchNetwork = classifierNetwork(
  { shape: relaxedShape(builtinSpace("nas-bench-201")), image: [2, 3, 8, 8], classes: 3 },
  (net, image, probabilities) =>
    nasBench201SearchNetwork(net, image, { channels: 2, cellsPerStage: 1, classes: 3 }, probabilities.get("cell")!)
)

/**
 * A smooth network of few operations over any shape: two linear layers of 2 features, one weighted
 * by Σ p·m with parameters m.
 */
export function smoothNetwork(shape: RelaxedShape): SearchNetwork {
  return classifierNetwork({ shape, image: [3, 2, 1, 1], classes: 3 }, (net, image, probabilities) => {
    const { b } = net
    const features = b.reshape(image, [3, 2])
    const sums = shape.map(({ name, edges, width }) => {
      const weights = parameter(net, name, [edges.length, width])
      return b.sum(b.times(b.times(probabilities.get(name)!, weights), weights), [0, 1])
    })
    const mixed = sums.reduce((sum, term) => b.plus(sum, term))
    return b.plus(linear(net, "first", features, 3), b.times(mixed, linear(net, "second", features, 3)))
  })
}

/** A network whose loss is linear in the probabilities: Σ p·m with parameters m. */
export function linearNetwork(shape: RelaxedShape): SearchNetwork {
  const image = [1, 1, 1, 1]
  return {
    shape,
    image,
    classes: 1,
    build: (net, inputs) => {
      const { b } = net
      const sums = shape.map(({ name, edges, width }) => {
        const weights = parameter(net, name, [edges.length, width])
        return b.reshape(b.sum(b.times(inputs.probabilities.get(name)!, weights), [0, 1]), [])
      })
      return { loss: sums.reduce((sum, term) => b.plus(sum, term)), logits: b.reshape(inputs.image, [1, 1]) }
    }
  }
}

/** Cells whose edges have 2, 3 and 1 operations, and 2. */
export const RAGGED: RelaxedShape = [
  { name: "normal", edges: [["a", "b"], ["none", "a", "b"], ["a"]], width: 3 },
  { name: "reduction", edges: [["a", "b"]], width: 2 }
]

export const loss = (network: SearchNetwork, relaxation: Relaxation): LossProgram =>
  Either.getOrThrow(lossProgram(network, relaxation))

/**
 * Numbers for all inputs of programs: targets one-hot, alpha between −1 and 1, the rest around 0;
 * equal names, equal numbers.
 */
export function numbers(...programs: ReadonlyArray<Program>): Map<string, Float64Array> {
  const made = new Map<string, Float64Array>()
  for (const program of programs) {
    for (const [name, { shape }] of program.inputs) {
      const key = keyOf(name)
      const value = name.endsWith("targets")
        ? (i: number) => (i % (shape[1]! + 1) === 0 ? 1 : 0)
        : (i: number) => 2 * uniformAt(key, i) - 1
      made.set(
        name,
        Float64Array.from({ length: elementCount(shape) }, (_, i) => value(i))
      )
    }
  }
  return made
}

/** Maps as inputs of a program. */
export function mapInputs(maps: RelaxedMaps): ReadonlyArray<readonly [string, Float64Array]> {
  return [...maps].flatMap(([name, { map, add }]) => [[`map/${name}`, map] as const, [`add/${name}`, add] as const])
}

/** The largest difference of two arrays of one length, by the largest magnitude of the second. */
export function relativeError(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let [difference, top] = [a.length === b.length ? 0 : Number.POSITIVE_INFINITY, 0]
  for (let i = 0; i < b.length; i++) {
    difference = Math.max(difference, Math.abs(a[i]! - b[i]!))
    top = Math.max(top, Math.abs(b[i]!))
  }
  return difference / Math.max(top, 1e-300)
}
