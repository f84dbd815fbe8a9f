import * as Schema from "@effect/schema/Schema"
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"

/** A run cannot be stored or continued. `place` is the run's folder. */
export class RunStoreError extends Schema.TaggedError<RunStoreError>()("RunStoreError", {
  place: Schema.String,
  reason: Schema.Literal("locked", "not_a_run", "version", "settings", "mismatch", "storage"),
  detail: Schema.String
}) {
  override get message(): string {
    return `Cannot use run "${this.place}": ${this.detail}`
  }
}

/** An evaluation as it is kept. `architecture` is its key. */
export const RecordedEvaluation = Schema.Struct({
  architecture: Schema.String,
  loss: Schema.Number,
  seconds: Schema.Number,
  /** There where the training diverged. */
  diverged: Schema.optionalWith(Schema.Literal(true), { exact: true })
}).annotations({ identifier: "RecordedEvaluation" })
export interface RecordedEvaluation extends Schema.Schema.Type<typeof RecordedEvaluation> {}

/** A scored proposal as it is kept; the counts are those after it. */
export const JournalEntry = Schema.Struct({
  sequence: Schema.Int,
  architecture: Schema.String,
  loss: Schema.Number,
  evaluations: Schema.Int,
  uniqueEvaluations: Schema.Int,
  simulatedSeconds: Schema.Number
}).annotations({ identifier: "JournalEntry" })
export interface JournalEntry extends Schema.Schema.Type<typeof JournalEntry> {}

/** How a search ended. */
export const Outcome = Schema.Struct({
  version: Schema.Literal(3),
  /** Key of the best proposal, the first among equals. */
  architecture: Schema.String,
  /** Its loss under the objective. */
  loss: Schema.Number,
  /** Its own loss, where it was evaluated and did not diverge. */
  ownLoss: Schema.NullOr(Schema.Number),
  /** Whether its own training diverged, and it is the best by its neighbors. */
  ownDiverged: Schema.Boolean,
  samples: Schema.Int,
  /** Every architecture that an objective asked for. */
  evaluations: Schema.Int,
  /** Those that were evaluated, each once: the rows that a run of one repetition keeps. */
  uniqueEvaluations: Schema.Int,
  /** Unique evaluations whose training diverged. */
  diverged: Schema.Int,
  simulatedSeconds: Schema.Number,
  /** What ended the search: a budget, or that nothing was left to propose. */
  stop: Schema.Literal("samples", "evaluations", "uniqueEvaluations", "simulatedSeconds", "exhausted")
}).annotations({ identifier: "Outcome" })
export interface Outcome extends Schema.Schema.Type<typeof Outcome> {}

/**
 * Where a run keeps what it must not lose. A write has happened, whole, when its effect succeeds.
 */
export class RunStore extends Context.Tag("na-nas/RunStore")<
  RunStore,
  {
    /** All evaluations recorded under an evaluator's identity. */
    readonly recorded: (evaluator: string) => Effect.Effect<ReadonlyArray<RecordedEvaluation>, RunStoreError>
    /** Record evaluations that were never recorded before. */
    readonly record: (
      evaluator: string,
      evaluations: ReadonlyArray<RecordedEvaluation>
    ) => Effect.Effect<void, RunStoreError>
    /**
     * Append to the journal of a repetition. An entry that stands there already must be equal, else
     * `mismatch`.
     */
    readonly journal: (repetition: number, entries: ReadonlyArray<JournalEntry>) => Effect.Effect<void, RunStoreError>
    /** The outcomes of the repetitions that ended. */
    readonly outcomes: Effect.Effect<ReadonlyMap<number, Outcome>, RunStoreError>
    /** Keep the outcome of a repetition. */
    readonly finish: (repetition: number, outcome: Outcome) => Effect.Effect<void, RunStoreError>
  }
>() {}
