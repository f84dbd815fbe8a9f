import type { Aggregate } from "../../../src/domain/objective/aggregate.ts"
import { distanceWeights, rankWeights } from "../../../src/domain/objective/aggregate_gradient.ts"
import type { ProgramBuilder } from "../../../src/domain/program/builder.ts"
import type { NodeId } from "../../../src/domain/program/node.ts"

/**
 * The aggregate of losses, nodes of shape [], as a node of shape []: an oracle for `aggregate`, and by differentiating it
 * one for `aggregateGradient`.
 */
export function aggregateNode(
  b: ProgramBuilder,
  how: Aggregate,
  losses: ReadonlyArray<NodeId>,
  distances: ReadonlyArray<number> = []
): NodeId {
  const count = losses.length
  const weighted = (weights: ReadonlyArray<number>) =>
    losses.map((loss, i) => b.scale(loss, weights[i]!)).reduce((sum, term) => b.plus(sum, term))
  switch (how._tag) {
    case "Mean":
      return weighted(losses.map(() => 1 / count))
    case "Median":
    case "Worst":
    case "Best":
    case "Quantile":
    case "Cvar":
    case "TrimmedMean":
      return ranked(b, losses, rankWeights(how, count))
    case "MeanSemideviation": {
      const mean = weighted(losses.map(() => 1 / count))
      const squares = losses.map((loss) => {
        const above = b.unary("relu", b.minus(loss, mean))
        return b.scale(b.times(above, above), 1 / count)
      })
      const semivariance = squares.reduce((sum, square) => b.plus(sum, square))
      const isZero = b.minus(b.constant(1), b.unary("step", semivariance))
      const semideviation = b.minus(b.unary("sqrt", b.plus(semivariance, isZero)), isZero)
      return b.plus(mean, b.scale(semideviation, how.k))
    }
    case "WeightedMean":
      return weighted(distanceWeights(how.decay, count, distances))
    case "LogSumExp": {
      const stacked = b.concatenate(
        losses.map((loss) => b.reshape(loss, [1])),
        0
      )
      const top = b.add({ _tag: "Detach" }, b.add({ _tag: "Max", axes: [0] }, stacked))
      const powers = b.unary("exp", b.scale(b.minus(stacked, top), 1 / how.temperature))
      const log = b.scale(b.unary("log", b.mean(powers, [0])), how.temperature)
      return b.reshape(b.plus(top, log), [])
    }
  }
}

/** Σ weights[rank of loss i]·loss i; the rank counts the losses below, and equal ones that come before. */
function ranked(b: ProgramBuilder, losses: ReadonlyArray<NodeId>, weights: ReadonlyArray<number>): NodeId {
  const one = b.constant(1)
  const above = (i: number, j: number) => b.unary("step", b.minus(losses[i]!, losses[j]!))
  const terms = losses.map((loss, i) => {
    const rank = losses
      .flatMap((_, j) => (j === i ? [] : [j < i ? b.minus(one, above(j, i)) : above(i, j)]))
      .reduce((sum, term) => b.plus(sum, term), b.constant(0))
    const weight = weights
      .map((value, r) => {
        const off = b.minus(rank, b.constant(r))
        return b.scale(b.unary("relu", b.minus(one, b.times(off, off))), value)
      })
      .reduce((sum, term) => b.plus(sum, term))
    return b.times(weight, loss)
  })
  return terms.reduce((sum, term) => b.plus(sum, term))
}
