import { spaceSize } from "../architecture/membership.ts"
import { architectureAt, isEnumerable } from "../architecture/ordinal.ts"
import type { Proposal } from "./proposal.ts"
import type { Searcher } from "./searcher.ts"

interface State {
  /** Proposals so far. */
  readonly next: number
  /** Numbers of the space passed so far, admitted or not. */
  readonly cursor: number
}

/**
 * Every candidate once, in the order of the list or of the space's numbers; none in a space too
 * large to be numbered.
 */
export const exhaustive: Searcher<State, Record<never, never>> = {
  name: "exhaustive",
  summary: "every architecture once",
  fields: {},
  ends: true,
  start: () => ({ next: 0, cursor: 0 }),
  propose(candidates, state, limit) {
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
    return [proposals, { next: state.next + proposals.length, cursor }]
  },
  observe: (state) => state
}
