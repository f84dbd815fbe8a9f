import * as Effect from "effect/Effect"
import type * as Layer from "effect/Layer"
import type { SearchSettings } from "../../domain/searchers/settings.ts"
import { type RunStore, RunStoreError } from "../../effects/ports/run_store.ts"
import { differences, flagOf } from "../settings/resolve.ts"
import { hasRun, openRun } from "./sqlite.ts"

const NO_RUN = "it contains no run; to start one, give settings of a search, such as --samples 100"

/** A run's folder, opened for a search. */
interface StoredRun {
  /** The settings that the run was begun with; none where it is new. */
  readonly settings: SearchSettings | undefined
  /**
   * The run's store; begins the run where it is new. The evaluator must be the one that it was
   * begun with.
   */
  readonly begin: (
    settings: SearchSettings,
    evaluator: string
  ) => Effect.Effect<Layer.Layer<RunStore, RunStoreError>, RunStoreError>
}

/**
 * Open a folder for the settings that `ask` gives over those of the run that it holds; without
 * `ask` it is for that run. Settings that differ from the run's are refused, with their names.
 */
export const openStoredRun = Effect.fn("openStoredRun")(function* <E, R>(
  folder: string,
  ask: ((kept: SearchSettings | undefined) => Effect.Effect<SearchSettings, E, R>) | undefined
) {
  const fail = (reason: RunStoreError["reason"], detail: string) => new RunStoreError({ place: folder, reason, detail })
  if (ask === undefined && !hasRun(folder)) return yield* fail("not_a_run", NO_RUN)
  const open = yield* openRun(folder)
  const { record } = open
  if (ask === undefined && record === undefined) return yield* fail("not_a_run", NO_RUN)
  const differing =
    record === undefined || ask === undefined ? [] : differences(record.settings, yield* ask(record.settings))
  if (differing.length > 0) {
    const flags = differing.map(flagOf).join(", ")
    return yield* fail(
      "settings",
      `it was begun with another ${flags}; use those settings, --run ${folder} alone, or another folder`
    )
  }
  const stored: StoredRun = {
    settings: record?.settings,
    begin: (settings, evaluator) => {
      if (record === undefined) return Effect.as(open.begin({ version: 1, settings, evaluator }), open.layer)
      return record.evaluator === evaluator
        ? Effect.succeed(open.layer)
        : fail(
            "mismatch",
            "its table has changed since it was begun, or the data of its evaluator; restore them, or use another folder"
          )
    }
  }
  return stored
})
