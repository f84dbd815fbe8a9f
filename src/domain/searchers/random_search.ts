import { type Candidates, candidateSeed, drawCandidate } from "../architecture/candidates.ts"
import type { Seed } from "../random.ts"
import type { Proposal } from "./proposal.ts"

/** Candidates are drawn uniformly with replacement; candidate i depends on the seed and on i alone. */
export interface State {
  readonly _tag: "RandomSearch"
  readonly seed: Seed
  readonly next: number
}

/** Nothing is proposed yet. */
export function start(seed: Seed): State {
  return { _tag: "RandomSearch", seed, next: 0 }
}

/**
 * The next `limit` candidates.
 *
 * Source: with a neighborhood objective, NA-RS of Wang et al. 2021 (arXiv 2105.06369); with the own score, random search.
 */
export function propose(
  candidates: Candidates,
  state: State,
  limit: number
): readonly [ReadonlyArray<Proposal>, State] {
  const proposals: Array<Proposal> = []
  for (let sequence = state.next; sequence < state.next + limit; sequence++) {
    const architecture = drawCandidate(candidates, candidateSeed(state.seed, sequence))
    if (architecture === undefined) break
    proposals.push({ sequence, architecture })
  }
  return [proposals, { ...state, next: state.next + proposals.length }]
}
