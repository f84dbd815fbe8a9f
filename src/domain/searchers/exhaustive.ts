import type { Candidates } from "../architecture/candidates.ts"
import { spaceSize } from "../architecture/membership.ts"
import { architectureAt, isEnumerable } from "../architecture/ordinal.ts"
import type { Proposal } from "./proposal.ts"

/** Every candidate once, in the order of the list or of the space's numbers. */
export interface State {
  readonly _tag: "Exhaustive"
  /** Proposals so far. */
  readonly next: number
  /** Numbers of the space passed so far, admitted or not. */
  readonly cursor: number
}

/** Nothing is proposed yet. */
export function start(): State {
  return { _tag: "Exhaustive", next: 0, cursor: 0 }
}

/** The next `limit` candidates; none at the end, and none in a space too large to be numbered. */
export function propose(
  candidates: Candidates,
  state: State,
  limit: number
): readonly [ReadonlyArray<Proposal>, State] {
  const { list, space } = candidates
  const size = list?.length ?? (isEnumerable(space) ? spaceSize(space) : 0)
  const proposals: Array<Proposal> = []
  let cursor = state.cursor
  for (; cursor < size && proposals.length < limit; cursor++) {
    const architecture = list?.[cursor] ?? architectureAt(space, cursor)
    if (list !== undefined || candidates.admits(architecture)) {
      proposals.push({ sequence: state.next + proposals.length, architecture })
    }
  }
  return [proposals, { ...state, next: state.next + proposals.length, cursor }]
}
