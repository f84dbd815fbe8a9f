import * as Schema from "@effect/schema/Schema"
import type { Space } from "../space/space.ts"
import type { Architecture } from "./architecture.ts"
import { stringCell } from "./cell_string.ts"
import { functionalForm } from "./functional_form.ts"
import { spaceSize } from "./membership.ts"
import { officialForm } from "./official_form.ts"
import { architectureAt, isEnumerable, ordinalOf } from "./ordinal.ts"
import { networkKey, orderSlots } from "./slot_order.ts"

/**
 * Which architectures count as the same network, and are evaluated once: equal functions, equal by
 * NAS-Bench-201's rule, or only equal ones. Genotypes that differ in the order of a node's inputs
 * alone are equal.
 */
export const Identity = Schema.Literal("functional", "official", "exact")
export type Identity = typeof Identity.Type

/**
 * Whether a space has a notion of identity: `official` needs a single-cell space like
 * NAS-Bench-201.
 */
export function hasIdentity(space: Space, identity: Identity): boolean {
  return identity !== "official" || stringCell(space) !== undefined
}

/** Equal texts mean the same network under the notion. */
export function identityKey(space: Space, identity: Identity, architecture: Architecture): string {
  if (identity === "functional") return functionalForm(space, architecture)
  return (identity === "official" ? officialForm(space, architecture) : undefined) ?? networkKey(space, architecture)
}

/** The classes of an enumerable space, numbered by their first member. */
interface Classes {
  /** Class of each ordinal. */
  readonly classOf: Int32Array
  /** Smallest ordinal of each class. */
  readonly representative: Int32Array
}

const classesOf = new WeakMap<Space, Map<Identity, Classes>>()

/** The partition of an enumerable space into networks that are the same; computed once. */
export function classify(space: Space, identity: Identity): Classes {
  const known = classesOf.get(space) ?? new Map<Identity, Classes>()
  classesOf.set(space, known)
  const made = known.get(identity) ?? partition(space, identity)
  known.set(identity, made)
  return made
}

function partition(space: Space, identity: Identity): Classes {
  const size = spaceSize(space)
  const classOf = new Int32Array(size)
  const first: Array<number> = []
  const known = new Map<string, number>()
  for (let ordinal = 0; ordinal < size; ordinal++) {
    const key = identityKey(space, identity, architectureAt(space, ordinal))
    let id = known.get(key)
    if (id === undefined) {
      id = first.length
      known.set(key, id)
      first.push(ordinal)
    }
    classOf[ordinal] = id
  }
  return { classOf, representative: Int32Array.from(first) }
}

/**
 * Tells networks apart: `keyOf` is equal for the same network. `canonical` is the same network; in
 * an enumerable space it is one fixed member of its class, in a larger one networks that are the
 * same may still have several.
 */
export interface Identifier {
  readonly identity: Identity
  readonly keyOf: (architecture: Architecture) => number | string
  readonly canonical: (architecture: Architecture) => Architecture
}

/**
 * The identifier of a space. An enumerable space answers by number, computed at the first question;
 * its canonical member is the smallest of the class. In a larger space the canonical member orders
 * the slots of each node by input.
 */
export function identifier(space: Space, identity: Identity): Identifier {
  if (identity === "exact") {
    const numbered = isEnumerable(space)
    const keyOf = (one: Architecture) => (numbered ? ordinalOf(space, one) : networkKey(space, one))
    return { identity, keyOf, canonical: (architecture) => orderSlots(space, architecture) }
  }
  if (!isEnumerable(space)) {
    return {
      identity,
      keyOf: (architecture) => identityKey(space, identity, architecture),
      canonical: (architecture) => orderSlots(space, architecture)
    }
  }
  const asked = new Int32Array(spaceSize(space)).fill(-1)
  const ids = new Map<string, number>()
  let classes: Classes | undefined
  return {
    identity,
    keyOf: (architecture) => {
      const ordinal = ordinalOf(space, architecture)
      if (asked[ordinal]! >= 0) return asked[ordinal]!
      const key = identityKey(space, identity, architecture)
      const id = ids.get(key) ?? ids.size
      ids.set(key, id)
      asked[ordinal] = id
      return id
    },
    canonical: (architecture) => {
      classes ??= classify(space, identity)
      return architectureAt(space, classes.representative[classes.classOf[ordinalOf(space, architecture)]!]!)
    }
  }
}

/**
 * The architecture whose evaluation stands for another's: the canonical member of its class, or
 * itself where that one cannot be evaluated.
 */
export function standIn(
  { canonical }: Identifier,
  admits: (architecture: Architecture) => boolean
): (architecture: Architecture) => Architecture {
  return (architecture) => {
    const member = canonical(architecture)
    return admits(member) ? member : architecture
  }
}
