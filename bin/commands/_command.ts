import * as NodeContext from "@effect/platform-node/NodeContext"
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as Schema from "@effect/schema/Schema"
import { Command, CommanderError, type Help, Option } from "commander"
import * as Cause from "effect/Cause"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import { ArchitectureError } from "../../src/domain/architecture/architecture.ts"
import { decodeSettings, type Fields, type Given, type Values } from "../../src/domain/setting/field.ts"
import { formerSetting } from "../../src/domain/setting/schemas.ts"
import { SettingsError } from "../../src/domain/setting/settings_error.ts"

/** Exit codes of every command: done, failed, wrong usage, interrupted. */
export const EXIT = { done: 0, failed: 1, usage: 2, interrupted: 130 } as const

/** Arguments that no command takes. */
export class UsageError extends Schema.TaggedError<UsageError>()("UsageError", { problem: Schema.String }) {
  override get message(): string {
    return `Cannot use these arguments: ${this.problem}`
  }
}

/** What a command was asked for. */
export interface Asked<O extends Fields> {
  /** The settings that were typed, by their names; the work decodes them. */
  readonly given: Given
  /** What is no setting of the work: where it is kept, how it is shown. */
  readonly options: Values<O>
  /** The words that are no flags. */
  readonly words: ReadonlyArray<string>
  /** Whether the command was named, or is the default of its group. */
  readonly isNamed: boolean
}

/** A command: its flags are the fields of what it runs, and no others. */
export interface CommandOf<O extends Fields = Fields> {
  readonly name: string
  /** One line, for a list of commands. */
  readonly summary: string
  /** Further paragraphs of its help. */
  readonly about?: string
  readonly examples: ReadonlyArray<string>
  /** Words that it takes besides flags, as `<space>`, each with what it is. */
  readonly words?: Readonly<Record<string, string>>
  readonly settings: Fields
  readonly options: O
  run(asked: Asked<O>): Effect.Effect<void, { readonly message: string }, NodeContext.NodeContext>
}

/**
 * A program of `bin/`. Arguments count from the third on; a failure is one line on standard error.
 */
export interface Runnable {
  /** Runs as this process, which ends with the exit code; Ctrl-C interrupts. */
  readonly main: (argv: ReadonlyArray<string>) => void
  /** Runs within this process, as often as asked; the exit code that `main` would end with. */
  readonly within: (argv: ReadonlyArray<string>) => Promise<number>
}

/** Several commands of one program; the first is meant where none is named. */
export interface CommandGroup {
  readonly name: string
  readonly summary: string
  readonly about?: string
  readonly examples: ReadonlyArray<string>
  readonly commands: readonly [CommandOf, ...ReadonlyArray<CommandOf>]
}

/** The flag of a setting: `uniqueEvaluations` is `--unique-evaluations`. */
export function flagOf(setting: string): string {
  return `--${setting.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`
}

/** A program that is one command. */
export function runnable<O extends Fields>(of: CommandOf<O>): Runnable {
  return runnableOf(of)
}

/** A program of several commands. */
export function runnableGroup(of: CommandGroup): Runnable {
  return runnableOf(of)
}

function runnableOf(of: CommandOf | CommandGroup): Runnable {
  const commands = "commands" in of ? of.commands : [of]
  const settings = new Set(commands.flatMap((one) => [...Object.keys(one.settings), ...Object.keys(one.options)]))
  const program = (argv: ReadonlyArray<string>) =>
    Effect.suspend(() => chosen(of, argv)).pipe(
      Effect.tapErrorCause((cause) => Effect.sync(() => tell(cause, settings))),
      Effect.provide(NodeContext.layer)
    )
  return {
    main: (argv) => {
      // A reader that has seen enough, such as head, closes the pipe: that is no failure.
      process.stdout.on("error", (error: NodeJS.ErrnoException) => process.exit(error.code === "EPIPE" ? 0 : 1))
      NodeRuntime.runMain(program(argv), {
        disableErrorReporting: true,
        teardown: (exit, onExit) => onExit(codeOf(exit))
      })
    },
    within: async (argv) => codeOf(await Effect.runPromiseExit(program(argv)))
  }
}

type Work = Effect.Effect<void, { readonly message: string }, NodeContext.NodeContext>

/** The work that arguments ask for; help is work too. */
function chosen(of: CommandOf | CommandGroup, argv: ReadonlyArray<string>): Work {
  let work: Work = Effect.void
  const take = (next: Work) => {
    work = Effect.zipRight(work, next)
  }
  const program = "commands" in of ? groupCommand(of, argv[2], take) : leafCommand(of, of.name, take)
  try {
    program.parse([...argv])
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error
    if (error.exitCode === 0) return work
    return Effect.fail(new UsageError({ problem: usageProblem(error, of) }))
  }
  return work
}

const HELP: Partial<Help> = {
  optionTerm: (option) => (option.optional ? option.long!.replace("--", "--[no-]") : option.flags),
  optionDescription: (option) => option.description
}

