import type { Space } from "../space/space.ts"
import type { Architecture } from "./architecture.ts"
import { isUnconstrained, spaceSize } from "./membership.ts"

/** Largest space whose architectures are addressed by number in typed arrays: 2^22 entries. */
const ENUMERABLE_LIMIT = 4_194_304

/** Whether the architectures of a space are numbered 0 … size − 1 by `ordinalOf`. */
export function isEnumerable(space: Space): boolean {
  return isUnconstrained(space) && spaceSize(space) <= ENUMERABLE_LIMIT
}

const stridesOfSpace = new WeakMap<Space, ReadonlyArray<number>>()

/** Weight of each decision in an ordinal; the last decision has weight 1. */
export function strides(space: Space): ReadonlyArray<number> {
  const known = stridesOfSpace.get(space)
  if (known !== undefined) return known
  const made = space.decisions.map(() => 1)
  for (let i = made.length - 2; i >= 0; i--) made[i] = made[i + 1]! * space.decisions[i + 1]!.choices.length
  stridesOfSpace.set(space, made)
  return made
}

/**
 * The number of an architecture of an enumerable space: its choices read as digits, the first most
 * significant.
 */
export function ordinalOf(space: Space, architecture: Architecture): number {
  const weights = strides(space)
  let ordinal = 0
  for (let i = 0; i < weights.length; i++) ordinal += weights[i]! * architecture[i]!
  return ordinal
}

/** The architecture of a number; the inverse of `ordinalOf`. */
export function architectureAt(space: Space, ordinal: number): Architecture {
  const weights = strides(space)
  return space.decisions.map((decision, i) => Math.floor(ordinal / weights[i]!) % decision.choices.length)
}
