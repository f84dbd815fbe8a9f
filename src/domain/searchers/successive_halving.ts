import { type Candidates, candidateSeed, drawCandidate } from "../architecture/candidates.ts"
import type { Seed } from "../random.ts"
import type { Observation, Proposal } from "./proposal.ts"

/** How many candidates begin, how many epochs the last ones are trained for, and how fast the field thins. */
export interface Halving {
  readonly candidates: number
  readonly epochs: number
  /** Of so many candidates one goes on, to as many times the epochs; at least 2. */
  readonly eta: number
}

/** Candidates that are trained for the same number of epochs. */
export interface Rung {
  readonly candidates: number
  readonly epochs: number
}

/** A candidate that is to be trained for a number of epochs. */
export interface RungProposal extends Proposal {
  /** The candidate's number: the sequence of its first proposal. */
  readonly candidate: number
  readonly epochs: number
}

/** A candidate's score after a number of epochs. */
export interface RungObservation extends Observation, RungProposal {}

/**
 * The rungs, first to last: as many as fit with at least one epoch at the first and one candidate at the last.
 *
 * Source: Jamieson and Talwalkar 2016 (arXiv 1502.07943), with the rungs of Li et al. 2017 (arXiv 1603.06560): candidates/eta^i, epochs/eta^(s − i),
 * both rounded down.
 */
export function rungsOf({ candidates, epochs, eta }: Halving): ReadonlyArray<Rung> {
  let last = 0
  while (eta ** (last + 1) <= Math.min(candidates, epochs)) last += 1
  return Array.from({ length: last + 1 }, (_, i) => ({
    candidates: Math.floor(candidates / eta ** i),
    epochs: Math.floor(epochs / eta ** (last - i))
  }))
}

/** Random candidates, of which the best of each rung reach the next one. */
export interface State {
  readonly _tag: "SuccessiveHalving"
  readonly seed: Seed
  readonly rungs: ReadonlyArray<Rung>
  readonly rung: number
  /** Proposals so far, over all rungs. */
  readonly next: number
  /** Proposals of the rung so far. */
  readonly proposed: number
  /** Those that reached the rung, by their numbers; none at the first one, which draws. */
  readonly reached: ReadonlyArray<RungObservation> | undefined
  /** What is known of the rung. */
  readonly observed: ReadonlyArray<RungObservation>
}

/** Nothing is proposed yet. */
export function start(seed: Seed, halving: Halving): State {
  const rungs = rungsOf(halving)
  return { _tag: "SuccessiveHalving", seed, rungs, rung: 0, next: 0, proposed: 0, reached: undefined, observed: [] }
}

/** The next proposals, at most `limit`. A rung waits for all observations of the one before; after the last there are none. */
export function propose(
  candidates: Candidates,
  state: State,
  limit: number
): readonly [ReadonlyArray<RungProposal>, State] {
  const rung = state.rungs[state.rung]
  const proposals: Array<RungProposal> = []
  if (rung === undefined) return [proposals, state]
  const count = Math.min(limit, rung.candidates - state.proposed)
  for (let i = 0; i < count; i++) {
    const place = state.proposed + i
    const sequence = state.next + i
    const known = state.reached?.[place]
    const architecture = known?.architecture ?? drawCandidate(candidates, candidateSeed(state.seed, sequence))
    if (architecture === undefined) break
    proposals.push({ sequence, candidate: known?.candidate ?? sequence, architecture, epochs: rung.epochs })
  }
  const made = proposals.length
  return [proposals, { ...state, next: state.next + made, proposed: state.proposed + made }]
}

/** The state after an observation, in any order; after the last of a rung the next one begins. Among equals the earlier candidate goes on. */
export function observe(state: State, observation: RungObservation): State {
  const observed = [...state.observed, observation]
  if (observed.length < state.rungs[state.rung]!.candidates) return { ...state, observed }
  const ranked = observed.sort((a, b) => a.loss - b.loss || a.candidate - b.candidate)
  const going = state.rungs[state.rung + 1]?.candidates ?? 0
  const reached = ranked.slice(0, going).sort((a, b) => a.candidate - b.candidate)
  return { ...state, rung: state.rung + 1, proposed: 0, reached, observed: [] }
}
