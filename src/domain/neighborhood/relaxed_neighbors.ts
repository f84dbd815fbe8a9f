import { integerAt, type Key, keyOf, type Seed, shuffled, split, uniformAt } from "../random.ts"
import { type RelaxedShape, rowsOf } from "./relaxed_shape.ts"

/**
 * One changed edge: its row over all cells, and by how many places its operations move, from 1 to
 * their number − 1.
 */
interface RelaxedChange {
  readonly edge: number
  readonly shift: number
}

/**
 * A neighbor of any relaxed architecture of a shape: its changed edges, in order. None is the
 * center itself.
 */
export type RelaxedNeighbor = ReadonlyArray<RelaxedChange>

/** The center, as a neighbor that changes nothing. */
export const CENTER: RelaxedNeighbor = []

/** Which neighbors there are. */
export interface RelaxedNeighborhood {
  /**
   * Largest number of changed edges, at least 1. Beyond the edges that can change it means all of
   * these.
   */
  readonly radius: number
  /** Whether every neighbor changes exactly `radius` edges, and none fewer. @defaultValue false */
  readonly exactRadius?: boolean
  /**
   * Whether `none` takes part. Where it does not, its share of a row stays, and no change leads to
   * it.
   */
  readonly neighborNone: boolean
}

/** Per row the operations that take part in changes. */
export function takingPart(shape: RelaxedShape, neighborNone: boolean): ReadonlyArray<ReadonlyArray<number>> {
  return rowsOf(shape).map((operations) =>
    operations.flatMap((operation, k) => (neighborNone || operation !== "none" ? [k] : []))
  )
}

/** The relaxed counterpart of `Ball`. */
interface RelaxedBall {
  /** The rows that can change. */
  readonly movable: ReadonlyArray<number>
  /** Per movable row, the number of its changes. */
  readonly changes: ReadonlyArray<number>
  /** `ways[i][r]`: number of ways to change exactly r of the movable rows i, i + 1, … */
  readonly ways: ReadonlyArray<ReadonlyArray<number>>
  /** The numbers of changed rows, from the smallest on. */
  readonly distances: ReadonlyArray<number>
  /** Number of neighbors. */
  readonly size: number
}

function relaxedBall(
  shape: RelaxedShape,
  { radius, exactRadius = false, neighborNone }: RelaxedNeighborhood
): RelaxedBall {
  const counts = takingPart(shape, neighborNone).map((operations) => operations.length - 1)
  const movable = counts.flatMap((count, row) => (count > 0 ? [row] : []))
  const changes = movable.map((row) => counts[row]!)
  const farthest = Math.min(radius, movable.length)
  const ways: Array<ReadonlyArray<number>> = [Array.from({ length: farthest + 1 }, (_, r) => (r === 0 ? 1 : 0))]
  for (const count of changes.toReversed()) {
    const rest = ways[0]!
    ways.unshift(rest.map((number, r) => number + (r > 0 ? count * rest[r - 1]! : 0)))
  }
  const distances = Array.from({ length: farthest }, (_, i) => i + 1).slice(exactRadius ? -1 : 0)
  return { movable, changes, ways, distances, size: distances.reduce((sum, r) => sum + ways[0]![r]!, 0) }
}

/**
 * Number of neighbors: the sum of C(E, r)·(K − 1)^r over the distances r where all E edges have K
 * operations. Exact up to 2^53.
 */
export function relaxedNeighborCount(shape: RelaxedShape, neighborhood: RelaxedNeighborhood): number {
  return relaxedBall(shape, neighborhood).size
}

/** All neighbors, lazily, each once, those that change the fewest edges first. */
export function* allRelaxedNeighbors(
  shape: RelaxedShape,
  neighborhood: RelaxedNeighborhood
): Generator<RelaxedNeighbor> {
  const { movable, changes, distances } = relaxedBall(shape, neighborhood)
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
  for (const distance of distances) yield* from(0, distance)
}

/**
 * `count` distinct neighbors, drawn uniformly over the whole neighborhood: a distance as often as
 * it has neighbors, then each of these equally often. All neighbors where there are no more. The
 * same seed gives the same neighbors. What is drawn does not depend on the center: `relaxedMaps`
 * says what a shift means at a center.
 *
 * Source: ours, after Wang et al. 2021 (arXiv 2105.06369).
 */
export function drawRelaxedNeighbors(
  shape: RelaxedShape,
  neighborhood: RelaxedNeighborhood,
  count: number | "all",
  seed: Seed
): ReadonlyArray<RelaxedNeighbor> {
  const ball = relaxedBall(shape, neighborhood)
  if (count === "all" || count >= ball.size) return [...allRelaxedNeighbors(shape, neighborhood)]
  const drawn = new Map<string, RelaxedNeighbor>()
  for (let attempt = 0; drawn.size < count; attempt++) {
    const own = split(seed, attempt)
    const distance = drawnDistance(ball, keyOf(split(own, "distance")))
    const key = keyOf(own)
    const neighbor = drawnPlaces(ball, distance, own)
      .map((place, i) => ({
        edge: ball.movable[place]!,
        shift: 1 + integerAt(key, distance + i, ball.changes[place]!)
      }))
      .sort((a, b) => a.edge - b.edge)
    drawn.set(neighbor.map(({ edge, shift }) => `${edge}+${shift}`).join(), neighbor)
  }
  return [...drawn.values()]
}

/** A distance, as often as it has neighbors. */
function drawnDistance({ ways, distances, size }: RelaxedBall, key: Key): number {
  let left = uniformAt(key, 0) * size
  for (const distance of distances) {
    left -= ways[0]![distance]!
    if (left < 0) return distance
  }
  return distances.at(-1)!
}

/** The places in `movable` that a uniform neighbor at a distance changes. */
function drawnPlaces({ changes, ways }: RelaxedBall, distance: number, seed: Seed): ReadonlyArray<number> {
  const places: Array<number> = []
  if (changes.every((count) => count === changes[0])) {
    for (const place of shuffled(keyOf(seed), changes.length)) if (places.push(place) === distance) break
    return places
  }
  const key = keyOf(split(seed, "edges"))
  for (let i = 0; places.length < distance; i++) {
    const left = distance - places.length
    const share = (changes[i]! * ways[i + 1]![left - 1]!) / ways[i]![left]!
    if (uniformAt(key, i) < share) places.push(i)
  }
  return places
}
