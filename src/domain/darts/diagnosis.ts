import type { Architecture } from "../architecture/architecture.ts"
import type { RelaxedArchitecture } from "../architecture/relaxed.ts"
import { type Aggregate, aggregate } from "../objective/aggregate.ts"
import type { Space } from "../space/space.ts"

/** The operation that DARTS collapses to. */
export const SKIP = "skip_connect"

/**
 * Share of the kept edges of an architecture that carry a skip connection, in [0, 1]: the sign of
 * DARTS's collapse.
 */
export function skipShare(space: Space, architecture: Architecture): number {
  const operations = space.decisions.flatMap(({ kind, choices }, i) =>
    kind === "operation" ? [choices[architecture[i]!]!] : []
  )
  return operations.filter((operation) => operation === SKIP).length / operations.length
}

/**
 * Mean entropy of the rows of a relaxed architecture, in nats: 0 where all are one-hot, ln K where
 * all K operations count alike.
 */
export function meanEntropy(relaxed: RelaxedArchitecture): number {
  const entropies = relaxed.map((row) => row.reduce((sum, p) => (p > 0 ? sum - p * Math.log(p) : sum), 0))
  return entropies.reduce((sum, entropy) => sum + entropy, 0) / entropies.length
}

/**
 * The aggregate of the losses of a neighborhood minus the architecture's own loss: how much worse
 * its neighbors are.
 *
 * Source: ours, after Wang et al. 2021 (arXiv 2105.06369).
 */
export function neighborhoodGap(
  how: Aggregate,
  own: number,
  losses: ReadonlyArray<number>,
  distances: ReadonlyArray<number> = []
): number {
  return aggregate(how, losses, distances) - own
}
