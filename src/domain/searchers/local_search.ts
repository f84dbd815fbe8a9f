import * as HashSet from "effect/HashSet"
import type { Architecture } from "../architecture/architecture.ts"
import { type Candidates, candidateSeed, drawCandidate } from "../architecture/candidates.ts"
import { networkKey } from "../architecture/slot_order.ts"
import { makeBall } from "../neighborhood/ball.ts"
import { sampleNeighbors } from "../neighborhood/sample_neighbors.ts"
import type { Seed } from "../random.ts"
import type { Observation } from "./proposal.ts"
import type { Searcher } from "./searcher.ts"

/** Steepest descent from random starts; no candidate is proposed twice but for a start. */
interface State {
  readonly seed: Seed
  /** Proposals so far. */
  readonly next: number
  /** Proposals that are not observed yet. */
  readonly pending: number
  /** Where the descent stands; none before a start is observed. */
  readonly center: Observation | undefined
  /** Neighbors of the center that are still to be proposed. */
  readonly frontier: ReadonlyArray<Architecture> | undefined
  /** The best neighbor observed so far. */
  readonly best: Observation | undefined
  readonly visited: HashSet.HashSet<string>
}

/**
 * A random start, then all neighbors of the center at distance 1 that are candidates and new, in
 * enumeration order; the center moves to the best of them while that is better, else a new start is
 * drawn.
 *
 * Source: White, Nolen, Savani 2021 (arXiv 2005.02960), with restarts.
 */
export const localSearch: Searcher<State, Record<never, never>> = {
  name: "local-search",
  summary: "steepest descent with restarts",
  fields: {},
  ends: false,
  start: (seed) => ({ seed, next: 0, pending: 0, ...NOWHERE, visited: HashSet.empty() }),
  propose(candidates, state, limit) {
    if (limit < 1) return [[], state]
    const ready = state.pending === 0 ? settle(candidates, state) : state
    const { frontier } = ready
    if (frontier !== undefined && frontier.length > 0) {
      const taken = frontier.slice(0, limit)
      const proposals = taken.map((architecture, i) => ({ sequence: ready.next + i, architecture }))
      const left = {
        frontier: frontier.slice(limit),
        next: ready.next + taken.length,
        pending: ready.pending + taken.length
      }
      return [proposals, { ...ready, ...left }]
    }
    if (ready.pending > 0) return [[], ready]
    const architecture = drawCandidate(candidates, candidateSeed(ready.seed, ready.next))
    if (architecture === undefined) return [[], ready]
    const visited = HashSet.add(ready.visited, networkKey(candidates.space, architecture))
    return [
      [{ sequence: ready.next, architecture }],
      { ...ready, ...NOWHERE, visited, next: ready.next + 1, pending: 1 }
    ]
  },
  /** The first observation after a start is the center; later ones are its neighbors. */
  observe(state, observation) {
    const pending = state.pending - 1
    if (state.center === undefined) return { ...state, pending, center: observation }
    const better = state.best === undefined || observation.loss < state.best.loss
    return { ...state, pending, best: better ? observation : state.best }
  }
}

const NOWHERE = { center: undefined, frontier: undefined, best: undefined }

/**
 * With nothing under way: move to a better neighbor and spread its frontier, or leave an empty one.
 */
function settle(candidates: Candidates, state: State): State {
  const { center, frontier, best } = state
  if (center === undefined || (frontier !== undefined && frontier.length > 0)) return state
  if (frontier === undefined) return spread(candidates, state, center)
  if (best !== undefined && best.loss < center.loss) return spread(candidates, state, best)
  return state
}

function spread(candidates: Candidates, state: State, center: Observation): State {
  const selection = {
    ball: makeBall(candidates.space, { moveInputs: true }),
    count: "all" as const,
    admits: (architecture: Architecture) =>
      candidates.admits(architecture) && !HashSet.has(state.visited, networkKey(candidates.space, architecture))
  }
  const frontier = sampleNeighbors(selection, center.architecture, state.seed).map((neighbor) => neighbor.architecture)
  const visited = frontier.reduce(
    (set, architecture) => HashSet.add(set, networkKey(candidates.space, architecture)),
    state.visited
  )
  return { ...state, center, best: undefined, frontier, visited }
}
