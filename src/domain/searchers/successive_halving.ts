import { candidateSeed, drawCandidate } from "../architecture/candidates.ts"
import type { Seed } from "../random.ts"
import { field, grouped, type Values } from "../setting/field.ts"
import { whole } from "../setting/kind.ts"
import { candidateOf, type Observation, type Proposal } from "./proposal.ts"
import type { Searcher } from "./searcher.ts"

/** The settings of successive halving. */
export const halvingFields = grouped("Successive halving", {
  samples: field(whole(1), 100, "candidates that begin"),
  epochs: field(whole(1), 200, "epochs that the last candidates are trained for"),
  eta: field(whole(2), 3, "one of so many candidates goes on, to as many times the epochs")
})

/** What successive halving is asked for. */
export type Halving = Values<typeof halvingFields>

/** Candidates that are trained for the same number of epochs. */
interface Rung {
  readonly candidates: number
  readonly epochs: number
}

/**
 * The rungs, first to last: as many as fit with at least one epoch at the first and one candidate
 * at the last.
 *
 * Source: Jamieson and Talwalkar 2016 (arXiv 1502.07943), with the rungs of Li et al. 2017 (arXiv
 * 1603.06560): samples/eta^i, epochs/eta^(s − i), both rounded down.
 */
export function rungsOf({ samples, epochs, eta }: Halving): ReadonlyArray<Rung> {
  let last = 0
  while (eta ** (last + 1) <= Math.min(samples, epochs)) last += 1
  return Array.from({ length: last + 1 }, (_, i) => ({
    candidates: Math.floor(samples / eta ** i),
    epochs: Math.floor(epochs / eta ** (last - i))
  }))
}

/** Random candidates, of which the best of each rung reach the next one. */
interface State {
  readonly seed: Seed
  readonly rungs: ReadonlyArray<Rung>
  readonly rung: number
  /** Proposals so far, over all rungs. */
  readonly next: number
  /** Proposals of the rung so far. */
  readonly proposed: number
  /** Those that reached the rung, by their numbers; none at the first one, which draws. */
  readonly reached: ReadonlyArray<Observation> | undefined
  /** What is known of the rung. */
  readonly observed: ReadonlyArray<Observation>
}

/**
 * Random candidates that are trained for few epochs; the best of each rung are trained for more. A
 * rung waits for all observations of the one before; among equals the earlier candidate goes on.
 *
 * Source: Jamieson and Talwalkar 2016 (arXiv 1502.07943); over neighborhoods ours.
 */
export const successiveHalving: Searcher<State, typeof halvingFields> = {
  name: "halving",
  summary: "random candidates, of which the best are trained for longer",
  fields: halvingFields,
  ends: true,
  start: (seed, halving) => ({
    seed,
    rungs: rungsOf(halving),
    rung: 0,
    next: 0,
    proposed: 0,
    reached: undefined,
    observed: []
  }),
  propose(candidates, state, limit) {
    const rung = state.rungs[state.rung]
    if (rung === undefined) return [[], state]
    const proposals: Array<Proposal> = []
    const count = Math.min(limit, rung.candidates - state.proposed)
    for (let i = 0; i < count; i++) {
      const sequence = state.next + i
      const known = state.reached?.[state.proposed + i]
      const architecture = known?.architecture ?? drawCandidate(candidates, candidateSeed(state.seed, sequence))
      if (architecture === undefined) break
      const candidate = known === undefined ? sequence : candidateOf(known)
      proposals.push({ sequence, candidate, architecture, epochs: rung.epochs })
    }
    const made = proposals.length
    return [proposals, { ...state, next: state.next + made, proposed: state.proposed + made }]
  },
  observe(state, observation) {
    const observed = [...state.observed, observation]
    if (observed.length < state.rungs[state.rung]!.candidates) return { ...state, observed }
    const ranked = observed.sort((a, b) => a.loss - b.loss || candidateOf(a) - candidateOf(b))
    const going = state.rungs[state.rung + 1]?.candidates ?? 0
    const reached = ranked.slice(0, going).sort((a, b) => candidateOf(a) - candidateOf(b))
    return { ...state, rung: state.rung + 1, proposed: 0, reached, observed: [] }
  }
}
