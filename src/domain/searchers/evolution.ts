import type { Architecture } from "../architecture/architecture.ts"
import { type Candidates, candidateSeed, drawCandidate } from "../architecture/candidates.ts"
import { makeBall } from "../neighborhood/ball.ts"
import { sampleNeighbors } from "../neighborhood/sample_neighbors.ts"
import { integerAt, keyOf, type Seed, split } from "../random.ts"
import { field, grouped } from "../setting/field.ts"
import { whole } from "../setting/kind.ts"
import type { Observation, Proposal } from "./proposal.ts"
import type { Searcher } from "./searcher.ts"

/** The settings of evolution. */
export const evolutionFields = grouped("Evolution", {
  population: field(whole(1), 10, "architectures alive at a time"),
  tournament: field(whole(1), 3, "members drawn, with replacement, of which the best is the parent")
})

/**
 * A population that forgets its oldest member for each child of the best of a random tournament.
 */
interface State {
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

/**
 * Random candidates until the population is full, then one child at a time: a uniform neighbor at
 * distance 1, among the candidates, of the best of `tournament` members drawn with replacement. A
 * parent without one gives a random candidate. The observed member joins, the oldest beyond the
 * population's size leaves.
 *
 * Source: Real et al. 2019 (arXiv 1802.01548), as run on NAS-Bench-201.
 */
export const evolution: Searcher<State, typeof evolutionFields> = {
  name: "evolution",
  summary: "regularized evolution",
  fields: evolutionFields,
  ends: false,
  start: (seed, { population, tournament }) => ({ seed, population, tournament, next: 0, observed: 0, members: [] }),
  propose(candidates, state, limit) {
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
  },
  observe: (state, observation) => ({
    ...state,
    observed: state.observed + 1,
    members: [...state.members, observation].slice(-state.population)
  })
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
