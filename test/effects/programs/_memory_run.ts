import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import {
  type JournalEntry,
  type Outcome,
  type RecordedEvaluation,
  RunStore,
  RunStoreError
} from "../../../src/effects/ports/run_store.ts"

/** What a run in memory holds; its owner may look inside, and hand it to another run to continue it. */
export interface MemoryRun {
  readonly evaluations: Map<string, RecordedEvaluation>
  readonly journal: Map<string, JournalEntry>
  readonly outcomes: Map<number, Outcome>
}

/** An empty run. */
export function emptyRun(): MemoryRun {
  return { evaluations: new Map(), journal: new Map(), outcomes: new Map() }
}

/** A run kept in memory, with the promises of a kept one: for tests, and where no disk is. */
export const layer = (run: MemoryRun): Layer.Layer<RunStore> =>
  Layer.succeed(RunStore, {
    recorded: (evaluator) =>
      Effect.sync(() =>
        [...run.evaluations].flatMap(([key, value]) => (key.startsWith(`${evaluator}\n`) ? [value] : []))
      ),
    record: (evaluator, evaluations) =>
      Effect.suspend(() => {
        for (const evaluation of evaluations) {
          const key = `${evaluator}\n${evaluation.architecture}`
          if (run.evaluations.has(key)) return mismatch(`architecture ${evaluation.architecture} is recorded already`)
          run.evaluations.set(key, evaluation)
        }
        return Effect.void
      }),
    journal: (repetition, entries) =>
      Effect.suspend(() => {
        for (const entry of entries) {
          const key = `${repetition}/${entry.sequence}`
          const known = run.journal.get(key)
          if (known !== undefined && JSON.stringify(known) !== JSON.stringify(entry))
            return mismatch(`proposal ${key} differs`)
          run.journal.set(key, entry)
        }
        return Effect.void
      }),
    outcomes: Effect.sync(() => new Map(run.outcomes)),
    finish: (repetition, outcome) => Effect.sync(() => void run.outcomes.set(repetition, outcome))
  })

function mismatch(detail: string): RunStoreError {
  return new RunStoreError({ place: "memory", reason: "mismatch", detail })
}
