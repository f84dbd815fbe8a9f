import * as Clock from "effect/Clock"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as NoStore from "../../src/adapters/run_store/none.ts"
import type { RunRecord } from "../../src/adapters/run_store/sqlite.ts"
import { openStoredRun } from "../../src/adapters/run_store/stored_run.ts"
import { readConfig } from "../../src/adapters/settings/config_file.ts"
import { loadSpace } from "../../src/adapters/space/file.ts"
import { searchProgress } from "../../src/adapters/terminal/search_progress.ts"
import { architectureOfKey } from "../../src/domain/architecture/architecture.ts"
import {
  decodeSearch,
  type SamplingAlgorithm,
  type SearchSettings,
  samplingAlgorithm,
  samplingFields
} from "../../src/domain/searchers/settings.ts"
import { encodeSettings, type Given } from "../../src/domain/setting/field.ts"
import { foundNetwork } from "../../src/domain/training/found_network.ts"
import { bestRepetition } from "../../src/effects/programs/repeat_search.ts"
import { searchJson, searchText } from "../../src/report/search_report.ts"
import { openSearch } from "./_evaluator.ts"

/** What a search is started with. */
export interface SearchCommand {
  readonly config: string | undefined
  readonly given: Given
  readonly run: string | undefined
  readonly json: boolean
}

/**
 * Search by samples. Without an algorithm it is that of the run which the folder holds, and so are
 * settings that nobody gives.
 */
export const searchTable = Effect.fn("searchTable")(function* (
  name: SamplingAlgorithm | undefined,
  { config, given, run: folder, json }: SearchCommand
) {
  const begun = yield* Clock.currentTimeMillis
  const typed = { ...(yield* readConfig(config)), ...given }
  const asked = (kept: RunRecord | undefined) =>
    Either.gen(function* () {
      const algorithm = yield* samplingAlgorithm(name ?? kept?.algorithm ?? "na-rs")
      const begunWith = kept?.algorithm === algorithm ? kept.settings : {}
      return yield* decodeSearch(algorithm, { ...begunWith, ...typed })
    })
  const told = (settings: SearchSettings) => ({
    algorithm: settings.algorithm,
    settings: encodeSettings(samplingFields(settings.algorithm, settings.evaluator), settings)
  })
  const alone = name === undefined && Object.keys(typed).length === 0
  const stored =
    folder === undefined
      ? undefined
      : yield* openStoredRun(folder, alone ? undefined : (kept) => Effect.map(asked(kept), told))
  const settings = yield* asked(stored?.record)
  const space = yield* loadSpace(settings.space)
  const { score, identity, reportOf, info, used, read, run } = yield* openSearch(settings, space, folder)
  const store = stored === undefined ? NoStore.layer : yield* stored.begin({ ...told(settings), evaluator: identity })
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
