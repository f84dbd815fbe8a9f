import type { Architecture } from "../architecture/architecture.ts"
import type { Identifier } from "../architecture/identity.ts"
import { keyOf, type Seed, shuffled } from "../random.ts"
import { type Ball, changeAt, changeDistance, isLegalChange } from "./ball.ts"

/** A neighbor and its distance from the center. */
interface Neighbor {
  readonly architecture: Architecture
  readonly distance: number
}

/** Which neighbors of a center are taken. */
interface NeighborSelection {
  readonly ball: Ball
  /** How many, drawn uniformly without replacement; all where there are fewer. */
  readonly count: number | "all"
  /** Neighbors that may be taken; all by default. */
  readonly admits?: (architecture: Architecture) => boolean
  /** Take each network once and never the center's own: the quotient by this identity. */
  readonly quotient?: Identifier
}

/**
 * The neighbors of a center that a selection takes, nearest first. The same seed gives the same
 * neighbors; a count that reaches all gives exactly those of `"all"`, in the same order.
 *
 * Under the quotient the center is first replaced by the canonical member of its class, so that
 * networks that are the same have the same neighborhood, and of each neighboring class the nearest,
 * first enumerated member stands for it.
 */
export function sampleNeighbors(
  selection: NeighborSelection,
  center: Architecture,
  seed: Seed
): ReadonlyArray<Neighbor> {
  const { ball, count, quotient } = selection
  if (quotient !== undefined) return sampleClasses(selection, quotient, quotient.canonical(center), seed)
  if (count === "all" || count >= ball.changes) return admitted(selection, center, range(ball.changes), ball.changes)
  return admitted(selection, center, shuffled(keyOf(seed), ball.changes), count).sort((a, b) => a.index - b.index)
}

interface IndexedNeighbor extends Neighbor {
  readonly index: number
}

/** The first `count` changes among `indices` that are members and admitted, in that order. */
function admitted(
  { ball, admits }: NeighborSelection,
  center: Architecture,
  indices: Iterable<number>,
  count: number
): Array<IndexedNeighbor> {
  const found: Array<IndexedNeighbor> = []
  if (count === 0) return found
  for (const index of indices) {
    const architecture = changeAt(ball, center, index)
    if (!isLegalChange(ball, center, architecture) || admits?.(architecture) === false) continue
    found.push({ architecture, distance: changeDistance(ball, index), index })
    if (found.length === count) break
  }
  return found
}

function sampleClasses(
  { ball, count, admits }: NeighborSelection,
  quotient: Identifier,
  center: Architecture,
  seed: Seed
): ReadonlyArray<Neighbor> {
  const known = new Set([quotient.keyOf(center)])
  const classes: Array<Neighbor> = []
  for (let index = 0; index < ball.changes; index++) {
    const architecture = changeAt(ball, center, index)
    if (!isLegalChange(ball, center, architecture) || known.has(quotient.keyOf(architecture))) continue
    const canonical = quotient.canonical(architecture)
    if (admits?.(canonical) === false) continue
    known.add(quotient.keyOf(architecture))
    classes.push({ architecture: canonical, distance: changeDistance(ball, index) })
  }
  if (count === "all" || count >= classes.length) return classes
  const taken: Array<number> = []
  for (const index of shuffled(keyOf(seed), classes.length)) {
    if (taken.length === count) break
    taken.push(index)
  }
  return taken.sort((a, b) => a - b).map((index) => classes[index]!)
}

function* range(count: number): Generator<number> {
  for (let i = 0; i < count; i++) yield i
}
