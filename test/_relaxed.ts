import type { Architecture } from "../src/domain/architecture/architecture.ts"
import type { RelaxedArchitecture } from "../src/domain/architecture/relaxed.ts"
import type { RelaxedMaps } from "../src/domain/neighborhood/relaxed_maps.ts"
import type { RelaxedShape } from "../src/domain/neighborhood/relaxed_shape.ts"
import type { Space } from "../src/domain/space/space.ts"

/** The one-hot rows of an architecture of a space that keeps every edge. */
export function oneHot(space: Space, architecture: Architecture): RelaxedArchitecture {
  return architecture.map((choice, i) => space.decisions[i]!.choices.map((_, k) => (k === choice ? 1 : 0)))
}

/**
 * Sum over rows of the total-variation distance ½ Σ |p − q|: from 0 to the number of rows.
 *
 * Source: Wang et al. 2021 (arXiv 2105.06369), the distance of the neighborhood.
 */
export function totalVariation(p: RelaxedArchitecture, q: RelaxedArchitecture): number {
  let distance = 0
  for (let e = 0; e < p.length; e++) {
    for (let k = 0; k < p[e]!.length; k++) distance += Math.abs(p[e]![k]! - q[e]![k]!) / 2
  }
  return distance
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
