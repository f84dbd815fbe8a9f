import * as Schema from "@effect/schema/Schema"
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type { Architecture } from "../../domain/architecture/architecture.ts"
import type { Evaluation } from "../../domain/score/score.ts"

/**
 * An architecture could not be evaluated. `architecture` is its key or text; `detail` says more
 * than the reason.
 */
export class EvaluationError extends Schema.TaggedError<EvaluationError>()("EvaluationError", {
  architecture: Schema.String,
  reason: Schema.Literal("unknown_architecture", "diverged", "out_of_memory", "timeout", "unreachable", "failed"),
  detail: Schema.optional(Schema.String),
  /** What an evaluation threw. */
  cause: Schema.optional(Schema.Unknown)
}) {
  override get message(): string {
    return `Cannot evaluate architecture "${this.architecture}": ${this.detail ?? this.reason.replaceAll("_", " ")}`
  }
}

/**
 * Architectures in, validation losses out; lower is better. Equal identities promise equal losses.
 */
export interface ArchitectureEvaluator {
  /**
   * Names the evaluator and all that its losses depend on: the key of cached evaluations, with the
   * architecture's.
   */
  readonly identity: string
  /** Whether an architecture can be evaluated; a search never asks for one that cannot. */
  readonly admits: (architecture: Architecture) => boolean
  /** How many architectures a call takes at best; calls beyond `concurrency` wait. */
  readonly batch: number
  /** Calls that may run at once. */
  readonly concurrency: number
  /** One evaluation per architecture, in order. */
  readonly evaluate: (
    architectures: ReadonlyArray<Architecture>
  ) => Effect.Effect<ReadonlyArray<Evaluation>, EvaluationError>
  /**
   * The evaluator whose trainings end after so many epochs, for successive halving. Its seconds are
   * those of the whole training. Absent where evaluations have no epochs.
   */
  readonly after?: (epochs: number) => ArchitectureEvaluator
}

/** What scores the architectures of a search. */
export class Evaluator extends Context.Tag("na-nas/Evaluator")<Evaluator, ArchitectureEvaluator>() {}
