import { stripVTControlCharacters } from "node:util"
import * as Command from "@effect/cli/Command"
import * as HelpDoc from "@effect/cli/HelpDoc"
import * as Usage from "@effect/cli/Usage"
import * as ValidationError from "@effect/cli/ValidationError"
import * as NodeContext from "@effect/platform-node/NodeContext"
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as Cause from "effect/Cause"
import * as Console from "effect/Console"
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
  const program = Console.consoleWith((console) => {
    const heard = Command.transformHandler(command, (handler) => Effect.withConsole(handler, console))
    const silent = { ...console, error: () => Effect.void }
    return Effect.withConsole(Command.run(heard, { name, version: "0.1.0" })([...argv]), silent)
  })
  program.pipe(
    Effect.tapErrorCause((cause) => Effect.sync(() => tell(cause, command, argv))),
    Effect.provide(NodeContext.layer),
    NodeRuntime.runMain({
      disableErrorReporting: true,
      teardown: (exit, onExit) => onExit(Exit.isFailure(exit) ? exitCode(exit.cause) : EXIT.done)
    })
  )
}

/** Prints the one line of a failure; that of the CLI library for arguments that it refuses names no cure, so it is silent and this does. */
function tell<Name extends string, R, E, A>(
  cause: Cause.Cause<unknown>,
  command: Command.Command<Name, R, E, A>,
  argv: ReadonlyArray<string>
): void {
  if (Cause.isInterruptedOnly(cause)) return
  const error = Cause.squash(cause)
  const message = ValidationError.isValidationError(error)
    ? usageProblem(plain(error.error), optionNames(command), argv.slice(2))
    : error instanceof Error
      ? error.message
      : String(error)
  process.stderr.write(`error: ${message.replaceAll("\n", " ")}\n`)
}

/** What is wrong with arguments, and what cures it. `told`: what the CLI library says of them. */
export function usageProblem(told: string, names: ReadonlyArray<string>, args: ReadonlyArray<string>): string {
  const argument = told.match(/^Received unknown argument: '(.*)'$/)?.[1]
  if (argument === undefined) return `Cannot use these arguments: ${told}; --help lists all`
  const times = args.filter((one) => one === argument || one.startsWith(`${argument}=`)).length
  const near = names.filter((name) => name.startsWith(argument) || argument.startsWith(name))
  const problem = !argument.startsWith("-")
    ? `"${argument}" belongs to no option`
    : !names.includes(argument)
      ? `there is no ${argument}${near.length > 0 ? `, did you mean ${near.join(" or ")}?` : ""}`
      : times > 1
        ? `${argument} is given ${times} times`
        : `${argument} has no value`
  return `Cannot use these arguments: ${problem}; --help lists all`
}

/** The names of a command's options, dashes before them. */
function optionNames<Name extends string, R, E, A>(command: Command.Command<Name, R, E, A>): ReadonlyArray<string> {
  return plain(Usage.getHelp(Command.getUsage(command))).match(/--[a-z][a-z-]*/g) ?? []
}

/** A text without the terminal's colors, in one line. */
function plain(doc: HelpDoc.HelpDoc): string {
  return stripVTControlCharacters(HelpDoc.toAnsiText(doc)).replace(/\s+/g, " ").trim()
}
