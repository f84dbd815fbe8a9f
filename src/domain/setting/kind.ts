import * as ArrayFormatter from "@effect/schema/ArrayFormatter"
import * as Schema from "@effect/schema/Schema"
import * as Either from "effect/Either"

/** JSON, as a setting stands in a config file and in the record of a run. */
export type Json = string | number | boolean | null | ReadonlyArray<Json> | { readonly [name: string]: Json }

/** What a setting may be: read from the text of a flag or from JSON, written as JSON. */
export interface Kind<A> {
  /** What help shows in place of a value: `<count>`. */
  readonly unit: string
  /** All values, where there are few. */
  readonly words: ReadonlyArray<string>
  /** Whether a flag says yes or no, and whether it may be given more than once. */
  readonly isSwitch: boolean
  readonly isList: boolean
  /** Whether only a config file can give it: it has no text. */
  readonly isStructured: boolean
  /** The value, or what is wrong: "expected a whole number above 0, not -1". */
  readonly decode: (given: unknown) => Either.Either<A, string>
  /** What `decode` reads back. */
  encode(value: A): Json
}

const PLAIN = { words: [], isSwitch: false, isList: false, isStructured: false }
const unlike = (expected: string, given: unknown) => `expected ${expected}, not ${JSON.stringify(given)}`

/**
 * A kind by a schema of its JSON. `expected` says what is right; without it the schema's own
 * message does.
 */
function kindOf<A, I>(schema: Schema.Schema<A, I>, unit: string, expected?: string): Kind<A> {
  const decode = Schema.decodeUnknownEither(schema, { onExcessProperty: "error" })
  const encode = Schema.encodeSync(schema)
  return {
    ...PLAIN,
    unit,
    decode: (given) =>
      Either.mapLeft(decode(given), (error) => {
        if (expected !== undefined) return unlike(expected, given)
        const [issue] = ArrayFormatter.formatErrorSync(error)
        return [...(issue?.path ?? []), issue?.message.replace(/\s+/g, " ") ?? "another value"].join(": ")
      }),
    encode: (value) => JSON.parse(JSON.stringify(encode(value)))
  }
}

/** What only a config file can give: an object or a list by a schema. */
export function structured<A, I>(schema: Schema.Schema<A, I>): Kind<A> {
  return { ...kindOf(schema, "json"), isStructured: true }
}

/** A kind with a grammar of its own, such as `mix:0.5`: JSON holds the same text. */
export function parsed<A>(
  parse: (given: string) => Either.Either<A, string>,
  print: (value: A) => string,
  unit: string
): Kind<A> {
  return {
    ...PLAIN,
    unit,
    decode: (given) => (typeof given === "string" ? parse(given) : Either.left(unlike("a text", given))),
    encode: print
  }
}

/** A number, which flags give as text. */
function numeric(isRight: (value: number) => boolean, unit: string, expected: string): Kind<number> {
  return {
    ...PLAIN,
    unit,
    decode: (given) => {
      const value = typeof given === "string" && given.trim() !== "" ? Number(given) : given
      return typeof value === "number" && Number.isFinite(value) && isRight(value)
        ? Either.right(value)
        : Either.left(unlike(expected, given))
    },
    encode: (value) => value
  }
}

/** A whole number from `least` on. */
export function whole(least: number, unit = "count"): Kind<number> {
  const range = least === 1 ? "above 0" : `from ${least} on`
  return numeric((value) => Number.isSafeInteger(value) && value >= least, unit, `a whole number ${range}`)
}

/** The range of a number. */
interface Range {
  readonly from?: number
  readonly above?: number
  readonly to?: number
  readonly below?: number
}

/** A finite number within a range. */
export function real({ from, above, to, below }: Range = {}, unit = "number"): Kind<number> {
  const isRight = (value: number) =>
    value >= (from ?? value) &&
    value <= (to ?? value) &&
    !(value <= (above ?? Number.NaN)) &&
    !(value >= (below ?? Number.NaN))
  const bounds = Object.entries({ from, above, to, below }).flatMap(([name, bound]) =>
    bound === undefined ? [] : [`${name} ${bound}`]
  )
  return numeric(isRight, unit, ["a number", ...bounds].join(" "))
}

/** A text that is not empty. */
export function text(unit = "text"): Kind<string> {
  return kindOf(Schema.String.pipe(Schema.minLength(1)), unit, "a text")
}

/** One of a few words. */
export function oneOf<const Words extends readonly [string, ...ReadonlyArray<string>]>(
  ...words: Words
): Kind<Words[number]> {
  return { ...kindOf(Schema.Literal(...words), "name", words.join(", ")), words }
}

/** A switch: `yes` or `no` as text, true or false in JSON. */
export const yesNo: Kind<boolean> = {
  ...PLAIN,
  unit: "yes|no",
  words: ["yes", "no"],
  isSwitch: true,
  decode: (given) =>
    given === true || given === "yes"
      ? Either.right(true)
      : given === false || given === "no"
        ? Either.right(false)
        : Either.left(unlike("yes or no", given)),
  encode: (value) => value
}

/** What a kind takes, or a word. */
export function orWord<const Word extends string, A>(word: Word, kind: Kind<A>): Kind<Word | A> {
  const isWord = (value: Word | A): value is Word => value === word
  return {
    ...kind,
    unit: `${kind.unit}|${word}`,
    decode: (given): Either.Either<Word | A, string> =>
      given === word
        ? Either.right(word)
        : Either.mapLeft(kind.decode(given), (problem) => problem.replace(", not ", `, or ${word}, not `)),
    encode: (value) => (isWord(value) ? value : kind.encode(value))
  }
}

/**
 * Several values: a flag more than once, with commas between them where `commas` says so; a list in
 * JSON.
 */
export function list<A>(kind: Kind<A>, { commas = false } = {}): Kind<ReadonlyArray<A>> {
  return {
    ...kind,
    isList: true,
    decode: (given) => {
      const items: ReadonlyArray<unknown> = Array.isArray(given) ? given : [given]
      const parts = commas
        ? items.flatMap((one) => (typeof one === "string" ? one.split(",").map((part) => part.trim()) : [one]))
        : items
      return Either.all(parts.map((part) => kind.decode(part)))
    },
    encode: (values) => values.map((value) => kind.encode(value))
  }
}