function named(
  name: string,
  of: Pick<CommandOf, "summary" | "about" | "examples">,
  take: (work: Work) => void
): Command {
  const examples = of.examples.map((example) => `  ${example}`)
  const end = ["", "Examples:", ...examples, "", "Exit codes: 0 done, 1 failed, 2 wrong usage, 130 interrupted."]
  return new Command(name)
    .summary(of.summary)
    .description([of.summary, of.about ?? ""].join("\n\n").trim())
    .configureHelp(HELP)
    .configureOutput({
      writeOut: (text) => take(Console.log(text.trimEnd())),
      writeErr: () => undefined,
      getOutHasColors: () => false,
      getOutHelpWidth: () => process.stdout.columns ?? 100
    })
    .addHelpText("after", end.join("\n"))
    .addHelpOption(new Option("-h, --help", "show this").helpGroup("Run:"))
    .exitOverride()
    .showSuggestionAfterError()
}

function groupCommand(group: CommandGroup, word: string | undefined, take: (work: Work) => void): Command {
  const program = named(group.name, group, take).helpCommand(false).usage("[algorithm] [flags]")
  for (const [i, one] of group.commands.entries())
    program.addCommand(leafCommand(one, one.name, take, one.name === word), { isDefault: i === 0 })
  return program
}

function leafCommand(of: CommandOf, name: string, take: (work: Work) => void, isNamed = true): Command {
  const command = named(name, of, take)
  for (const [word, doc] of Object.entries(of.words ?? {})) command.argument(`<${word}>`, doc)
  const optionNames = Object.keys(of.options)
  for (const option of [...flagsOf(of.settings), ...flagsOf(of.options)]) command.addOption(option)
  const words = Object.keys(of.words ?? {}).map((word) => ` <${word}>`)
  return command.usage(`[flags]${words.join("")}`).action(() => {
    const typed: Record<string, unknown> = command.opts()
    const pick = (isOption: boolean) =>
      Object.fromEntries(Object.entries(typed).filter(([key]) => optionNames.includes(key) === isOption))
    take(
      Effect.flatMap(decodeSettings(of.options, pick(true)), (options) =>
        of.run({ given: pick(false), options, words: command.args, isNamed })
      )
    )
  })
}

/** The flags of fields. What is typed stays text; the fields decode it. */
function flagsOf(fields: Fields): ReadonlyArray<Option> {
  const typed = Object.entries(fields).filter(([, { kind }]) => !kind.isStructured)
  return typed.flatMap(([name, { kind, doc, defaultText, group }]) => {
    const flag = flagOf(name)
    const text = kind.words.length > 0 && !kind.isSwitch ? `${doc}: ${kind.words.join(", ")}` : doc
    const described = defaultText === "" ? text : `${text} (${defaultText})`
    const heading = `${group === "" ? "Options" : group}:`
    if (kind.isSwitch)
      return [
        new Option(`${flag} [yes|no]`, described).preset("yes").helpGroup(heading).argParser(once(flag)),
        new Option(flag.replace("--", "--no-")).hideHelp()
      ]
    const option = new Option(`${flag} <${kind.unit}>`, described).helpGroup(heading)
    return [kind.isList ? option.argParser(appended) : option.argParser(once(flag))]
  })
}

const appended = (text: string, before: ReadonlyArray<string> | undefined) => [...(before ?? []), text]

const once = (flag: string) => (text: string, before: unknown) => {
  if (before !== undefined) throw new CommanderError(1, "na-nas.twice", `${flag} is given twice`)
  return text
}

/** What is wrong with arguments, and what cures it. */
function usageProblem(error: CommanderError, of: CommandOf | CommandGroup): string {
  if (error.code === "commander.excessArguments" && "commands" in of)
    return `there is no such algorithm: ${of.commands.map(({ name }) => name).join(", ")}`
  const told = error.message
    .replace(/^error: /, "")
    .replace(/\s+/g, " ")
    .replace(/\.$/, "")
  const flag = told.match(/unknown option '(--[^'=]+)/)?.[1]
  const owners =
    "commands" in of && flag !== undefined
      ? of.commands.filter(({ settings }) => Object.keys(settings).some((name) => flagOf(name) === flag))
      : []
  const now = flag === undefined ? undefined : formerSetting(flag.slice(2))
  if (now !== undefined) return `${flag} is now ${now.map(flagOf).join(" and ")}`
  const names = owners.map(({ name }) => name).join(", ")
  const cure =
    owners.length > 1 ? `; ${names} have it` : owners.length === 1 ? `; ${names} has it` : "; --help lists all"
  return `${told}${cure}`
}

const codeOf = (exit: Exit.Exit<unknown, unknown>): number => (Exit.isFailure(exit) ? exitCode(exit.cause) : EXIT.done)

/** The exit code that a cause leads to. */
export function exitCode(cause: Cause.Cause<unknown>): number {
  if (Cause.isInterruptedOnly(cause)) return EXIT.interrupted
  const error = Cause.squash(cause)
  const isUsage = [UsageError, SettingsError, ArchitectureError].some((usage) => error instanceof usage)
  return isUsage ? EXIT.usage : EXIT.failed
}

/**
 * Prints the one line of a failure. Settings in backquotes become flags, where commands have them.
 */
function tell(cause: Cause.Cause<unknown>, settings: ReadonlySet<string>): void {
  if (Cause.isInterruptedOnly(cause)) return
  const error = Cause.squash(cause)
  const message = error instanceof Error ? error.message : String(error)
  const flagged = message.replace(/`([a-zA-Z]+)`/g, (text, name) => (settings.has(name) ? flagOf(name) : text))
  process.stderr.write(`error: ${flagged.replaceAll("\n", " ")}\n`)
}
