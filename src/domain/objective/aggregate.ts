import * as Schema from "@effect/schema/Schema"

const Fraction = Schema.Number.pipe(Schema.between(0, 1))
const Finite = Schema.Number.pipe(Schema.finite())

/**
 * How the losses of a neighborhood become one number; lower is better, so the worst is the largest.
 *
 * `Quantile`: of the losses sorted upwards, linear between neighbors; 1 is the worst. `Cvar`: mean
 * of the worst fraction; 1 is the mean, towards 0 the worst. `TrimmedMean`: mean without that
 * fraction at each end. `MeanSemideviation`: mean + k·sqrt(mean of max(0, loss − mean)²), the
 * deviation of what is worse than the mean. `WeightedMean`: weights decay^distance. `LogSumExp`:
 * T·ln(mean of exp(loss / T)), between mean and worst.
 *
 * All are monotone: none falls where a loss rises. So is the semi-deviation for k ≤ 1, and for no
 * larger k; mean plus standard deviation is not for any k above 1 / sqrt(number of losses − 1), so
 * a search could gain by losing.
 *
 * Source: Wang et al. 2021 (arXiv 2105.06369), the aggregate g of the objective; all choices but
 * the mean are ours.
 */
export const Aggregate = Schema.Union(
  Schema.TaggedStruct("Mean", {}),
  Schema.TaggedStruct("Median", {}),
  Schema.TaggedStruct("Worst", {}),
  Schema.TaggedStruct("Best", {}),
  Schema.TaggedStruct("Quantile", { q: Fraction }),
  Schema.TaggedStruct("Cvar", { fraction: Fraction.pipe(Schema.positive()) }),
  Schema.TaggedStruct("TrimmedMean", {
    fraction: Schema.Number.pipe(Schema.greaterThanOrEqualTo(0), Schema.lessThan(0.5))
  }),
  Schema.TaggedStruct("MeanSemideviation", { k: Fraction }),
  Schema.TaggedStruct("WeightedMean", { decay: Fraction }),
  Schema.TaggedStruct("LogSumExp", { temperature: Finite.pipe(Schema.positive()) })
).annotations({ identifier: "Aggregate" })
export type Aggregate = typeof Aggregate.Type

/**
 * The aggregate of losses, at least one. `distances` are those from the center, for `WeightedMean`;
 * without them all count alike. All lie between the smallest and the largest loss, and none depends
 * on the order of the losses but for rounding. An infinite loss, of a training that diverged, makes
 * the aggregate infinite unless it leaves that loss out: a median, a quantile, a trimmed mean and
 * the best may, a mean never does.
 */
export function aggregate(
  how: Aggregate,
  losses: ReadonlyArray<number>,
  distances: ReadonlyArray<number> = []
): number {
  switch (how._tag) {
    case "Mean":
      return mean(losses)
    case "Median":
      return quantile(ascending(losses), 0.5)
    case "Worst":
      return largest(losses)
    case "Best":
      return -largest(losses.map((loss) => -loss))
    case "Quantile":
      return quantile(ascending(losses), how.q)
    case "Cvar":
      return worstMean(ascending(losses), how.fraction * losses.length)
    case "TrimmedMean": {
      const cut = Math.floor(how.fraction * losses.length)
      return mean(ascending(losses).slice(cut, losses.length - cut))
    }
    case "MeanSemideviation": {
      const center = mean(losses)
      return Number.isFinite(center) ? center + how.k * upperSemideviation(losses, center) : center
    }
    case "WeightedMean":
      return weightedMean(losses, distances, how.decay)
    case "LogSumExp": {
      const top = largest(losses)
      if (top === Number.POSITIVE_INFINITY) return top
      return top + how.temperature * Math.log(mean(losses.map((loss) => Math.exp((loss - top) / how.temperature))))
    }
  }
}

function ascending(losses: ReadonlyArray<number>): ReadonlyArray<number> {
  return [...losses].sort((a, b) => a - b)
}

function mean(losses: ReadonlyArray<number>): number {
  let sum = 0
  for (const loss of losses) sum += loss
  return sum / losses.length
}

function largest(losses: ReadonlyArray<number>): number {
  let top = Number.NEGATIVE_INFINITY
  for (const loss of losses) if (loss > top) top = loss
  return top
}

function upperSemideviation(losses: ReadonlyArray<number>, center: number): number {
  return Math.sqrt(mean(losses.map((loss) => Math.max(0, loss - center) ** 2)))
}

function quantile(sorted: ReadonlyArray<number>, q: number): number {
  const place = q * (sorted.length - 1)
  const low = Math.floor(place)
  const high = Math.min(low + 1, sorted.length - 1)
  if (place === low || sorted[low] === sorted[high]) return sorted[low]!
  return sorted[low]! + (place - low) * (sorted[high]! - sorted[low]!)
}

/**
 * Mean of the `count` largest values; a fractional count takes that share of the next one. At least
 * one counts whole.
 */
function worstMean(sorted: ReadonlyArray<number>, count: number): number {
  const amount = Math.max(count, 1)
  let sum = 0
  let left = amount
  for (let i = sorted.length - 1; i >= 0 && left > 0; i--) {
    const share = Math.min(1, left)
    sum += share * sorted[i]!
    left -= share
  }
  return sum / (amount - left)
}

function weightedMean(losses: ReadonlyArray<number>, distances: ReadonlyArray<number>, decay: number): number {
  let sum = 0
  let total = 0
  for (let i = 0; i < losses.length; i++) {
    const weight = decay ** (distances[i] ?? 0)
    if (weight === 0) continue
    sum += weight * losses[i]!
    total += weight
  }
  return total === 0 ? mean(losses) : sum / total
}
