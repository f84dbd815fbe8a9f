import { integerAt, keyOf, type Seed, split } from "../random.ts"
import { slotsByNode } from "../space/slots.ts"
import type { Space } from "../space/space.ts"
import type { Architecture } from "./architecture.ts"
import { hasLegalSlots, isLegalNode } from "./membership.ts"
import { isEnumerable, ordinalOf } from "./ordinal.ts"
import { networkKey } from "./slot_order.ts"

/** The architectures that a search may return: a whole space, or a list of its members. */
export interface Candidates {
  readonly space: Space
  /** The members one by one, where they are listed. */
  readonly list: ReadonlyArray<Architecture> | undefined
  readonly admits: (architecture: Architecture) => boolean
}

/**
 * Candidates from a list of distinct networks, at least one, in whatever order the inputs of their
 * nodes are written.
 */
export function listedCandidates(space: Space, list: ReadonlyArray<Architecture>): Candidates {
  const numbered = isEnumerable(space)
  const key = (architecture: Architecture) =>
    numbered ? ordinalOf(space, architecture) : networkKey(space, architecture)
  const members = new Set(list.map(key))
  return { space, list, admits: (architecture) => members.has(key(architecture)) }
}

/**
 * All members of a space that a predicate admits. It must admit more than a vanishing share: draws
 * are by rejection.
 */
export function spaceCandidates(
  space: Space,
  admits: (architecture: Architecture) => boolean = () => true
): Candidates {
  return {
    space,
    list: undefined,
    admits: (architecture) => hasLegalSlots(space, architecture) && admits(architecture)
  }
}

/** Draws before `drawCandidate` gives up on a predicate that admits almost nothing. */
const DRAW_LIMIT = 100_000

/**
 * A uniform draw. The same seed gives the same candidate; `undefined` where `DRAW_LIMIT` draws met
 * no admitted one.
 */
export function drawCandidate(candidates: Candidates, seed: Seed): Architecture | undefined {
  const key = keyOf(seed)
  const { list, space } = candidates
  if (list !== undefined) return list[integerAt(key, 0, list.length)]
  let position = 0
  const draw = (bound: number) => integerAt(key, position++, bound)
  for (let attempt = 0; attempt < DRAW_LIMIT; attempt++) {
    const drawn = drawMember(space, draw)
    if (candidates.admits(drawn)) return drawn
  }
  return undefined
}

/** A uniform member: each decision by itself, or node by node until the node is legal. */
function drawMember(space: Space, draw: (bound: number) => number): Architecture {
  const drawn = space.decisions.map((decision) => draw(decision.choices.length))
  for (const node of slotsByNode(space)) {
    while (!isLegalNode(space, node, drawn)) {
      for (const slot of node) {
        drawn[slot.operation] = draw(space.decisions[slot.operation]!.choices.length)
        drawn[slot.input] = draw(space.decisions[slot.input]!.choices.length)
      }
    }
  }
  return drawn
}

/** A seed's own branch for candidate number `sequence`. */
export function candidateSeed(seed: Seed, sequence: number): Seed {
  return split(seed, "candidate", sequence)
}
