import * as Clock from "effect/Clock"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as NoStore from "../../src/adapters/run_store/none.ts"
import { openStoredRun } from "../../src/adapters/run_store/stored_run.ts"
import { refuseForeign } from "../../src/adapters/settings/foreign.ts"
import { readConfig, resolveSettings } from "../../src/adapters/settings/resolve.ts"
import { loadSpace } from "../../src/adapters/space/file.ts"
import { searchProgress } from "../../src/adapters/terminal/search_progress.ts"
import { architectureOfKey } from "../../src/domain/architecture/architecture.ts"
import type { SearchSettings } from "../../src/domain/searchers/settings.ts"
import { foundNetwork } from "../../src/domain/training/found_network.ts"
import { bestRepetition } from "../../src/effects/programs/repeat_search.ts"
import { searchJson, searchText } from "../../src/report/search_report.ts"
import { openSearch } from "./_evaluator.ts"

/** What a search is started with. */
export interface SearchCommand {
  readonly config: string | undefined
  readonly given: Readonly<Record<string, unknown>>
  readonly run: string | undefined
  readonly json: boolean
}

/** Trainings are scored by a loss, which is better when it is smaller. */
function lossIsScore(settings: SearchSettings): SearchSettings {
  return settings.evaluator === "table" ? settings : { ...settings, goal: "minimize" }
}

/** Search by samples: what `search` does for `rs`, `na-rs` and the others of their kind. */
export const searchTable = Effect.fn("searchTable")(function* ({ config, given, run: folder, json }: SearchCommand) {
  const begun = yield* Clock.currentTimeMillis
  const alone = config === undefined && Object.keys(given).length === 0
  const file = config === undefined ? {} : yield* readConfig(config)
  const resolved = (kept?: SearchSettings) =>
    resolveSettings(config, given, kept).pipe(
      Effect.tap((asked) => refuseForeign(asked, file, given)),
      Effect.map(lossIsScore)
    )
  const stored = folder === undefined ? undefined : yield* openStoredRun(folder, alone ? undefined : resolved)
  const settings = stored?.settings ?? (yield* resolved())
  const space = yield* loadSpace(settings.space)
  const { score, identity, reportOf, info, used, read, run } = yield* openSearch(settings, space, folder)
  const store = stored === undefined ? NoStore.layer : yield* stored.begin(settings, identity)
  const progress = yield* searchProgress(process.stderr, settings, stored !== undefined)
  const outcomes = yield* run({ seed: settings.seed, repeat: settings.repeat, onProgress: progress.show }).pipe(
    Effect.onInterrupt(() => progress.interrupted),
    Effect.ensuring(progress.clear),
    Effect.provide(store)
  )
  const architectures = outcomes.map((outcome) => architectureOfKey(outcome.architecture))
  const best = architectures[bestRepetition(outcomes)]!
  const found = info === undefined ? undefined : foundNetwork(space, best, settings, info)
  const seconds = ((yield* Clock.currentTimeMillis) - begun) / 1000
  const result = {
    settings,
    space,
    score,
    outcomes,
    architectures,
    reports: architectures.map(reportOf),
    seconds,
    run: folder,
    info,
    found,
    used,
    read
  }
  if (json) yield* Console.error(searchText(result))
  yield* Console.log(json ? JSON.stringify(searchJson(result)) : searchText(result))
}, Effect.scoped)
