import { stripVTControlCharacters } from "node:util"
import * as AutoCorrect from "@effect/cli/AutoCorrect"
import * as CliConfig from "@effect/cli/CliConfig"
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
import { formerSetting } from "../../domain/setting/schemas.ts"
import { SettingsError } from "../../domain/setting/settings_error.ts"
import { flagOf } from "../settings/resolve.ts"
import { VERSION } from "../version.ts"
import { helpText } from "./help.ts"

/** Exit codes of every command: done, failed, wrong usage, interrupted. */
const EXIT = { done: 0, failed: 1, usage: 2, interrupted: 130 } as const

/** The exit code that a cause leads to. */
function exitCode(cause: Cause.Cause<unknown>): number {
  if (Cause.isInterruptedOnly(cause)) return EXIT.interrupted
  const error = Cause.squash(cause)
  const usage =
    ValidationError.isValidationError(error) || error instanceof SettingsError || error instanceof ArchitectureError
  return usage ? EXIT.usage : EXIT.failed
}

/** A command of `bin/`, its arguments from the third on: parsed, run, a failure told by one line on standard error. */
export interface Runnable {
  /** Runs as this process, which ends with the exit code; Ctrl-C interrupts. */
  readonly main: (argv: ReadonlyArray<string>) => void
  /** Runs within this process, as often as asked; the exit code that `main` would end with. */
  readonly within: (argv: ReadonlyArray<string>) => Promise<number>
}

/** What runs a command of the CLI library. */
export function runnable<Name extends string, A, E>(
  command: Command.Command<Name, NodeContext.NodeContext, E, A>,
  name: string
): Runnable {
  const help = Effect.suspend(() =>
    Console.log(helpText(name, Command.getHelp(command, CliConfig.defaultConfig), process.stdout.columns || 80))
  )
  const program = (argv: ReadonlyArray<string>) =>
    Console.consoleWith((console) => {
      if (argv.slice(2).some((word) => word === "--help" || word === "-h")) return help
      const heard = Command.transformHandler(command, (handler) => Effect.withConsole(handler, console))
      const silent = { ...console, error: () => Effect.void }
      return Effect.withConsole(Command.run(heard, { name, version: VERSION })([...argv]), silent)
    }).pipe(
      Effect.tapErrorCause((cause) => Effect.sync(() => tell(cause, command, argv))),
      Effect.provide(NodeContext.layer)
    )
  return {
    main: (argv) =>
      NodeRuntime.runMain(program(argv), {
        disableErrorReporting: true,
        teardown: (exit, onExit) => onExit(codeOf(exit))
      }),
    within: async (argv) => codeOf(await Effect.runPromiseExit(program(argv)))
  }
}

const codeOf = (exit: Exit.Exit<unknown, unknown>): number => (Exit.isFailure(exit) ? exitCode(exit.cause) : EXIT.done)

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
      ? flagged(error, optionNames(command))
      : String(error)
  process.stderr.write(`error: ${message.replaceAll("\n", " ")}\n`)
}

/** A message with the flags of a command, or of its config file, for the settings that the error names in backquotes. */
export function flagged(error: Error, flags: ReadonlyArray<string>): string {
  const settings: unknown = "settings" in error ? error.settings : []
  if (!Array.isArray(settings)) return error.message
  return settings.map(String).reduce((message, name) => {
    const flag = flagOf(name)
    const place = flags.includes(flag) ? flag : flags.includes("--config") ? `"${name}" (--config FILE)` : `"${name}"`
    return message.replaceAll(`\`${name}\``, place)
  }, error.message)
}

/** What is wrong with arguments, and what cures it. `told`: what the CLI library says of them. */
export function usageProblem(told: string, names: ReadonlyArray<string>, args: ReadonlyArray<string>): string {
  const argument = told.match(/^Received unknown argument: '(.*)'$/)?.[1]
  if (argument === undefined) return `Cannot use these arguments: ${told}; --help lists all`
  const times = args.filter((one) => one === argument || one.startsWith(`${argument}=`)).length
  const near = names.filter((name) => isNear(name, argument))
  const successors = successorsOf(argument).filter((name) => names.includes(name))
  const problem = !argument.startsWith("-")
    ? `"${argument}" belongs to no option`
    : successors.length > 0
      ? `${argument} is now ${successors.join(" and ")}`
      : !names.includes(argument)
        ? `there is no ${argument}${near.length > 0 ? `, did you mean ${near.join(" or ")}?` : ""}`
        : times > 1
          ? `${argument} is given ${times} times`
          : `${argument} has no value`
  return `Cannot use these arguments: ${problem}; --help lists all`
}

/** The flags that took the place of one of earlier versions. */
function successorsOf(argument: string): ReadonlyArray<string> {
  return (formerSetting(argument.replace(/^--|=.*$/g, "")) ?? []).map(flagOf)
}

/** Whether someone who typed an option may have meant another: one begins like the other, or at most two letters differ. */
function isNear(name: string, typed: string): boolean {
  const differing = () => AutoCorrect.levensteinDistance(name, typed, CliConfig.defaultConfig)
  return name.startsWith(typed) || typed.startsWith(name) || differing() <= 2
}

/** The names of a command's options, dashes before them. */
function optionNames<Name extends string, R, E, A>(command: Command.Command<Name, R, E, A>): ReadonlyArray<string> {
  return plain(Usage.getHelp(Command.getUsage(command))).match(/--[a-z][a-z-]*/g) ?? []
}

/** A text without the terminal's colors, in one line. */
function plain(doc: HelpDoc.HelpDoc): string {
  return stripVTControlCharacters(HelpDoc.toAnsiText(doc)).replace(/\s+/g, " ").trim()
}
