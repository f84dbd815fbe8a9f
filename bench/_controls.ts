import type { Architecture } from "../src/domain/architecture/architecture.ts"
import { ordinalOf } from "../src/domain/architecture/ordinal.ts"
import { makeBall } from "../src/domain/neighborhood/ball.ts"
import { sweep } from "../src/domain/objective/landscape.ts"
import { integerAt, keyOf, type Seed, shuffled } from "../src/domain/random.ts"
import type { Space } from "../src/domain/space/space.ts"
import { fitLinear, rSquared } from "./_linear.ts"

/** The row of the largest score among `count` random rows. */
export function bestOfRandom(scores: ArrayLike<number>, count: number, seed: Seed): number {
  const key = keyOf(seed)
  let best = -1
  for (let i = 0; i < count; i++) {
    const row = integerAt(key, i, scores.length)
    if (best < 0 || scores[row]! > scores[best]!) best = row
  }
  return best
}

/** An architecture as features: a 1 for each choice that it makes. */
export function choicesOf({ decisions }: Space, architecture: Architecture): Float64Array {
  const features = new Float64Array(decisions.reduce((sum, { choices }) => sum + choices.length, 0))
  let first = 0
  for (const [i, { choices }] of decisions.entries()) {
    features[first + architecture[i]!] = 1
    first += choices.length
  }
  return features
}

/**
 * The row that an additive model takes for the best of `count` random ones: one coefficient per
 * choice, fitted by ridge regression on these rows' scores. It costs `count` evaluations, and
 * smooths as an average over neighbors does.
 */
export function bestByAdditive(
  features: ReadonlyArray<Float64Array>,
  scores: ArrayLike<number>,
  count: number,
  seed: Seed
): number {
  const rows = [...take(shuffled(keyOf(seed), features.length), count)]
  const sample = rows.map((row) => features[row]!)
  const model = fitLinear(
    sample,
    rows.map((row) => scores[row]!),
    1
  )
  const predicted = sample.map(model)
  return rows[predicted.indexOf(Math.max(...predicted))]!
}

function* take<A>(values: Iterable<A>, count: number): Generator<A> {
  let taken = 0
  for (const value of values) {
    if (taken++ === count) return
    yield value
  }
}

/** What explains a column among the best rows. */
export interface Explained {
  readonly own: number
  readonly ownAndNeighbors: number
  readonly ownAndMainEffects: number
  readonly all: number
}

/**
 * How much of a column's variance, among the `count` rows of the best scores, linear models
 * explain: of the own score; of it and the mean of the neighbors' scores; of it and main effects,
 * which are an additive model of all rows' scores and the costs; of all of these. `architectures`
 * are all of a space, by row.
 */
export function explained(
  space: Space,
  architectures: ReadonlyArray<Architecture>,
  columns: {
    readonly score: ArrayLike<number>
    readonly cost: ArrayLike<number>
    readonly wanted: ArrayLike<number>
  },
  count: number
): Explained {
  const { score, cost, wanted } = columns
  const byOrdinal = new Float64Array(architectures.length)
  const ordinals = architectures.map((architecture) => ordinalOf(space, architecture))
  for (const [row, ordinal] of ordinals.entries()) byOrdinal[ordinal] = score[row]!
  const around = sweep(makeBall(space), { _tag: "Mean" }, byOrdinal, { center: false })
  const features = architectures.map((architecture) => choicesOf(space, architecture))
  const additive = features.map(fitLinear(features, score, 1))
  const best = [...architectures.keys()].sort((a, b) => score[b]! - score[a]!).slice(0, count)
  const values = best.map((row) => wanted[row]!)
  const own = (row: number) => [score[row]!]
  const neighbors = (row: number) => [around[ordinals[row]!]!]
  const effects = (row: number) => [additive[row]!, cost[row]!]
  const share = (...parts: ReadonlyArray<(row: number) => ReadonlyArray<number>>) =>
    rSquared(
      best.map((row) => parts.flatMap((part) => part(row))),
      values
    )
  return {
    own: share(own),
    ownAndNeighbors: share(own, neighbors),
    ownAndMainEffects: share(own, effects),
    all: share(own, neighbors, effects)
  }
}
