import * as Either from "effect/Either"
import type { Architecture } from "../architecture/architecture.ts"
import { hasIdentity, identifier } from "../architecture/identity.ts"
import { parseAggregate } from "../objective/aggregate_text.ts"
import type { Objective } from "../objective/objective.ts"
import { prepareObjective } from "../objective/targets.ts"
import { isEnumerable } from "../space/ordinal.ts"
import type { Space } from "../space/space.ts"
import { type Benchmark, benchmarkColumn } from "../table/benchmark.ts"
import type { TableError } from "../table/table.ts"
import type { Budget } from "./budget.ts"
import { listedCandidates, spaceCandidates } from "./candidates.ts"
import { compares, countChoice, parseConstraint } from "./constraint.ts"
import type { SearchPlan } from "./search_plan.ts"
import type { Algorithm } from "./searcher.ts"
import { type SearchSettings, SettingsError } from "./settings.ts"

const fail = (problem: string) => Either.left(new SettingsError({ problem }))

/**
 * The plan of a search over the architectures of a benchmark, or over all of a space where there is none. Errors: settings that contradict each other or the
 * space, and missing columns.
 */
export function planSearch(
  settings: SearchSettings,
  space: Space,
  benchmark: Benchmark | undefined
): Either.Either<SearchPlan, SettingsError | TableError> {
  return Either.gen(function* () {
    if (!hasIdentity(space, settings.identity)) {
      return yield* fail(`the identity "${settings.identity}" needs a space like NAS-Bench-201, not "${space.name}"`)
    }
    if (settings.simulatedSeconds !== undefined && settings.cost === undefined) {
      return yield* fail("a budget of simulated seconds needs the column that an evaluation costs")
    }
    const meets = yield* constraintsOf(settings, space, benchmark)
    const table = benchmark?.tables[0]
    const allowed = table?.architectures.filter(meets)
    if (allowed?.length === 0)
      return yield* fail(`no architecture of the table meets ${settings.constraints.join(" and ")}`)
    const known = identifier(space, settings.identity)
    const objective = yield* objectiveOf(settings, space)
    const constrained = objective._tag === "Neighborhood" && objective.constrainNeighbors
    const inTable = (architecture: Architecture) => table === undefined || table.rowOf(architecture) >= 0
    const admits = constrained ? (architecture: Architecture) => inTable(architecture) && meets(architecture) : inTable
    const plan: SearchPlan = {
      candidates: allowed === undefined ? spaceCandidates(space, meets) : listedCandidates(space, allowed),
      algorithm: algorithmOf(settings),
      objective: prepareObjective(space, objective, known, admits),
      budget: budgetOf(settings),
      identifier: known
    }
    return plan
  })
}

/** The objective that settings ask for. */
export function objectiveOf(settings: SearchSettings, space: Space): Either.Either<Objective, SettingsError> {
  const { algorithm, aggregate, neighbors, radius, center, moveInputs, quotient, constrainNeighbors } = settings
  if (algorithm === "na-rs" && settings.objective === "own") {
    return fail(`"na-rs" is random search with the neighborhood objective: for the own score take "rs"`)
  }
  const parsed = parseAggregate(aggregate)
  if (Either.isLeft(parsed)) return fail(parsed.left)
  if (moveInputs && !space.decisions.some((decision) => decision.kind === "input")) {
    return fail(`the space "${space.name}" has no inputs that could move`)
  }
  if (quotient && !isEnumerable(space)) {
    return fail(
      `the space "${space.name}" is too large for the quotient, which needs one member that stands for each network`
    )
  }
  if (algorithm !== "na-rs" && settings.objective !== "neighborhood") return Either.right({ _tag: "Own" })
  if (neighbors === 0 && !center) return fail("no neighbors and no center leave nothing to aggregate")
  return Either.right({
    _tag: "Neighborhood",
    aggregate: parsed.right,
    neighbors,
    radius,
    center,
    moveInputs,
    quotient,
    constrainNeighbors
  })
}

function algorithmOf({ algorithm, population, tournament }: SearchSettings): Algorithm {
  switch (algorithm) {
    case "rs":
    case "na-rs":
      return { _tag: "RandomSearch" }
    case "evolution":
      return { _tag: "Evolution", population, tournament }
    case "local-search":
      return { _tag: "LocalSearch" }
    case "exhaustive":
      return { _tag: "Exhaustive" }
  }
}

/** Samples of a search whose settings name no budget; an exhaustive one then takes all. */
export const DEFAULT_SAMPLES = 100

function budgetOf(settings: SearchSettings): Budget {
  const { samples, evaluations, uniqueEvaluations, simulatedSeconds } = settings
  const limited = [samples, evaluations, uniqueEvaluations, simulatedSeconds].some((limit) => limit !== undefined)
  if (!limited) return settings.algorithm === "exhaustive" ? {} : { samples: DEFAULT_SAMPLES }
  return { samples, evaluations, uniqueEvaluations, simulatedSeconds }
}

function constraintsOf(
  settings: SearchSettings,
  space: Space,
  benchmark: Benchmark | undefined
): Either.Either<(architecture: Architecture) => boolean, SettingsError | TableError> {
  return Either.gen(function* () {
    const checks: Array<(architecture: Architecture) => boolean> = []
    for (const text of settings.constraints) {
      const constraint = yield* Either.mapLeft(parseConstraint(text), (problem) => new SettingsError({ problem }))
      const { comparison, bound } = constraint
      if (constraint._tag === "Count") {
        const { choice } = constraint
        if (!space.decisions.some((decision) => decision.choices.includes(choice))) {
          return yield* fail(`the space "${space.name}" has no choice "${choice}"`)
        }
        checks.push((architecture) => compares(countChoice(space, architecture, choice), comparison, bound))
      } else {
        if (benchmark === undefined)
          return yield* fail(`the constraint on "${constraint.column}" needs a table: add --table FILE`)
        const values = yield* benchmarkColumn(benchmark, constraint.column)
        const [table] = benchmark.tables
        checks.push((architecture) => compares(values[table.rowOf(architecture)] ?? Number.NaN, comparison, bound))
      }
    }
    return (architecture: Architecture) => checks.every((check) => check(architecture))
  })
}
