import * as Effect from "effect/Effect"
import type * as Layer from "effect/Layer"
import { differingSettings, type Given } from "../../domain/setting/field.ts"
import { type RunStore, RunStoreError } from "../../effects/ports/run_store.ts"
import { hasRun, openRun, type RunRecord } from "./sqlite.ts"

const NO_RUN = "it contains no run; to start one, name an algorithm or give settings"

/** A run's folder, opened for a search. */
interface StoredRun {
  /** What the run was begun with; none where it is new. */
  readonly record: RunRecord | undefined
  /**
   * The run's store; begins the run where it is new. The evaluator must be the one that it was
   * begun with.
   */
  readonly begin: (begun: {
    readonly algorithm: string
    readonly settings: Given
    readonly evaluator: string
  }) => Effect.Effect<Layer.Layer<RunStore, RunStoreError>, RunStoreError>
}

/**
 * Open a folder for a search. `ask` gives its algorithm and settings over those of the run that the
 * folder holds; without it the search is that run. What differs from the run's is refused by name.
 */
export const openStoredRun = Effect.fn("openStoredRun")(function* <E, R>(
  folder: string,
  ask:
    | ((kept: RunRecord | undefined) => Effect.Effect<{ readonly algorithm: string; readonly settings: Given }, E, R>)
    | undefined
) {
  const fail = (reason: RunStoreError["reason"], detail: string) => new RunStoreError({ place: folder, reason, detail })
  if (ask === undefined && !hasRun(folder)) return yield* fail("not_a_run", NO_RUN)
  const open = yield* openRun(folder)
  const { record } = open
  if (ask === undefined && record === undefined) return yield* fail("not_a_run", NO_RUN)
  const cure = `use those settings, --run ${folder} alone, or another folder`
  if (record !== undefined && ask !== undefined) {
    const { algorithm, settings } = yield* ask(record)
    if (algorithm !== record.algorithm)
      return yield* fail("settings", `it holds a search by ${record.algorithm}; ${cure}`)
    const names = differingSettings(record.settings, settings).map((name) => `\`${name}\``)
    if (names.length > 0) return yield* fail("settings", `it was begun with another ${names.join(", ")}; ${cure}`)
  }
  const stored: StoredRun = {
    record,
    begin: ({ evaluator, ...begun }) => {
      if (record === undefined) return Effect.as(open.begin({ version: 2, ...begun, evaluator }), open.layer)
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
