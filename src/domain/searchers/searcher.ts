import * as Schema from "@effect/schema/Schema"
import type { Candidates } from "../architecture/candidates.ts"
import type { Seed } from "../random.ts"
import * as Evolution from "./evolution.ts"
import * as Exhaustive from "./exhaustive.ts"
import * as LocalSearch from "./local_search.ts"
import type { Observation, Proposal } from "./proposal.ts"
import * as RandomSearch from "./random_search.ts"

const Size = Schema.Int.pipe(Schema.positive())

/** A searcher by name, with its settings. */
export const Algorithm = Schema.Union(
  Schema.TaggedStruct("RandomSearch", {}),
  Schema.TaggedStruct("Evolution", { population: Size, tournament: Size }),
  Schema.TaggedStruct("LocalSearch", {}),
  Schema.TaggedStruct("Exhaustive", {})
).annotations({ identifier: "Algorithm" })
export type Algorithm = typeof Algorithm.Type

/** All that a searcher knows, as data. */
export type SearchState = RandomSearch.State | Evolution.State | LocalSearch.State | Exhaustive.State

/** The state of a search that has proposed nothing. */
export function startSearch(algorithm: Algorithm, seed: Seed): SearchState {
  switch (algorithm._tag) {
    case "RandomSearch":
      return RandomSearch.start(seed)
    case "Evolution":
      return Evolution.start(seed, algorithm)
    case "LocalSearch":
      return LocalSearch.start(seed)
    case "Exhaustive":
      return Exhaustive.start()
  }
}

/**
 * The next proposals, at most `limit`, and the state after them. Fewer come where the next proposal waits for
 * observations; none while nothing is under way means that the search is at its end. What is proposed does not depend
 * on `limit`.
 */
export function propose(
  candidates: Candidates,
  state: SearchState,
  limit: number
): readonly [ReadonlyArray<Proposal>, SearchState] {
  switch (state._tag) {
    case "RandomSearch":
      return RandomSearch.propose(candidates, state, limit)
    case "Evolution":
      return Evolution.propose(candidates, state, limit)
    case "LocalSearch":
      return LocalSearch.propose(candidates, state, limit)
    case "Exhaustive":
      return Exhaustive.propose(candidates, state, limit)
  }
}

/** The state after an observation. Observations come in the order of their proposals. */
export function observe(state: SearchState, observation: Observation): SearchState {
  switch (state._tag) {
    case "RandomSearch":
    case "Exhaustive":
      return state
    case "Evolution":
      return Evolution.observe(state, observation)
    case "LocalSearch":
      return LocalSearch.observe(state, observation)
  }
}
