/**
 * Neighborhood-aware neural architecture search: find architectures that stay good when one
 * operation changes. Spaces, architectures and neighborhoods are immutable data; a search calls a
 * function of yours. Runs in Node, Deno, browsers and workers.
 *
 * `na-nas/darts` searches by gradients, `na-nas/program` has tensor programs and networks, and
 * `na-nas/http` answers over HTTP.
 *
 * @example
 * ```ts
 * import { builtinSpace, makeBall, neighbors, readArchitecture } from "na-nas"
 *
 * const space = builtinSpace("nas-bench-201")
 * const { architecture } = readArchitecture(space, "333333")
 * console.log([...neighbors(makeBall(space), architecture)].length) // 24
 * ```
 *
 * @module
 */

// Benchmark tables
export * as TableEvaluator from "./src/adapters/evaluator/table.ts"
// Architectures
export { arbitraryArchitecture } from "./src/domain/architecture/arbitrary.ts"
export { type Architecture, ArchitectureError } from "./src/domain/architecture/architecture.ts"
// Searchers, and what one of your own needs
export { type Candidates, candidateSeed, drawCandidate } from "./src/domain/architecture/candidates.ts"
export { type Identity, identityKey } from "./src/domain/architecture/identity.ts"
export { isMember, spaceSize } from "./src/domain/architecture/membership.ts"
export { architectureAt, isEnumerable, ordinalOf } from "./src/domain/architecture/ordinal.ts"
export { parseArchitecture, printArchitecture, type TextForm } from "./src/domain/architecture/text.ts"
// Neighborhoods
export { type Ball, type BallOptions, makeBall, neighbors } from "./src/domain/neighborhood/ball.ts"
export { networkDistance } from "./src/domain/neighborhood/distance.ts"
export { type Invariant, spaceInvariants } from "./src/domain/neighborhood/invariants.ts"
export { sampleNeighbors } from "./src/domain/neighborhood/sample_neighbors.ts"
export { type Aggregate, aggregate } from "./src/domain/objective/aggregate.ts"
export { AGGREGATE_TEXTS, parseAggregate } from "./src/domain/objective/aggregate_text.ts"
export { integerAt, keyOf, type Seed, split, uniformAt } from "./src/domain/random.ts"
export { ValidationLoss } from "./src/domain/score/score.ts"
export { evolution } from "./src/domain/searchers/evolution.ts"
export { exhaustive } from "./src/domain/searchers/exhaustive.ts"
export { searcherInvariants } from "./src/domain/searchers/invariants.ts"
export { localSearch } from "./src/domain/searchers/local_search.ts"
export type { Observation, Proposal } from "./src/domain/searchers/proposal.ts"
export { randomSearch } from "./src/domain/searchers/random_search.ts"
export type { Searcher } from "./src/domain/searchers/searcher.ts"
export { SEARCHERS } from "./src/domain/searchers/searchers.ts"
export { successiveHalving } from "./src/domain/searchers/successive_halving.ts"
export { field } from "./src/domain/setting/field.ts"
export { oneOf, real, whole } from "./src/domain/setting/kind.ts"
export { SettingsError } from "./src/domain/setting/settings_error.ts"
// Spaces
export { makeSpace } from "./src/domain/space/make_space.ts"
export { parseSpace } from "./src/domain/space/parse_space.ts"
export { type Space, type SpaceDefinition, SpaceError } from "./src/domain/space/space.ts"
export { builtinDefinition, builtinSpace, SPACE_NAMES } from "./src/domain/space/spaces.ts"
export { syntheticTable } from "./src/domain/table/synthetic_table.ts"
export { makeTable, type Table, TableError } from "./src/domain/table/table.ts"
export { EvaluationError, Evaluator } from "./src/effects/ports/evaluator.ts"
export type { SearchProgress } from "./src/effects/programs/search.ts"
export { SearchError } from "./src/effects/programs/search_error.ts"
// Searches
export type { Evaluate, EvaluatorOptions } from "./src/library/evaluate.ts"
export type { AggregateFunction, NeighborhoodObjective } from "./src/library/objective.ts"
export { type ReadableArchitecture, readArchitecture, readable, readSpace } from "./src/library/readable.ts"
export { runPromise } from "./src/library/run_promise.ts"
export {
  type NeighborhoodScore,
  type ScoredReadable,
  type ScoreOptions,
  scoreArchitecture
} from "./src/library/score_architecture.ts"
export { type SearchOptions, type SearchResult, searchArchitectures } from "./src/library/search_architectures.ts"
