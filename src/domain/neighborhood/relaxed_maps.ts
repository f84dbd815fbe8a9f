import * as Schema from "@effect/schema/Schema"
import type { RelaxedArchitecture } from "../architecture/relaxed.ts"
import { type RelaxedNeighbor, takingPart } from "./relaxed_neighbors.ts"
import type { RelaxedShape } from "./relaxed_shape.ts"

/**
 * What a changed edge's distribution p becomes under a shift s. P_s moves the share of each operation to the one s places
 * after it, cyclically, among the operations that take part; l is the operation s places after the largest of them.
 *
 * - `Shift`: P_s p. Linear; at a one-hot p exactly "another operation on this edge". TV as large as p is uneven.
 * - `Swap`: the largest entry and that of l exchanged.
 * - `Hard`: one-hot(l), the discrete neighbor itself; no gradient reaches the edge.
 * - `Mix`: (1 − ρ) p + ρ one-hot(l), at the distance ρ (1 − p[l]).
 *
 * Which entry is largest is a constant of the derivative. At a one-hot p the first three are the same change.
 *
 * Source: ours, after Wang et al. 2021 (arXiv 2105.06369).
 */
export const Representation = Schema.Union(
  Schema.TaggedStruct("Shift", {}),
  Schema.TaggedStruct("Swap", {}),
  Schema.TaggedStruct("Hard", {}),
  Schema.TaggedStruct("Mix", { rho: Schema.Number.pipe(Schema.greaterThan(0), Schema.lessThanOrEqualTo(1)) })
).annotations({ identifier: "Representation" })
export type Representation = typeof Representation.Type

/**
 * An affine map of each row of a cell: p'[j] = Σ_k p[k]·map[k, j] + add[j]. `map` is [edges, width, width], `add`
 * [edges, width], row-major.
 */
export interface RelaxedMap {
  readonly map: Float64Array
  readonly add: Float64Array
}

/** Per cell, by its name, the map of its rows. */
export type RelaxedMaps = ReadonlyMap<string, RelaxedMap>

/** The maps that change nothing. */
export function identityMaps(shape: RelaxedShape): RelaxedMaps {
  return new Map(
    shape.map(({ name, edges, width }) => {
      const map = new Float64Array(edges.length * width * width)
      for (let row = 0; row < edges.length * width; row++) map[row * width + (row % width)] = 1
      return [name, { map, add: new Float64Array(edges.length * width) }]
    })
  )
}

/**
 * The maps that lead from a center to its neighbor: what enters a program, so that one program serves every draw. `none` as
 * in the draw. Of `center` only the place of each changed row's largest entry matters, and to `Shift` nothing.
 */
export function relaxedMaps(
  shape: RelaxedShape,
  { representation, none }: { readonly representation: Representation; readonly none: boolean },
  neighbor: RelaxedNeighbor,
  center: RelaxedArchitecture
): RelaxedMaps {
  const maps = identityMaps(shape)
  const operations = takingPart(shape, none)
  let first = 0
  for (const { name, edges, width } of shape) {
    const { map, add } = maps.get(name)!
    for (const { edge, shift } of neighbor) {
      const e = edge - first
      if (e < 0 || e >= edges.length) continue
      const row = (k: number) => (e * width + k) * width
      const candidates = operations[edge]!
      const after = (k: number) => candidates[(candidates.indexOf(k) + shift) % candidates.length]!
      const largest = candidates.reduce((best, k) => (center[edge]![k]! > center[edge]![best]! ? k : best))
      const other = after(largest)
      switch (representation._tag) {
        case "Shift":
          for (const k of candidates) map[row(k) + k] = 0
          for (const k of candidates) map[row(k) + after(k)] = 1
          break
        case "Swap":
          for (const k of [largest, other]) map[row(k) + k] = 0
          map[row(largest) + other] = 1
          map[row(other) + largest] = 1
          break
        case "Hard":
          map.fill(0, row(0), row(width))
          add[e * width + other] = 1
          break
        case "Mix":
          for (let k = 0; k < width; k++) map[row(k) + k] = 1 - representation.rho
          add[e * width + other] = representation.rho
          break
      }
    }
    first += edges.length
  }
  return maps
}

/** The image of a relaxed architecture under maps. */
export function applyMaps(shape: RelaxedShape, maps: RelaxedMaps, relaxed: RelaxedArchitecture): RelaxedArchitecture {
  let first = 0
  return shape.flatMap(({ name, edges, width }) => {
    const { map, add } = maps.get(name)!
    const rows = edges.map((_, e) => {
      const row = relaxed[first + e]!
      return row.map((_, j) =>
        row.reduce((sum, share, k) => sum + share * map[(e * width + k) * width + j]!, add[e * width + j]!)
      )
    })
    first += edges.length
    return rows
  })
}
