import type { Aggregate } from "./aggregate.ts"

/**
 * The derivative of an aggregate by each loss: the weights that the gradients of the losses are
 * summed with. They sum to 1, and none is negative, since every aggregate is monotone. Where the
 * aggregate has a corner (losses that are equal, a spread of 0) it is a one-sided derivative: equal
 * losses rank in their order, and the spread adds nothing.
 *
 * Source: ours.
 */
export function aggregateGradient(
  how: Aggregate,
  losses: ReadonlyArray<number>,
  distances: ReadonlyArray<number> = []
): ReadonlyArray<number> {
  const count = losses.length
  switch (how._tag) {
    case "Mean":
      return losses.map(() => 1 / count)
    case "Median":
    case "Worst":
    case "Best":
    case "Quantile":
    case "Cvar":
    case "TrimmedMean": {
      const byRank = rankWeights(how, count)
      const weights = losses.map(() => 0)
      const order = losses.map((_, i) => i).sort((a, b) => losses[a]! - losses[b]!)
      for (const [rank, i] of order.entries()) weights[i] = byRank[rank]!
      return weights
    }
    case "MeanSemideviation": {
      const mean = losses.reduce((sum, loss) => sum + loss, 0) / count
      const above = losses.map((loss) => Math.max(0, loss - mean))
      const excess = above.reduce((sum, own) => sum + own, 0) / count
      const semideviation = Math.sqrt(above.reduce((sum, own) => sum + own ** 2, 0) / count)
      return above.map((own) => (1 + (semideviation === 0 ? 0 : (how.k * (own - excess)) / semideviation)) / count)
    }
    case "WeightedMean":
      return distanceWeights(how.decay, count, distances)
    case "LogSumExp": {
      const top = losses.reduce((largest, loss) => Math.max(largest, loss))
      const powers = losses.map((loss) => Math.exp((loss - top) / how.temperature))
      const sum = powers.reduce((total, power) => total + power, 0)
      return powers.map((power) => power / sum)
    }
  }
}

/** An aggregate that is a weighted sum of the sorted losses. */
type RankedAggregate = Extract<Aggregate, { _tag: "Median" | "Worst" | "Best" | "Quantile" | "Cvar" | "TrimmedMean" }>

/** The weights of `count` losses sorted upwards. */
export function rankWeights(how: RankedAggregate, count: number): ReadonlyArray<number> {
  const ranks = Array.from({ length: count }, (_, rank) => rank)
  const quantile = (q: number) => ranks.map((rank) => Math.max(0, 1 - Math.abs(rank - q * (count - 1))))
  switch (how._tag) {
    case "Median":
      return quantile(0.5)
    case "Worst":
      return quantile(1)
    case "Best":
      return quantile(0)
    case "Quantile":
      return quantile(how.q)
    case "Cvar": {
      const amount = how.fraction * count
      return ranks.map((rank) => Math.min(1, Math.max(0, amount - (count - 1 - rank))) / amount)
    }
    case "TrimmedMean": {
      const cut = Math.floor(how.fraction * count)
      return ranks.map((rank) => (rank >= cut && rank < count - cut ? 1 / (count - 2 * cut) : 0))
    }
  }
}

/** decay^distance, normalized; alike where all vanish. A missing distance is 0. */
export function distanceWeights(decay: number, count: number, distances: ReadonlyArray<number>): ReadonlyArray<number> {
  const weights = Array.from({ length: count }, (_, i) => decay ** (distances[i] ?? 0))
  const total = weights.reduce((sum, weight) => sum + weight, 0)
  return weights.map((weight) => (total === 0 ? 1 / count : weight / total))
}
