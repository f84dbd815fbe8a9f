import type { Candidates } from "../architecture/candidates.ts"
import type { Seed } from "../random.ts"
import type { Fields, Values } from "../setting/field.ts"
import type { Observation, Proposal } from "./proposal.ts"

/**
 * A search algorithm that proposes architectures and learns their losses: pure functions over a
 * state, which is a value and never changes. `searcherInvariants` are the properties that every one
 * has.
 */
export interface Searcher<State = unknown, F extends Fields = Fields> {
  /** What people type. */
  readonly name: string
  /** One line for help. */
  readonly summary: string
  /** Its settings, with their defaults. */
  readonly fields: F
  /** Whether it ends by itself, so that it needs no budget. */
  readonly ends: boolean
  /** The state before the first proposal. */
  start(seed: Seed, settings: Values<F>): State
  /**
   * The next proposals, at most `limit`, and the state after them. Fewer come where the next
   * proposal waits for observations; none while nothing is under way means that the search is at
   * its end. What is proposed does not depend on `limit`.
   */
  propose(candidates: Candidates, state: State, limit: number): readonly [ReadonlyArray<Proposal>, State]
  /** The state after an observation. Observations come in the order of their proposals. */
  observe(state: State, observation: Observation): State
}
