import type { Architecture } from "../architecture/architecture.ts"
import type { RelaxedArchitecture } from "../architecture/relaxed.ts"

/** Number of decisions in which two architectures of one space differ: the total-variation distance of their one-hot rows. */
export function hamming(a: Architecture, b: Architecture): number {
  let distance = 0
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) distance++
  return distance
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
