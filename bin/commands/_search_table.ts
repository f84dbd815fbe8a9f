import * as Clock from "effect/Clock"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as TableEvaluator from "../../src/adapters/evaluator/table.ts"
import * as NoStore from "../../src/adapters/run_store/none.ts"
import { openStoredRun } from "../../src/adapters/run_store/stored_run.ts"
import { resolveSettings } from "../../src/adapters/settings/resolve.ts"
import { loadSpace } from "../../src/adapters/space/file.ts"
import { searchProgress } from "../../src/adapters/terminal/search_progress.ts"
import { searchJson, searchText } from "../../src/adapters/terminal/search_report.ts"
import { architectureOfKey } from "../../src/domain/architecture/architecture.ts"
import { planSearch } from "../../src/domain/search/plan_search.ts"
import { repeatSearch } from "../../src/effects/repeat_search.ts"
import { Reporter } from "../../src/effects/reporter.ts"
import { nestedSettings, openEvaluator } from "./_evaluator.ts"

/** What a search is started with. */
export interface SearchCommand {
  readonly config: string | undefined
  readonly given: Readonly<Record<string, unknown>>
  readonly run: string | undefined
  readonly json: boolean
}

/** Search by sampling: what `search` does for `rs`, `na-rs` and the others of their kind, over a table or with a supernet. */
export const searchTable = Effect.fn("searchTable")(function* ({ config, given, run: folder, json }: SearchCommand) {
  const begun = yield* Clock.currentTimeMillis
  const resolved = yield* resolveSettings(config, yield* nestedSettings(config, given))
  const asked = config === undefined && Object.keys(given).length === 0 ? undefined : resolved
  const stored = folder === undefined ? undefined : yield* openStoredRun(folder, asked)
  const settings = stored?.settings ?? resolved
  const space = yield* loadSpace(settings.space)
  const { benchmark, score, report, cost, goal, identity, layer } = yield* openEvaluator(settings, space, folder)
  const plan = yield* planSearch({ ...settings, cost }, space, benchmark)
  const reportOf =
    benchmark === undefined
      ? () => new Map()
      : (yield* Effect.provide(Reporter, TableEvaluator.reporterLayer(benchmark, report))).report
  const store = stored === undefined ? NoStore.layer : yield* stored.begin(settings, identity)
  const told = { ...settings, goal }
  const progress = yield* searchProgress(process.stderr, told, stored !== undefined)
  const outcomes = yield* repeatSearch(plan, {
    seed: settings.seed,
    repeat: settings.repeat,
    onProgress: progress.show
  }).pipe(
    Effect.onInterrupt(() => progress.interrupted),
    Effect.ensuring(progress.clear),
    Effect.provide(Layer.merge(layer, store))
  )
  const architectures = outcomes.map((outcome) => architectureOfKey(outcome.architecture))
  const seconds = ((yield* Clock.currentTimeMillis) - begun) / 1000
  const result = {
    settings: told,
    space,
    score,
    outcomes,
    architectures,
    reports: architectures.map(reportOf),
    seconds,
    run: folder
  }
  if (json) yield* Console.error(searchText(result))
  yield* Console.log(json ? JSON.stringify(searchJson(result)) : searchText(result))
}, Effect.scoped)
