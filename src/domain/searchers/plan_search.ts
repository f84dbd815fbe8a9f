import * as Either from "effect/Either"
import type { Architecture } from "../architecture/architecture.ts"
import { listedCandidates, spaceCandidates } from "../architecture/candidates.ts"
import { hasIdentity, type Identity, identifier } from "../architecture/identity.ts"
import { isEnumerable } from "../architecture/ordinal.ts"
import type { Objective } from "../objective/objective.ts"
import { prepareObjective } from "../objective/targets.ts"
import { SettingsError } from "../setting/settings_error.ts"
import type { Space } from "../space/space.ts"
import { type Benchmark, benchmarkColumn } from "../table/benchmark.ts"
import type { TableError } from "../table/table.ts"
import type { Budget } from "./budget.ts"
import { compares, countChoice, parseConstraint } from "./constraint.ts"
import type { SearchPlan } from "./search_plan.ts"
import { SEARCHERS } from "./searchers.ts"
import type { SearchSettings } from "./settings.ts"

/** An error that names the settings in backquotes. */
const fail = (problem: string) => Either.left(new SettingsError({ problem }))

/**
 * The plan of a search over a benchmark. Errors: settings that contradict each other or the space,
 * and missing columns.
 */
export function planSearch(
  settings: SearchSettings,
  space: Space,
  benchmark: Benchmark
): Either.Either<SearchPlan, SettingsError | TableError> {
  return Either.gen(function* () {
    const known = identifier(space, yield* identityOf(settings, space))
    if (settings.simulatedSeconds !== undefined && settings.cost === undefined) {
      return yield* fail("a budget of `simulatedSeconds` needs `cost`, the column with the seconds of an evaluation")
    }
    if (settings.costFactor !== 1 && settings.cost === undefined) return yield* fail("`costFactor` needs `cost`")
    const [table] = benchmark.tables
    const meets = yield* constraintsOf(settings, space, (name) =>
      Either.map(
        benchmarkColumn(benchmark, name),
        (values) => (architecture: Architecture) => values[table.rowOf(architecture)] ?? Number.NaN
      )
    )
    const allowed = table.architectures.filter(meets)
    if (allowed.length === 0)
      return yield* fail(`\`constraint\`: no architecture of the table meets ${settings.constraint.join(" and ")}`)
    const objective = yield* objectiveOf(settings, space)
    const constrained = objective._tag === "Neighborhood" && objective.constrainNeighbors
    const inTable = (architecture: Architecture) => table.rowOf(architecture) >= 0
    const admits = constrained ? (architecture: Architecture) => inTable(architecture) && meets(architecture) : inTable
    const plan: SearchPlan = {
      candidates: listedCandidates(space, allowed),
      ...searcherOf(settings),
      objective: prepareObjective(space, objective, known, admits),
      budget: budgetOf(settings),
      identifier: known
    }
    return plan
  })
}

/**
 * The plan of a search over all architectures of a space, where no table lists them. Constraints
 * count choices.
 */
export function planSpaceSearch(settings: SearchSettings, space: Space): Either.Either<SearchPlan, SettingsError> {
  return Either.gen(function* () {
    const known = identifier(space, yield* identityOf(settings, space))
    if (settings.algorithm === "exhaustive" && !isEnumerable(space))
      return yield* fail(`\`algorithm\`: the space "${space.name}" is too large for an exhaustive search`)
    const meets = yield* constraintsOf(settings, space, (name) =>
      fail(`\`constraint\`: one names the column "${name}", and there is no table; count(choice) needs none`)
    )
    const objective = yield* objectiveOf(settings, space)
    const constrained = objective._tag === "Neighborhood" && objective.constrainNeighbors
    const plan: SearchPlan = {
      candidates: spaceCandidates(space, meets),
      ...searcherOf(settings),
      objective: prepareObjective(space, objective, known, constrained ? meets : () => true),
      budget: budgetOf(settings),
      identifier: known
    }
    return plan
  })
}

/**
 * Which architectures share an evaluation. By default none over a table, whose rows are trainings
 * of their own; equal functions where architectures are trained, so that no network is trained
 * twice. A supernet has weights of its own for every architecture, so there only `exact` is right.
 */
