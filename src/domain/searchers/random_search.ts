import { candidateSeed, drawCandidate } from "../architecture/candidates.ts"
import type { Seed } from "../random.ts"
import type { Proposal } from "./proposal.ts"
import type { Searcher } from "./searcher.ts"

/** Proposals so far; candidate i depends on the seed and on i alone. */
interface State {
  readonly seed: Seed
  readonly next: number
}

/**
 * Candidates are drawn uniformly, with replacement.
 *
 * Source: with a neighborhood objective, NA-RS of Wang et al. 2021 (arXiv 2105.06369); with the own
 * score, random search.
 */
export const randomSearch: Searcher<State, Record<never, never>> = {
  name: "rs",
  summary: "random search",
  fields: {},
  ends: false,
  start: (seed) => ({ seed, next: 0 }),
  propose(candidates, state, limit) {
    const proposals: Array<Proposal> = []
    for (let sequence = state.next; sequence < state.next + limit; sequence++) {
      const architecture = drawCandidate(candidates, candidateSeed(state.seed, sequence))
      if (architecture === undefined) break
      proposals.push({ sequence, architecture })
    }
    return [proposals, { ...state, next: state.next + proposals.length }]
  },
  observe: (state) => state
}
