/**
 * Neighborhood-aware neural architecture search: spaces, architectures, neighborhoods and objectives as immutable data,
 * searches as Effect programs. Runs in Node, Deno, browsers and workers; adapters that need a platform are not part of it.
 *
 * @example
 * ```ts
 * import * as Either from "effect/Either"
 * import { builtinSpace, makeBall, neighbors, parseArchitecture } from "na-nas"
 *
 * const space = builtinSpace("nas-bench-201")
 * const cell = Either.getOrThrow(parseArchitecture(space, "333333"))
 * console.log([...neighbors(makeBall(space), cell)].length) // 24
 * ```
 *
 * @module
 */

export * as TableEvaluator from "./src/adapters/evaluator/table.ts"
export * as MemoryRunStore from "./src/adapters/run_store/memory.ts"
export * as NoRunStore from "./src/adapters/run_store/none.ts"
export * from "./src/domain/architecture/architecture.ts"
export * from "./src/domain/architecture/cell_string.ts"
export * from "./src/domain/architecture/functional_form.ts"
export * from "./src/domain/architecture/genotype.ts"
export * from "./src/domain/architecture/genotype_architecture.ts"
export * from "./src/domain/architecture/identity.ts"
export * from "./src/domain/architecture/official_form.ts"
export * from "./src/domain/architecture/relaxed.ts"
export * from "./src/domain/architecture/text.ts"
export * from "./src/domain/neighborhood/ball.ts"
export * from "./src/domain/neighborhood/distance.ts"
export * from "./src/domain/neighborhood/invariants.ts"
export * from "./src/domain/neighborhood/sample_neighbors.ts"
export * from "./src/domain/objective/aggregate.ts"
export * from "./src/domain/objective/aggregate_text.ts"
export * from "./src/domain/objective/flatness.ts"
export * from "./src/domain/objective/landscape.ts"
export * from "./src/domain/objective/objective.ts"
export * from "./src/domain/objective/objective_of_all.ts"
export * from "./src/domain/objective/targets.ts"
export * from "./src/domain/random.ts"
export * from "./src/domain/search/budget.ts"
export * from "./src/domain/search/candidates.ts"
export * from "./src/domain/search/constraint.ts"
export * from "./src/domain/search/plan_search.ts"
export * from "./src/domain/search/proposal.ts"
export * from "./src/domain/search/score.ts"
export * from "./src/domain/search/search_plan.ts"
export * from "./src/domain/search/searcher.ts"
export * from "./src/domain/search/settings.ts"
export * from "./src/domain/space/arbitrary.ts"
export * from "./src/domain/space/darts.ts"
export * from "./src/domain/space/make_space.ts"
export * from "./src/domain/space/membership.ts"
export * from "./src/domain/space/nas_bench_201.ts"
export * from "./src/domain/space/ordinal.ts"
export * from "./src/domain/space/slots.ts"
export * from "./src/domain/space/space.ts"
export * from "./src/domain/space/spaces.ts"
export * from "./src/domain/statistics/kendall.ts"
export * from "./src/domain/statistics/summary.ts"
export * from "./src/domain/table/benchmark.ts"
export * from "./src/domain/table/synthetic_table.ts"
export * from "./src/domain/table/table.ts"
export * from "./src/effects/evaluator.ts"
export * from "./src/effects/memo.ts"
export * from "./src/effects/repeat_search.ts"
export * from "./src/effects/reporter.ts"
export * from "./src/effects/run_store.ts"
export * from "./src/effects/search.ts"