export function identityOf(
  { identity, evaluator, quotient }: Pick<SearchSettings, "identity" | "evaluator" | "quotient">,
  space: Space
): Either.Either<Identity, SettingsError> {
  const known = identity ?? (evaluator === "train" || quotient ? "functional" : "exact")
  if (evaluator === "supernet" && known !== "exact")
    return fail(
      `a supernet has weights of its own for every architecture: leave out \`${quotient ? "quotient" : "identity"}\``
    )
  if (quotient && known === "exact")
    return fail(`\`quotient\` needs the \`identity\` "functional" or "official", not "exact"`)
  if (!hasIdentity(space, known))
    return fail(`the \`identity\` "${known}" needs a space like NAS-Bench-201, not "${space.name}"`)
  return Either.right(known)
}

/** The objective that settings ask for. */
export function objectiveOf(settings: SearchSettings, space: Space): Either.Either<Objective, SettingsError> {
  const { aggregate, neighbors, radius, exactRadius } = settings
  const { center, moveInputs, quotient, constrainNeighbors } = settings
  if (moveInputs && !space.decisions.some((decision) => decision.kind === "input")) {
    return fail(`\`moveInputs\`: the space "${space.name}" has no inputs that could move`)
  }
  if (quotient && !isEnumerable(space)) {
    return fail(
      `the space "${space.name}" is too large for the \`quotient\`, which needs one member that stands for each network`
    )
  }
  if (settings.objective === "own") return Either.right({ _tag: "Own" })
  if (neighbors === 0 && !center) return fail("no `neighbors` and no `center` leave nothing to aggregate")
  return Either.right({
    _tag: "Neighborhood",
    aggregate,
    neighbors,
    radius,
    exactRadius,
    center,
    moveInputs,
    quotient,
    constrainNeighbors
  })
}

/** The searcher by its name, with its own settings; NA-RS is random search. */
function searcherOf(settings: SearchSettings): Pick<SearchPlan, "searcher" | "settings"> {
  const name = settings.algorithm === "na-rs" ? "rs" : settings.algorithm
  const searcher = SEARCHERS.find((one) => one.name === name)!
  const own = Object.entries(settings).filter(([setting]) => Object.hasOwn(searcher.fields, setting))
  return { searcher, settings: Object.fromEntries(own) }
}

/** Samples of a search whose settings name no budget; an exhaustive one then takes all. */
export const DEFAULT_SAMPLES = 100

function budgetOf(settings: SearchSettings): Budget {
  const { samples, evaluations, uniqueEvaluations, simulatedSeconds } = settings
  const limited = [samples, evaluations, uniqueEvaluations, simulatedSeconds].some((limit) => limit !== undefined)
  if (!limited) return settings.algorithm === "exhaustive" ? {} : { samples: DEFAULT_SAMPLES }
  return { samples, evaluations, uniqueEvaluations, simulatedSeconds }
}

/**
 * Whether an architecture meets all constraints; `column` gives the numbers of those that name one.
 */
function constraintsOf<E>(
  { constraint: texts }: SearchSettings,
  space: Space,
  column: (name: string) => Either.Either<(architecture: Architecture) => number, E>
): Either.Either<(architecture: Architecture) => boolean, SettingsError | E> {
  return Either.gen(function* () {
    const checks: Array<(architecture: Architecture) => boolean> = []
    for (const text of texts) {
      const constraint = yield* Either.mapLeft(
        parseConstraint(text),
        (problem) => new SettingsError({ problem: `\`constraint\`: ${problem}` })
      )
      const { comparison, bound } = constraint
      if (constraint._tag === "Count") {
        const { choice } = constraint
        if (!space.decisions.some((decision) => decision.choices.includes(choice))) {
          return yield* fail(`\`constraint\`: the space "${space.name}" has no choice "${choice}"`)
        }
        checks.push((architecture) => compares(countChoice(space, architecture, choice), comparison, bound))
      } else {
        const value = yield* column(constraint.column)
        checks.push((architecture) => compares(value(architecture), comparison, bound))
      }
    }
    return (architecture: Architecture) => checks.every((check) => check(architecture))
  })
}
