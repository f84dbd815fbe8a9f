import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"

/**
 * Run an Effect as a promise. It rejects with the error itself, whose message says what to change.
 *
 * @param options - `signal` interrupts it
 *
 * @example
 * ```ts
 * import { builtinSpace, runPromise, searchArchitectures } from "na-nas"
 *
 * const search = searchArchitectures({
 *   space: builtinSpace("nas-bench-201"),
 *   evaluate: async ({ text }) => text.length,
 *   budget: { samples: 3 }
 * })
 * console.log((await runPromise(search)).samples) // 3
 * ```
 */
export async function runPromise<A, E>(
  effect: Effect.Effect<A, E>,
  options: { readonly signal?: AbortSignal } = {}
): Promise<A> {
  const exit = await Effect.runPromiseExit(effect, options)
  if (Exit.isSuccess(exit)) return exit.value
  throw Cause.squash(exit.cause)
}
