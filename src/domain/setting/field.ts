import * as Either from "effect/Either"
import type { Json, Kind } from "./kind.ts"
import { SettingsError } from "./settings_error.ts"

/**
 * One setting: what it may be, what it is where nobody says, and what it does. It stands beside the
 * code that it sets. Flags, help, config files, records of runs and the page of settings follow
 * from it.
 */
interface Field<A> {
  readonly kind: Kind<A>
  readonly byDefault: A
  readonly doc: string
  /** What help shows as the default. */
  readonly defaultText: string
  /** Of the settings that help shows together. */
  readonly group: string
}

/** Settings by their names. */
export type Fields = Readonly<Record<string, Field<unknown>>>

/** What fields decode to. */
export type Values<F extends Fields> = { readonly [K in keyof F]: F[K]["byDefault"] }

/** What someone gave, by the names of settings: texts of flags, or JSON. Not checked yet. */
export type Given = Readonly<Record<string, unknown>>

/** A setting with a default. */
export function field<A>(kind: Kind<A>, byDefault: A, doc: string): Field<A> {
  const encoded = kind.encode(byDefault)
  const word = typeof encoded === "boolean" ? (encoded ? "yes" : "no") : undefined
  const none = Array.isArray(encoded) && encoded.length === 0 ? "none" : undefined
  const defaultText = word ?? none ?? (typeof encoded === "string" ? encoded : JSON.stringify(encoded))
  return { kind, byDefault, doc, defaultText, group: "" }
}

/** Settings with other defaults, which help shows: those of a protocol, say. */
export function withDefaults<F extends Fields>(fields: F, values: Readonly<Record<string, unknown>>): F {
  const changed = Object.entries(fields).map(([name, one]) => {
    if (values[name] === undefined) return [name, one] as const
    return [name, { ...field(one.kind, values[name], one.doc), group: one.group }] as const
  })
  return Object.fromEntries(changed) as F
}

/** A setting that may be missing; `without` says what holds then. */
export function optional<A>(kind: Kind<A>, doc: string, without: string): Field<A | undefined> {
  const given: Kind<A | undefined> = {
    ...kind,
    decode: kind.decode,
    encode: (value) => (value === undefined ? null : kind.encode(value))
  }
  return { kind: given, byDefault: undefined, doc, defaultText: without, group: "" }
}

/** Settings that help shows together, under a title. */
export function grouped<F extends Fields>(group: string, fields: F): F {
  const titled = Object.entries(fields).map(([name, one]) => [name, { ...one, group }] as const)
  return Object.fromEntries(titled) as F
}

/**
 * The one decode, of flags, config files and records alike: what was given, else the protocol's
 * value, else the default. `of` says what they are settings of, for names that are unknown there.
 */
export function decodeSettings<F extends Fields>(
  fields: F,
  given: Given,
  { protocol = {}, of = "this command" }: { readonly protocol?: Partial<Values<F>>; readonly of?: string } = {}
): Either.Either<Values<F>, SettingsError> {
  const problems = new Map(
    Object.keys(given)
      .filter((name) => !Object.hasOwn(fields, name))
      .map((name) => [name, `is no setting of ${of}`])
  )
  const values: Record<string, unknown> = {}
  for (const [name, { kind, byDefault }] of Object.entries(fields)) {
    if (given[name] === undefined) {
      values[name] = protocol[name] ?? byDefault
      continue
    }
    const decoded = kind.decode(given[name])
    if (Either.isRight(decoded)) values[name] = decoded.right
    else problems.set(name, decoded.left)
  }
  if (problems.size === 0) return Either.right(values as Values<F>)
  const problem = [...problems].map(([name, told]) => `\`${name}\`: ${told}`).join("; ")
  return Either.left(new SettingsError({ problem }))
}

/** Settings as JSON, which `decodeSettings` reads back; those that are missing are left out. */
export function encodeSettings<F extends Fields>(fields: F, values: Values<F>): Readonly<Record<string, Json>> {
  return Object.fromEntries(
    Object.entries(fields).flatMap(([name, { kind }]) =>
      values[name] === undefined ? [] : [[name, kind.encode(values[name])]]
    )
  )
}

/** The names of the settings in which two differ, by their JSON. */
export function differingSettings(a: Given, b: Given): ReadonlyArray<string> {
  const names = new Set([...Object.keys(a), ...Object.keys(b)])
  return [...names].filter((name) => JSON.stringify(a[name]) !== JSON.stringify(b[name]))
}

/** The values that hold where nobody says. */
export function fieldDefaults<F extends Fields>(fields: F): Values<F> {
  return Object.fromEntries(Object.entries(fields).map(([name, { byDefault }]) => [name, byDefault])) as Values<F>
}
