import { integerAt, keyOf, type Seed, shuffled, split } from "../random.ts"
import { type RelaxedShape, rowsOf } from "./relaxed_shape.ts"

/** One changed edge: its row over all cells, and by how many places its operations move, from 1 to their number − 1. */
export interface RelaxedChange {
  readonly edge: number
  readonly shift: number
}

/** A neighbor of any relaxed architecture of a shape: its changed edges, in order. None is the center itself. */
export type RelaxedNeighbor = ReadonlyArray<RelaxedChange>

/** The center, as a neighbor that changes nothing. */
export const CENTER: RelaxedNeighbor = []

/** Which neighbors there are. */
export interface RelaxedNeighborhood {
  /** Number of changed edges, at least 1. Beyond the number of edges that can change it means all of these. */
  readonly radius: number
  /** Whether `none` takes part. Where it does not, its share of a row stays, and no change leads to it. */
  readonly none: boolean
}

/** Per row the operations that take part in changes. */
export function takingPart(shape: RelaxedShape, none: boolean): ReadonlyArray<ReadonlyArray<number>> {
  return rowsOf(shape).map((operations) =>
    operations.flatMap((operation, k) => (none || operation !== "none" ? [k] : []))
  )
}

interface Sphere {
  /** The rows that can change. */
  readonly movable: ReadonlyArray<number>
  /** Per movable row, the number of its changes. */
  readonly changes: ReadonlyArray<number>
  readonly radius: number
}

function sphere(shape: RelaxedShape, { radius, none }: RelaxedNeighborhood): Sphere {
  const counts = takingPart(shape, none).map((operations) => operations.length - 1)
  const movable = counts.flatMap((count, row) => (count > 0 ? [row] : []))
  return { movable, changes: movable.map((row) => counts[row]!), radius: Math.min(radius, movable.length) }
}

/** Number of neighbors that change exactly `radius` edges: C(E, r)·(K − 1)^r where all E edges have K operations. Exact up to 2^53. */
export function relaxedNeighborCount(shape: RelaxedShape, neighborhood: RelaxedNeighborhood): number {
  const { changes, radius } = sphere(shape, neighborhood)
  if (radius === 0) return 0
  const ways = [1, ...Array.from({ length: radius }, () => 0)]
  for (const count of changes) for (let r = radius; r >= 1; r--) ways[r]! += count * ways[r - 1]!
  return ways[radius]!
}

/** All neighbors that change exactly `radius` edges, lazily, each once. */
export function* allRelaxedNeighbors(
  shape: RelaxedShape,
  neighborhood: RelaxedNeighborhood
): Generator<RelaxedNeighbor> {
  const { movable, changes, radius } = sphere(shape, neighborhood)
  if (radius === 0) return
  function* from(first: number, left: number): Generator<RelaxedNeighbor> {
    if (left === 0) {
      yield CENTER
      return
    }
    for (let i = first; i <= movable.length - left; i++) {
      for (let shift = 1; shift <= changes[i]!; shift++) {
        for (const rest of from(i + 1, left - 1)) yield [{ edge: movable[i]!, shift }, ...rest]
      }
    }
  }
  yield* from(0, radius)
}

/**
 * `count` distinct neighbors, each changing `radius` distinct edges, uniform over the edges of all cells together, and on
 * each edge uniform over its changes; all neighbors where there are no more. The same seed gives the same neighbors. What
 * is drawn does not depend on the center: `relaxedMaps` says what a shift means at a center.
 *
 * Source: ours, after Wang et al. 2021 (arXiv 2105.06369).
 */
export function drawRelaxedNeighbors(
  shape: RelaxedShape,
  neighborhood: RelaxedNeighborhood,
  count: number | "all",
  seed: Seed
): ReadonlyArray<RelaxedNeighbor> {
  if (count === "all" || count >= relaxedNeighborCount(shape, neighborhood))
    return [...allRelaxedNeighbors(shape, neighborhood)]
  const { movable, changes, radius } = sphere(shape, neighborhood)
  const drawn = new Map<string, RelaxedNeighbor>()
  for (let attempt = 0; drawn.size < count; attempt++) {
    const key = keyOf(split(seed, attempt))
    const places: Array<number> = []
    for (const place of shuffled(key, movable.length)) if (places.push(place) === radius) break
    const neighbor = places
      .map((place, i) => ({ edge: movable[place]!, shift: 1 + integerAt(key, radius + i, changes[place]!) }))
      .sort((a, b) => a.edge - b.edge)
    drawn.set(neighbor.map(({ edge, shift }) => `${edge}+${shift}`).join(), neighbor)
  }
  return [...drawn.values()]
}
