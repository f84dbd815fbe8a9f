import * as FileSystem from "@effect/platform/FileSystem"
import * as ArrayFormatter from "@effect/schema/ArrayFormatter"
import * as Schema from "@effect/schema/Schema"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import { GradientRunSettings } from "../../domain/search/gradient/run_settings.ts"
import { SearchSettings, SettingsError } from "../../domain/search/settings.ts"
import { TrainingRunSettings } from "../../domain/training/run_settings.ts"

/** Settings that someone gave, by their names; not checked yet. */
export type GivenSettings = Readonly<Record<string, unknown>>

/**
 * Full settings of a schema from those given: the config file's first, the flags' over them, defaults for the rest. `kind` is what a setting that the
 * schema does not know is told to be none of.
 */
const resolve = Effect.fnUntraced(function* <A, I>(
  schema: Schema.Schema<A, I>,
  kind: string,
  config: string | undefined,
  flags: GivenSettings
) {
  const decode = Schema.decodeUnknownEither(schema, { onExcessProperty: "error", errors: "all" })
  const file = config === undefined ? {} : yield* readConfig(config)
  return yield* Either.mapLeft(decode({ ...file, ...flags }), (error) => {
    const [issue] = ArrayFormatter.formatErrorSync(error)
    const name = String(issue?.path[0] ?? "settings")
    const problem = issue?._tag === "Unexpected" ? `is no setting of ${kind}` : issue?.message.replace(/\s+/g, " ")
    return new SettingsError({ problem: `${name} (${flagOf(name)}): ${problem ?? "unknown"}` })
  })
})

/** Full settings of a search over a table. */
export const resolveSettings = (config: string | undefined, flags: GivenSettings) =>
  resolve(SearchSettings, "a search over a table", config, flags)

/** Full settings of a search by gradients. */
export const resolveGradientSettings = (config: string | undefined, flags: GivenSettings) =>
  resolve(GradientRunSettings, "a search by gradients", config, flags)

/** Full settings of a training from scratch. */
export const resolveTrainingSettings = (config: string | undefined, flags: GivenSettings) =>
  resolve(TrainingRunSettings, "a training", config, flags)

/** The flag of a setting: `uniqueEvaluations` is `--unique-evaluations`. */
export function flagOf(name: string): string {
  return `--${name === "constraints" ? "constraint" : name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`
}

/** The settings of a JSON file; not checked yet. */
export const readConfig = Effect.fn("readConfig")(function* (path: string) {
  const fail = (problem: string) => new SettingsError({ problem: `the config file "${path}" ${problem}` })
  const files = yield* FileSystem.FileSystem
  const text = yield* Effect.mapError(files.readFileString(path), () => fail("cannot be read"))
  const json = yield* Effect.try({ try: (): unknown => JSON.parse(text), catch: () => fail("is not JSON") })
  if (typeof json !== "object" || json === null || Array.isArray(json)) return yield* fail("is no JSON object")
  const given: GivenSettings = { ...json }
  return given
})

/** The names of the settings in which two differ. */
export function differences(a: SearchSettings, b: SearchSettings): ReadonlyArray<string> {
  const [x, y] = [Schema.encodeSync(SearchSettings)(a), Schema.encodeSync(SearchSettings)(b)]
  const names = new Set([...Object.keys(x), ...Object.keys(y)]) as ReadonlySet<keyof typeof x>
  return [...names].filter((name) => JSON.stringify(x[name]) !== JSON.stringify(y[name]))
}
