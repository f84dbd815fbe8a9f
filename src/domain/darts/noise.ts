import type { RelaxedArchitecture } from "../architecture/relaxed.ts"
import { identityMaps, type RelaxedMaps } from "../neighborhood/relaxed_maps.ts"
import { type RelaxedShape, rowsOf, tensorsOfRows } from "../neighborhood/relaxed_shape.ts"
import { keyOf, type Seed, uniformAt } from "../random.ts"

/** Rows of numbers made from uniform draws in [0, 1), two a number. */
function drawnRows(
  shape: RelaxedShape,
  seed: Seed,
  make: (first: number, second: number) => number
): RelaxedArchitecture {
  const key = keyOf(seed)
  let position = 0
  const next = () => uniformAt(key, position++)
  return rowsOf(shape).map((operations) => operations.map(() => make(next(), next())))
}

/** Per cell standard Gumbel numbers [edges, width], the input `gumbel/<cell>`: −ln(−ln u). */
export function gumbelNoise(shape: RelaxedShape, seed: Seed): Map<string, Float64Array> {
  return tensorsOfRows(
    shape,
    drawnRows(shape, seed, (u) => -Math.log(-Math.log(Math.max(u, 2 ** -54))))
  )
}

/**
 * Per cell the alpha of a search's start, [edges, width]: normal numbers of a standard deviation,
 * 1e-3 in DARTS.
 */
export function initialAlpha(shape: RelaxedShape, seed: Seed, deviation: number): Map<string, Float64Array> {
  return tensorsOfRows(
    shape,
    drawnRows(
      shape,
      seed,
      (u, v) => deviation * Math.sqrt(-2 * Math.log(Math.max(u, 2 ** -54))) * Math.cos(2 * Math.PI * v)
    )
  )
}

/**
 * The maps that move a relaxed architecture to a random one within ε: each entry by a uniform
 * number in (−ε, ε), then clipped to [0, 1] and each row made to sum to 1 again; a row of which
 * nothing is left becomes one-hot at its largest entry. The move is a constant of every derivative.
 *
 * Source: SDARTS-RS, Chen and Hsieh 2020 (arXiv 2002.05283) eq. 4, clipped as in its code.
 */
export function perturbationMaps(
  shape: RelaxedShape,
  relaxed: RelaxedArchitecture,
  epsilon: number,
  seed: Seed
): RelaxedMaps {
  const noise = drawnRows(shape, seed, (u) => epsilon * (2 * u - 1))
  const moves = relaxed.map((row, e) => {
    const moved = row.map((share, k) => share + noise[e]![k]!)
    const clipped = moved.map((share) => Math.min(1, Math.max(0, share)))
    const sum = clipped.reduce((total, share) => total + share, 0)
    const largest = moved.indexOf(Math.max(...moved))
    return row.map((share, k) => (sum > 0 ? clipped[k]! / sum : k === largest ? 1 : 0) - share)
  })
  const adds = tensorsOfRows(shape, moves)
  return new Map([...identityMaps(shape)].map(([name, { map }]) => [name, { map, add: adds.get(name)! }]))
}
