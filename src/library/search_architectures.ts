import * as ArrayFormatter from "@effect/schema/ArrayFormatter"
import * as Schema from "@effect/schema/Schema"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as NoRunStore from "../adapters/run_store/none.ts"
import { type Architecture, architectureOfKey } from "../domain/architecture/architecture.ts"
import { spaceCandidates } from "../domain/architecture/candidates.ts"
import { hasIdentity, type Identity, identifier } from "../domain/architecture/identity.ts"
import { Budget } from "../domain/searchers/budget.ts"
import { DEFAULT_SAMPLES } from "../domain/searchers/plan_search.ts"
import { randomSearch } from "../domain/searchers/random_search.ts"
import type { SearchPlan } from "../domain/searchers/search_plan.ts"
import type { Searcher } from "../domain/searchers/searcher.ts"
import { decodeSettings, type Fields, type Values } from "../domain/setting/field.ts"
import { SettingsError } from "../domain/setting/settings_error.ts"
import type { Space } from "../domain/space/space.ts"
import { type EvaluationError, Evaluator } from "../effects/ports/evaluator.ts"
import type { Outcome } from "../effects/ports/run_store.ts"
import { openMemos } from "../effects/programs/memo.ts"
import { type SearchProgress, search } from "../effects/programs/search.ts"
import { SearchError } from "../effects/programs/search_error.ts"
import { type Evaluate, type EvaluatorOptions, evaluatorOf } from "./evaluate.ts"
import { type NeighborhoodObjective, readyObjective } from "./objective.ts"
import { type ReadableArchitecture, readable } from "./readable.ts"

/** What is searched, by what, and for how long. */
export interface SearchOptions<E = never, R = never, State = unknown, F extends Fields = Fields>
  extends EvaluatorOptions {
  readonly space: Space
  /** The loss of an architecture, lower is better: a number, a promise of one, or an Effect. */
  readonly evaluate: Evaluate<E, R>
  /**
   * The loss of an architecture alone, or an aggregate over its neighborhood.
   *
   * @defaultValue the mean over it and all its neighbors
   */
  readonly objective?: "own" | NeighborhoodObjective
  /** @defaultValue 100 samples; none for a searcher that ends by itself */
  readonly budget?: Pick<Budget, "samples" | "evaluations" | "uniqueEvaluations">
  /** Equal seeds give equal searches. @defaultValue "0" */
  readonly seed?: string | number
  /** Ours or your own. @defaultValue randomSearch */
  readonly searcher?: Searcher<State, F>
  /** Settings of the searcher; those that are missing have its defaults. */
  readonly settings?: Partial<Values<F>>
  /** Which architectures are the same network, and share one evaluation. @defaultValue "exact" */
  readonly identity?: Identity
  readonly onProgress?: (progress: SearchProgress) => void
}

/** The best architecture of a search, and what finding it took. */
export interface SearchResult
  extends ReadableArchitecture,
    Pick<Outcome, "loss" | "ownLoss" | "samples" | "evaluations" | "uniqueEvaluations" | "diverged" | "stop"> {}

const decodeBudget = Schema.decodeUnknownEither(Budget, { onExcessProperty: "error" })
const CURE =
  'return a finite loss from `evaluate`, or take an `objective.aggregate` that leaves out the worst: "median"'

/**
 * Search a space for the architecture whose neighborhood is best under a function of one's own. An
 * Effect; `runPromise` makes a promise of it.
 *
 * @example
 * ```ts
 * import { readSpace, runPromise, searchArchitectures } from "na-nas"
 *
 * const space = readSpace({
 *   name: "mlp",
 *   decisions: ["first", "second"].map((name) => ({ name, choices: ["8", "16", "32"] }))
 * })
 * const best = await runPromise(
 *   searchArchitectures({
 *     space,
 *     evaluate: ({ choices }) => Math.abs(Number(choices.first) - 16) + Math.abs(Number(choices.second) - 32),
 *     objective: "own",
 *     budget: { samples: 50 }
 *   })
 * )
 * console.log(best.text) // 12
 * ```
 */
export const searchArchitectures = <E = never, R = never, State = unknown, F extends Fields = Fields>(
  options: SearchOptions<E, R, State, F>
): Effect.Effect<SearchResult, SearchError | SettingsError | EvaluationError, R> =>
  Effect.gen(function* () {
    const { space, evaluate, onProgress } = options
    const plan = yield* planOf(options)
    const evaluator = yield* evaluatorOf(space, evaluate, options)
    const program = Effect.flatMap(openMemos(space, plan.identifier), (memos) =>
      search(plan, memos, {
        seed: `${options.seed ?? 0}`,
        repetition: 0,
        onProgress: (progress) => Effect.sync(() => onProgress?.(progress))
      })
    )
    const { architecture, loss, ownLoss, samples, evaluations, uniqueEvaluations, diverged, stop } =
      yield* program.pipe(
        Effect.provideService(Evaluator, evaluator),
        Effect.provide(NoRunStore.layer),
        Effect.catchTag("RunStoreError", Effect.die),
        Effect.catchTag("SearchError", (error) =>
          error.settings.length === 0 ? error : new SearchError({ problem: error.problem, cure: CURE })
        )
      )
    const counts = { samples, evaluations, uniqueEvaluations, diverged, stop }
    return { ...readable(space, architectureOfKey(architecture)), loss, ownLoss, ...counts }
  })

/** The plan of a search, all of whose options are checked. */
function planOf<E, R, State, F extends Fields>(
  options: SearchOptions<E, R, State, F>
): Either.Either<SearchPlan, SettingsError> {
  const { space, objective = {}, identity = "exact", settings = {} } = options
  const searcher: Searcher = options.searcher ?? randomSearch
  return Either.gen(function* () {
    if (!hasIdentity(space, identity))
      return yield* fail(`\`identity\`: "${identity}" needs a space like NAS-Bench-201, not "${space.name}"`)
    const known = identifier(space, identity)
    const { admits } = options
    const candidates = spaceCandidates(
      space,
      admits === undefined ? undefined : (architecture: Architecture) => admits(readable(space, architecture))
    )
    const own = yield* decodeSettings(searcher.fields, settings, { of: `the searcher "${searcher.name}"` })
    const budget = yield* Either.mapLeft(
      decodeBudget(options.budget ?? (searcher.ends ? {} : { samples: DEFAULT_SAMPLES })),
      (error) => {
        const [issue] = ArrayFormatter.formatErrorSync(error)
        return new SettingsError({ problem: `\`${["budget", ...(issue?.path ?? [])].join(".")}\`: ${issue?.message}` })
      }
    )
    if (Object.keys(budget).length === 0 && !searcher.ends)
      return yield* fail(`\`budget\`: the searcher "${searcher.name}" ends at a budget only; give \`samples\``)
    return {
      candidates,
      searcher,
      settings: own,
      objective: yield* readyObjective(space, objective, known, candidates.admits),
      budget,
      identifier: known
    }
  })
}

function fail(problem: string): Either.Either<never, SettingsError> {
  return Either.left(new SettingsError({ problem }))
}
