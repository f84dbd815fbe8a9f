import type * as Command from "@effect/cli/Command"
import * as CommandRunner from "@effect/cli/Command"
import * as ValidationError from "@effect/cli/ValidationError"
import * as NodeContext from "@effect/platform-node/NodeContext"
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import { ArchitectureError } from "../../domain/architecture/architecture.ts"
import { SettingsError } from "../../domain/search/settings.ts"

/** Exit codes of every command: done, failed, wrong usage, interrupted. */
export const EXIT = { done: 0, failed: 1, usage: 2, interrupted: 130 } as const

/** The exit code that a cause leads to. */
export function exitCode(cause: Cause.Cause<unknown>): number {
  if (Cause.isInterruptedOnly(cause)) return EXIT.interrupted
  const error = Cause.squash(cause)
  const usage =
    ValidationError.isValidationError(error) || error instanceof SettingsError || error instanceof ArchitectureError
  return usage ? EXIT.usage : EXIT.failed
}

/** Parse the arguments and run the command: one line on standard error for a failure, and the exit code that fits it. */
export function runCommand<Name extends string, A, E>(
  command: Command.Command<Name, NodeContext.NodeContext, E, A>,
  name: string,
  argv: ReadonlyArray<string>
): void {
  CommandRunner.run(command, { name, version: "0.1.0" })([...argv]).pipe(
    Effect.tapErrorCause((cause) => Effect.sync(() => tell(cause))),
    Effect.provide(NodeContext.layer),
    NodeRuntime.runMain({
      disableErrorReporting: true,
      teardown: (exit, onExit) => onExit(Exit.isFailure(exit) ? exitCode(exit.cause) : EXIT.done)
    })
  )
}

/** The CLI has told its own validation errors already. */
function tell(cause: Cause.Cause<unknown>): void {
  const error = Cause.squash(cause)
  if (Cause.isInterruptedOnly(cause) || ValidationError.isValidationError(error)) return
  const message = error instanceof Error ? error.message : String(error)
  process.stderr.write(`error: ${message.replaceAll("\n", " ")}\n`)
}
