import * as Effect from "effect/Effect"
import type { Architecture } from "../domain/architecture/architecture.ts"
import { type Evaluation, ValidationLoss } from "../domain/score/score.ts"
import type { Space } from "../domain/space/space.ts"
import { type ArchitectureEvaluator, EvaluationError } from "../effects/ports/evaluator.ts"
import { type ReadableArchitecture, readable } from "./readable.ts"

/**
 * How good an architecture is: a loss, lower is better. `Infinity` means that its training
 * diverged. Called once for each architecture that a search needs.
 */
export type Evaluate<E = never, R = never> = (
  architecture: ReadableArchitecture,
  options: {
    /**
     * Epochs that a training takes; your own choice where the searcher, as most, does not ask for a
     * number.
     */
    readonly epochs: number | undefined
  }
) => number | Promise<number> | Effect.Effect<number, E, R>

/** What an evaluation did wrong, and what to return. */
const RETURN = "return a number, lower is better, or Infinity where a training diverged"

/** How an evaluator of one function behaves. */
export interface EvaluatorOptions {
  /** Evaluations that may run at once. @defaultValue 1 */
  readonly concurrency?: number
  /** Which architectures can be evaluated, neighbors included. @defaultValue all */
  readonly admits?: (architecture: ReadableArchitecture) => boolean
}

/**
 * An evaluator of one function. Its failures, and replies that are no loss, are errors that say
 * what to return.
 */
export const evaluatorOf = <E, R>(
  space: Space,
  evaluate: Evaluate<E, R>,
  { concurrency = 1, admits = () => true }: EvaluatorOptions
): Effect.Effect<ArchitectureEvaluator, never, R> =>
  Effect.map(Effect.context<R>(), (context) => {
    const after = (epochs: number | undefined): ArchitectureEvaluator => ({
      identity: epochs === undefined ? "evaluate" : `evaluate/${epochs}`,
      admits: (architecture) => admits(readable(space, architecture)),
      batch: 1,
      concurrency,
      evaluate: (architectures) =>
        Effect.forEach(architectures, (one) => Effect.provide(evaluation(space, evaluate, one, epochs), context))
    })
    return { ...after(undefined), after }
  })

const evaluation = Effect.fnUntraced(function* <E, R>(
  space: Space,
  evaluate: Evaluate<E, R>,
  architecture: Architecture,
  epochs: number | undefined
) {
  const shown = readable(space, architecture)
  const fail = (detail: string, cause?: unknown) =>
    new EvaluationError({
      architecture: shown.text,
      reason: "failed",
      detail,
      ...(cause === undefined ? {} : { cause })
    })
  const failed = (cause: unknown) =>
    fail(`\`evaluate\` failed: ${cause instanceof Error ? cause.message : String(cause)}`, cause)
  const reply = yield* Effect.try({ try: () => evaluate(shown, { epochs }), catch: failed })
  const loss: unknown = Effect.isEffect(reply)
    ? yield* Effect.mapError(reply, failed)
    : yield* Effect.tryPromise({ try: async () => reply, catch: failed })
  if (typeof loss !== "number") return yield* fail(`\`evaluate\` returned ${nameOf(loss)}; ${RETURN}`)
  if (Number.isNaN(loss) || loss === Number.NEGATIVE_INFINITY)
    return yield* fail(`\`evaluate\` returned ${loss}; ${RETURN}`)
  const known: Evaluation = { loss: ValidationLoss(loss), seconds: 0 }
  return loss === Number.POSITIVE_INFINITY ? { ...known, diverged: true as const } : known
})

function nameOf(value: unknown): string {
  if (value === undefined || value === null) return String(value)
  return Array.isArray(value) ? "a list" : typeof value === "object" ? "an object" : `${JSON.stringify(value)}`
}
