import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Exit from "effect/Exit"

/** Run a program to its value; a failure is thrown as itself, so that a test shows it. */
export async function run<A, E>(program: Effect.Effect<A, E>): Promise<A> {
  const exit = await Effect.runPromiseExit(program)
  if (Exit.isSuccess(exit)) return exit.value
  throw Cause.squash(exit.cause)
}

/** Run a program that must fail to its error; its success is an error of the test. */
export async function failure<A, E>(program: Effect.Effect<A, E>): Promise<E> {
  const exit = await Effect.runPromiseExit(Effect.either(program))
  if (Exit.isFailure(exit)) throw Cause.squash(exit.cause)
  if (Either.isRight(exit.value)) throw new Error(`expected a failure, succeeded with ${String(exit.value.right)}`)
  return exit.value.left
}
