import type { Architecture } from "../architecture/architecture.ts"
import type { Identifier } from "../architecture/identity.ts"
import { type Ball, makeBall } from "../neighborhood/ball.ts"
import { sampleNeighbors } from "../neighborhood/sample_neighbors.ts"
import { type Seed, split } from "../random.ts"
import type { Space } from "../space/space.ts"
import { aggregate } from "./aggregate.ts"
import type { Objective } from "./objective.ts"

/** The architectures whose losses an objective asks for, and their distances from the center. */
export interface Targets {
  readonly architectures: ReadonlyArray<Architecture>
  readonly distances: ReadonlyArray<number>
}

/** An objective made ready for a space. */
export interface PreparedObjective {
  readonly objective: Objective
  readonly ball: Ball
  readonly identifier: Identifier
  /** Whether a neighbor may be evaluated. */
  readonly admits: (architecture: Architecture) => boolean
  /**
   * The objective from the losses of its targets, in their order, and their distances from the
   * center.
   */
  readonly aggregate: (losses: ReadonlyArray<number>, distances: ReadonlyArray<number>) => number
}

/**
 * Prepare an objective once for many architectures.
 *
 * Source: Wang et al. 2021 (arXiv 2105.06369), g({f(a') : a' in N(a)}).
 */
export function prepareObjective(
  space: Space,
  objective: Objective,
  identifier: Identifier,
  admits: (architecture: Architecture) => boolean
): PreparedObjective {
  if (objective._tag === "Own")
    return { objective, identifier, admits, ball: makeBall(space), aggregate: (losses) => losses[0]! }
  const { radius, exactRadius = false, moveInputs } = objective
  return {
    objective,
    identifier,
    admits,
    ball: makeBall(space, { radius, exactRadius, moveInputs }),
    aggregate: (losses, distances) => aggregate(objective.aggregate, losses, distances)
  }
}

/**
 * What has to be evaluated to score a center: itself, first, and its sampled neighbors. Without
 * `center` in the objective the neighbors alone, or the center where it has none. Under the
 * quotient the canonical member stands for the center, unless it may not be evaluated.
 */
export function targetsOf(prepared: PreparedObjective, center: Architecture, seed: Seed): Targets {
  const { objective, ball, admits, identifier } = prepared
  if (objective._tag === "Own") return { architectures: [center], distances: [0] }
  const selection = {
    ball,
    count: objective.neighbors,
    admits,
    ...(objective.quotient ? { quotient: identifier } : {})
  }
  const around = sampleNeighbors(selection, center, split(seed, "neighbors"))
  const canonical = objective.quotient ? identifier.canonical(center) : center
  const own = admits(canonical) ? canonical : center
  const withCenter = objective.center || around.length === 0
  return {
    architectures: [...(withCenter ? [own] : []), ...around.map((neighbor) => neighbor.architecture)],
    distances: [...(withCenter ? [0] : []), ...around.map((neighbor) => neighbor.distance)]
  }
}
