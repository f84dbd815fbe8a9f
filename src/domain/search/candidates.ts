import { type Architecture, architectureKey } from "../architecture/architecture.ts"
import { integerAt, keyOf, type Seed, split } from "../random.ts"
import { hasLegalSlots } from "../space/membership.ts"
import { isEnumerable, ordinalOf } from "../space/ordinal.ts"
import type { Space } from "../space/space.ts"

/** The architectures that a search may return: a whole space, or a list of its members. */
export interface Candidates {
  readonly space: Space
  /** The members one by one, where they are listed. */
  readonly list: ReadonlyArray<Architecture> | undefined
  readonly admits: (architecture: Architecture) => boolean
}

/** Candidates from a list of distinct members, at least one. */
export function listedCandidates(space: Space, list: ReadonlyArray<Architecture>): Candidates {
  const numbered = isEnumerable(space)
  const key = (architecture: Architecture) => (numbered ? ordinalOf(space, architecture) : architectureKey(architecture))
  const members = new Set(list.map(key))
  return { space, list, admits: (architecture) => members.has(key(architecture)) }
}

/** All members of a space that a predicate admits. It must admit more than a vanishing share: draws are by rejection. */
export function spaceCandidates(space: Space, admits: (architecture: Architecture) => boolean = () => true): Candidates {
  return { space, list: undefined, admits: (architecture) => hasLegalSlots(space, architecture) && admits(architecture) }
}

/** Draws before `drawCandidate` gives up on a predicate that admits almost nothing. */
export const DRAW_LIMIT = 1_000_000

/** A uniform draw. The same seed gives the same candidate; `undefined` where `DRAW_LIMIT` draws met no admitted one. */
export function drawCandidate(candidates: Candidates, seed: Seed): Architecture | undefined {
  const key = keyOf(seed)
  const { list, space } = candidates
  if (list !== undefined) return list[integerAt(key, 0, list.length)]
  for (let attempt = 0; attempt < DRAW_LIMIT; attempt++) {
    const drawn = space.decisions.map((decision, i) =>
      integerAt(key, attempt * space.decisions.length + i, decision.choices.length)
    )
    if (candidates.admits(drawn)) return drawn
  }
  return undefined
}

/** A seed's own branch for candidate number `sequence`. */
export function candidateSeed(seed: Seed, sequence: number): Seed {
  return split(seed, "candidate", sequence)
}
