import type { Architecture } from "../architecture/architecture.ts"
import { type Candidates, candidateSeed, drawCandidate } from "../architecture/candidates.ts"
import { makeBall } from "../neighborhood/ball.ts"
import { sampleNeighbors } from "../neighborhood/sample_neighbors.ts"
import { integerAt, keyOf, type Seed, split } from "../random.ts"
import type { Observation, Proposal } from "./proposal.ts"

/** A population that forgets its oldest member for each child of the best of a random tournament. */
export interface State {
  readonly _tag: "Evolution"
  readonly seed: Seed
  readonly population: number
  readonly tournament: number
  /** Proposals so far. */
  readonly next: number
  /** Observations so far. */
  readonly observed: number
  /** The living, oldest first. */
  readonly members: ReadonlyArray<Observation>
}

/** Nothing is proposed yet. */
export function start(seed: Seed, options: { readonly population: number; readonly tournament: number }): State {
  const { population, tournament } = options
  return { _tag: "Evolution", seed, population, tournament, next: 0, observed: 0, members: [] }
}

/**
 * Random candidates until the population is full, then one child at a time: a uniform neighbor at distance 1, among the
 * candidates, of the best of `tournament` members drawn with replacement. A parent without one gives a random candidate.
 *
 * Source: Real et al. 2019 (arXiv 1802.01548), as run on NAS-Bench-201.
 */
export function propose(
  candidates: Candidates,
  state: State,
  limit: number
): readonly [ReadonlyArray<Proposal>, State] {
  const proposals: Array<Proposal> = []
  const count = state.next < state.population ? Math.min(limit, state.population - state.next) : 1
  if (state.next >= state.population && (state.observed < state.next || limit < 1)) return [[], state]
  for (let sequence = state.next; sequence < state.next + count; sequence++) {
    const architecture =
      sequence < state.population ? undefined : child(candidates, state, candidateSeed(state.seed, sequence))
    const proposed = architecture ?? drawCandidate(candidates, candidateSeed(state.seed, sequence))
    if (proposed === undefined) break
    proposals.push({ sequence, architecture: proposed })
  }
  return [proposals, { ...state, next: state.next + proposals.length }]
}

/** The observed member joins, the oldest beyond the population's size leaves. */
export function observe(state: State, observation: Observation): State {
  const members = [...state.members, observation].slice(-state.population)
  return { ...state, observed: state.observed + 1, members }
}

function child(candidates: Candidates, state: State, seed: Seed): Architecture | undefined {
  const key = keyOf(split(seed, "tournament"))
  let parent = state.members[integerAt(key, 0, state.members.length)]!
  for (let i = 1; i < state.tournament; i++) {
    const rival = state.members[integerAt(key, i, state.members.length)]!
    if (rival.loss < parent.loss) parent = rival
  }
  const selection = { ball: makeBall(candidates.space, { moveInputs: true }), count: 1, admits: candidates.admits }
  return sampleNeighbors(selection, parent.architecture, split(seed, "mutation"))[0]?.architecture
}
