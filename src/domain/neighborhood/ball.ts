import type { Architecture } from "../architecture/architecture.ts"
import { hasLegalSlots, isUnconstrained } from "../architecture/membership.ts"
import type { Space } from "../space/space.ts"
import { isNearestOrder } from "./distance.ts"

/**
 * How far a neighborhood reaches, and whether it moves the inputs of a genotype's edges besides
 * their operations.
 */
export interface BallOptions {
  /** Largest distance, at least 1. @defaultValue 1 */
  readonly radius?: number
  /** Whether all neighbors lie at that very distance, and none nearer. @defaultValue false */
  readonly exactRadius?: boolean
  /** @defaultValue false */
  readonly moveInputs?: boolean
}

/**
 * The shape of every neighborhood of a space: which decisions may change and how many ways there
 * are. Centers come later: all have the same number of changes, though in some spaces not every
 * change is an architecture.
 */
export interface Ball {
  readonly space: Space
  /** Smallest distance of a neighbor: 1, or the radius where that is exact. */
  readonly nearest: number
  readonly radius: number
  /** Whether inputs of a genotype's edges may change besides their operations. */
  readonly movesInputs: boolean
  /** The decisions that may change. */
  readonly movable: ReadonlyArray<number>
  /** `ways[i][r]`: number of ways to change exactly r of the movable decisions i, i + 1, … */
  readonly ways: ReadonlyArray<ReadonlyArray<number>>
  /** Number of changes at the distances from `nearest` to `radius` together. */
  readonly changes: number
}

/**
 * The shape of the neighborhoods of a space. A radius beyond the number of decisions reaches no
 * further than it.
 */
export function makeBall(space: Space, options: BallOptions = {}): Ball {
  const movable = space.decisions.flatMap((decision, i) =>
    decision.choices.length > 1 && (decision.kind === "operation" || options.moveInputs === true) ? [i] : []
  )
  const radius = Math.min(options.radius ?? 1, movable.length)
  const ways: Array<ReadonlyArray<number>> = [Array.from({ length: radius + 1 }, (_, r) => (r === 0 ? 1 : 0))]
  for (const decision of [...movable].reverse()) {
    const rest = ways[0]!
    const others = space.decisions[decision]!.choices.length - 1
    ways.unshift(rest.map((count, r) => count + (r > 0 ? others * rest[r - 1]! : 0)))
  }
  const nearest = options.exactRadius === true ? Math.max(1, radius) : 1
  const changes = ways[0]!.slice(nearest).reduce((sum, count) => sum + count, 0)
  return { space, nearest, radius, movesInputs: options.moveInputs === true, movable, ways, changes }
}

/**
 * Number of changes at each distance 1 … radius: C(E, r)·(K − 1)^r where all E decisions have K
 * choices. Exact up to 2^53.
 */
export function sphereSizes(ball: Ball): ReadonlyArray<number> {
  return ball.ways[0]!.slice(1)
}

/** Distance from the center of change number `index`. */
export function changeDistance(ball: Ball, index: number): number {
  let distance = ball.nearest
  for (let before = 0; distance < ball.radius; distance++) {
    before += ball.ways[0]![distance]!
    if (index < before) break
  }
  return distance
}

/**
 * Change number `index` of a center: 0 ≤ index < `ball.changes`, nearest first. It may be no member
 * of the space.
 */
export function changeAt(ball: Ball, center: Architecture, index: number): Architecture {
  let left = changeDistance(ball, index)
  let rest = index
  for (let r = ball.nearest; r < left; r++) rest -= ball.ways[0]![r]!
  const result = [...center]
  for (let i = 0; left > 0; i++) {
    const unchanged = ball.ways[i + 1]![left]!
    if (rest < unchanged) continue
    rest -= unchanged
    left -= 1
    const block = ball.ways[i + 1]![left]!
    const decision = ball.movable[i]!
    const other = Math.floor(rest / block)
    result[decision] = other < center[decision]! ? other : other + 1
    rest %= block
  }
  return result
}

/**
 * Whether a change of a center gives a neighbor: a member of the space, always so where every
 * combination of choices is one. Where inputs move, two changes may write one network with a node's
 * inputs in two orders; then it is the one nearest to the center, so that a network is a neighbor
 * once, at its `networkDistance`, and never the center itself.
 */
export function isLegalChange(ball: Ball, center: Architecture, changed: Architecture): boolean {
  const { space, radius, movesInputs } = ball
  if (isUnconstrained(space)) return true
  return hasLegalSlots(space, changed) && (!movesInputs || radius === 1 || isNearestOrder(space, center, changed))
}

/**
 * The neighbors of a center, lazily, nearest first, each once, the center left out.
 *
 * Source: Wang et al. 2021 (arXiv 2105.06369), the neighborhood N(a) without a itself.
 */
export function* neighbors(ball: Ball, center: Architecture): Generator<Architecture> {
  for (let index = 0; index < ball.changes; index++) {
    const changed = changeAt(ball, center, index)
    if (isLegalChange(ball, center, changed)) yield changed
  }
}
