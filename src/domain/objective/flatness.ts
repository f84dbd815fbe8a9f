import type { Architecture } from "../architecture/architecture.ts"
import { type Ball, makeBall, neighbors } from "../neighborhood/ball.ts"
import { networkDistance } from "../neighborhood/distance.ts"
import { type Histogram, histogram, shareAbove, summarize } from "../statistics/summary.ts"
import { type Aggregate, aggregate } from "./aggregate.ts"

/** Every architecture with a loss: its own and its neighborhood's, by position. */
interface Population {
  readonly own: ArrayLike<number>
  readonly objective: ArrayLike<number>
}

/** A neighbor with its loss. */
export interface ScoredNeighbor {
  readonly architecture: Architecture
  readonly loss: number
}

/** How much one decision matters around an architecture. */
interface Sensitivity {
  readonly decision: number
  /** Mean of |loss − own loss| over the replacements of this decision. */
  readonly meanAbsoluteChange: number
  /**
   * Per replacement, loss − own loss: positive is worse. Replacements without a loss are left out.
   */
  readonly replacements: ReadonlyArray<{ readonly choice: number; readonly change: number }>
}

/** How flat the losses are around an architecture. Losses: lower is better. */
export interface Flatness {
  readonly own: number
  readonly objective: number
  /** Neighbors with a loss, and those without. */
  readonly neighbors: number
  readonly missing: number
  readonly neighborMean: number
  readonly neighborSd: number
  readonly best: ScoredNeighbor
  readonly worst: ScoredNeighbor
  readonly histogram: Histogram
  /** One per decision that may change, from replacements at distance 1. */
  readonly sensitivity: ReadonlyArray<Sensitivity>
  /** Share of all architectures with a worse own loss, and with a worse objective. */
  readonly ownPercentile: number
  readonly objectivePercentile: number
  /** The same share of the objective among the `peers` architectures closest in own loss. */
  readonly objectivePercentileAmongPeers: number
  readonly peers: number
}

/**
 * The flatness report of an architecture with a loss and at least one neighbor with one;
 * `undefined` otherwise.
 *
 * Source: ours; what is aggregated is the neighborhood of Wang et al. 2021 (arXiv 2105.06369).
 */
export function flatness(
  ball: Ball,
  architecture: Architecture,
  options: {
    readonly lossOf: (architecture: Architecture) => number
    readonly aggregate: Aggregate
    readonly center: boolean
    readonly population: Population
    /** @defaultValue 200 */
    readonly peers?: number
    /** @defaultValue 10 */
    readonly bins?: number
  }
): Flatness | undefined {
  const own = options.lossOf(architecture)
  const around = Array.from(neighbors(ball, architecture), (neighbor) => ({
    architecture: neighbor,
    loss: options.lossOf(neighbor)
  }))
  const scored = around.filter((neighbor) => !Number.isNaN(neighbor.loss))
  if (Number.isNaN(own) || scored.length === 0) return undefined
  const losses = scored.map((neighbor) => neighbor.loss)
  const distances = scored.map((neighbor) => networkDistance(ball.space, architecture, neighbor.architecture))
  const center = options.center ? 0 : 1
  const objective = aggregate(options.aggregate, [own, ...losses].slice(center), [0, ...distances].slice(center))
  const { mean, sd } = summarize(losses)
  const peers = closest(options.population.own, own, options.peers ?? 200)
  return {
    own,
    objective,
    neighbors: scored.length,
    missing: around.length - scored.length,
    neighborMean: mean,
    neighborSd: sd,
    best: scored.reduce((a, b) => (b.loss < a.loss ? b : a)),
    worst: scored.reduce((a, b) => (b.loss > a.loss ? b : a)),
    histogram: histogram(losses, options.bins ?? 10),
    sensitivity: sensitivity(ball, architecture, own, options.lossOf),
    ownPercentile: shareAbove(Array.from(options.population.own), own),
    objectivePercentile: shareAbove(Array.from(options.population.objective), objective),
    objectivePercentileAmongPeers: shareAbove(
      peers.map((i) => options.population.objective[i]!),
      objective
    ),
    peers: peers.length
  }
}

function sensitivity(
  ball: Ball,
  center: Architecture,
  own: number,
  lossOf: (architecture: Architecture) => number
): ReadonlyArray<Sensitivity> {
  const near =
    ball.radius === 1
      ? ball
      : makeBall(ball.space, { moveInputs: ball.movable.some((i) => ball.space.decisions[i]!.kind === "input") })
  const changes = Array.from(neighbors(near, center), (neighbor) => {
    const decision = neighbor.findIndex((choice, i) => choice !== center[i])
    return { decision, choice: neighbor[decision]!, change: lossOf(neighbor) - own }
  }).filter(({ change }) => !Number.isNaN(change))
  return near.movable.flatMap((decision) => {
    const replacements = changes
      .filter((entry) => entry.decision === decision)
      .map(({ choice, change }) => ({ choice, change }))
    if (replacements.length === 0) return []
    return [
      { decision, meanAbsoluteChange: summarize(replacements.map(({ change }) => Math.abs(change))).mean, replacements }
    ]
  })
}

function closest(values: ArrayLike<number>, target: number, count: number): ReadonlyArray<number> {
  return Array.from({ length: values.length }, (_, i) => i)
    .sort((a, b) => Math.abs(values[a]! - target) - Math.abs(values[b]! - target) || a - b)
    .slice(0, count)
}
