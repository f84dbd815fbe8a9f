import { readFileSync } from "node:fs"
import { parseArgs } from "node:util"
import type { StepSizes } from "./_darts_programs.ts"

/** How a script reads one of its flags. */
export interface Flag<A> {
  readonly takes: "nothing" | "a value" | "values" | "the rest"
  /**
   * What was typed, in order; nothing where the flag is absent. Throws a `WrongValue`, which calls
   * the flag by its name.
   */
  readonly read: (typed: ReadonlyArray<string>, name: string) => A
}

/** Flags by their names, without dashes. */
export type Flags = Readonly<Record<string, Flag<unknown>>>

/** What flags mean. */
export type FlagValues<F extends Flags> = { readonly [K in keyof F]: F[K] extends Flag<infer A> ? A : never }

/** What came of a command line. */
export type ReadFlags<F extends Flags> =
  | { readonly _tag: "Help"; readonly text: string }
  | { readonly _tag: "Wrong"; readonly problem: string }
  | { readonly _tag: "Values"; readonly values: FlagValues<F> }

class WrongValue extends Error {}

/** A flag with a value: `parse` gives undefined for text that is none of `wanted`. */
export function value<A>(fallback: A, wanted: string, parse: (text: string) => A | undefined): Flag<A> {
  return {
    takes: "a value",
    read: (typed, name) => {
      if (typed.length === 0) return fallback
      const parsed = parse(typed.at(-1)!)
      if (parsed === undefined) throw new WrongValue(`${name} takes ${wanted}, not "${typed.at(-1)}"`)
      return parsed
    }
  }
}

/** A flag that is there or not. */
export const toggle: Flag<boolean> = { takes: "nothing", read: (typed) => typed.length > 0 }

/** Any text; a fallback of undefined tells an absent flag. */
export function text<A extends string | undefined>(fallback: A): Flag<string | A> {
  return value<string | A>(fallback, "text", (given) => given)
}

/** A whole number. */
export function whole(fallback: number, least = 1): Flag<number> {
  return value(fallback, `a whole number of at least ${least}`, (given) => wholeIn(given, least))
}

/** A number above 0. */
export function positive(fallback: number): Flag<number> {
  return value(fallback, "a number above 0", (given) => (Number(given) > 0 ? Number(given) : undefined))
}

/** Whole numbers with commas between them. */
export function wholes(fallback: ReadonlyArray<number>, least: number): Flag<ReadonlyArray<number>> {
  return value(fallback, `whole numbers of at least ${least}, as ${fallback.join()}`, (given) => wholesIn(given, least))
}

/** The sizes of a DARTS step, as 8,5,16,16. */
export function sizes(fallback: StepSizes): Flag<StepSizes> {
  return value(fallback, `channels,cells,batch,image size, as ${fallback.join()}`, sizesIn)
}

/** One of some names. */
export function choice<const Name extends string>(names: ReadonlyArray<Name>, fallback: NoInfer<Name>): Flag<Name> {
  return value(fallback, names.join("|"), (given) => names.find((name) => name === given))
}

/** A flag that may be given again and again. */
export function many<A>({ read }: Flag<A>, fallback: ReadonlyArray<NoInfer<A>>): Flag<ReadonlyArray<A>> {
  return {
    takes: "values",
    read: (typed, name) => (typed.length === 0 ? fallback : typed.map((one) => read([one], name)))
  }
}

/** What is typed beside the flags, no fewer than `least` and no more than `most`. */
export function rest(least: number, most = Number.POSITIVE_INFINITY): Flag<ReadonlyArray<string>> {
  return {
    takes: "the rest",
    read: (typed, name) => {
      if (typed.length < least) throw new WrongValue(`name at least ${least} of the ${name}`)
      if (typed.length > most) throw new WrongValue(`name at most ${most} of the ${name}`)
      return typed
    }
  }
}

/** Sizes in text; undefined where they are none. */
export function sizesIn(given: string): StepSizes | undefined {
  const [channels, cells, batch, size, ...more] = wholesIn(given, 1) ?? []
  return size === undefined || more.length > 0 ? undefined : [channels!, cells!, batch!, size]
}

function wholesIn(given: string, least: number): ReadonlyArray<number> | undefined {
  const numbers = given.split(",").map((one) => wholeIn(one, least))
  return numbers.every((one) => one !== undefined) ? numbers : undefined
}

function wholeIn(given: string, least: number): number | undefined {
  return /^\d+$/.test(given) && Number(given) >= least ? Number(given) : undefined
}

/** Read a command line. `source` is the script's own text: its first doc comment is the help. */
export function readFlags<F extends Flags>(source: string, flags: F, args: ReadonlyArray<string>): ReadFlags<F> {
  if (args.includes("--help")) return { _tag: "Help", text: docComment(source) }
  const isRest = ({ takes }: Flag<unknown>) => takes === "the rest"
  const options = Object.entries(flags).flatMap(([name, flag]) => {
    const type = flag.takes === "nothing" ? "boolean" : "string"
    return isRest(flag) ? [] : [[name, { type, multiple: true }] as const]
  })
  try {
    const allowPositionals = Object.values(flags).some(isRest)
    const given = parseArgs({ args: [...args], options: Object.fromEntries(options), allowPositionals })
    const values = Object.entries(flags).map(([name, flag]) =>
      isRest(flag)
        ? [name, flag.read(given.positionals, name)]
        : [name, flag.read((given.values[name] ?? []).map(String), `--${name}`)]
    )
    return { _tag: "Values", values: Object.fromEntries(values) as FlagValues<F> }
  } catch (error) {
    if (error instanceof WrongValue) return { _tag: "Wrong", problem: error.message }
    if (error instanceof TypeError && "code" in error && /^ERR_PARSE_ARGS/.test(String(error.code)))
      return { _tag: "Wrong", problem: error.message.split(/\.?\n|\. /)[0]! }
    throw error
  }
}

/** The first doc comment without its marks. */
function docComment(source: string): string {
  const body = /\/\*\*([\s\S]*?)\*\//.exec(source)?.[1] ?? ""
  return body.replace(/^ *\* ?/gm, "").trim()
}

/**
 * The flags of the script that runs. `--help` shows the script's doc comment and ends it with 0, a
 * flag that it does not have or a wrong value with one line and 2. From then on whatever fails is
 * one line and 1.
 */
export function scriptFlags<F extends Flags>(flags: F): FlagValues<F> {
  process.on("uncaughtException", (error: unknown) => {
    console.error(`error: ${(error instanceof Error ? error.message : String(error)).split("\n")[0]}`)
    process.exit(1)
  })
  const read = readFlags(readFileSync(process.argv[1]!, "utf8"), flags, process.argv.slice(2))
  if (read._tag === "Wrong") return wrongUsage(read.problem)
  if (read._tag === "Values") return read.values
  console.log(read.text)
  process.exit(0)
}

/** End the script as used wrongly. */
export function wrongUsage(problem: string): never {
  console.error(`error: ${problem}; to see how it is used: --help`)
  process.exit(2)
}
