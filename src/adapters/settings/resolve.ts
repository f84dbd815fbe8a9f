import * as FileSystem from "@effect/platform/FileSystem"
import * as ArrayFormatter from "@effect/schema/ArrayFormatter"
import * as Schema from "@effect/schema/Schema"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import { METHODS, methodNamed } from "../../domain/darts/methods/methods.ts"
import { dartsRun, searchFields } from "../../domain/darts/run_settings.ts"
import { SearchSettings } from "../../domain/searchers/settings.ts"
import { formerSetting } from "../../domain/setting/schemas.ts"
import { SettingsError } from "../../domain/setting/settings_error.ts"
import { TrainingRunSettings } from "../../domain/training/run_settings.ts"

/** Settings that someone gave, by their names; not checked yet. */
export type GivenSettings = Readonly<Record<string, unknown>>

/**
 * Full settings of a schema from those given: the config file's, the flags' over them, those of `kept`, a run that continues, below both, and defaults
 * for the rest. `foreign` says of a setting that the schema does not know what it is no setting of.
 */
const resolve = Effect.fnUntraced(function* <A, I>(
  schema: Schema.Schema<A, I>,
  foreign: (name: string) => string,
  config: string | undefined,
  flags: GivenSettings,
  kept: A | undefined
) {
  const decode = Schema.decodeUnknownEither(schema, { onExcessProperty: "error", errors: "all" })
  const file = config === undefined ? {} : yield* readConfig(config)
  const begunWith = kept === undefined ? {} : Schema.encodeSync(schema)(kept)
  return yield* Either.mapLeft(decode({ ...begunWith, ...file, ...flags }), (error) => {
    const [issue] = ArrayFormatter.formatErrorSync(error)
    const name = String(issue?.path[0] ?? "settings")
    const problem =
      issue?._tag === "Unexpected" ? (successor(name) ?? foreign(name)) : issue?.message.replace(/\s+/g, " ")
    return new SettingsError({ problem: `${name} (${flagOf(name)}): ${problem ?? "unknown"}` })
  })
})

/** What to say of a setting of earlier versions. */
function successor(name: string): string | undefined {
  const now = formerSetting(name)?.map((one) => `${one} (${flagOf(one)})`)
  return now === undefined ? undefined : `it is now ${now.join(" and ")}`
}

/** Full settings of a search by samples. */
export const resolveSettings = (config: string | undefined, flags: GivenSettings, kept?: SearchSettings) => {
  const foreign = (name: string) =>
    `is no setting of a search by samples${METHODS.some((method) => Object.hasOwn(searchFields(method), name)) ? "; --algorithm na-darts has it" : ""}`
  return resolve(SearchSettings, foreign, config, flags, kept)
}

/** A search by gradients with all its settings; those of `kept`, a run that continues, below what is given. */
export const resolveDartsRun = Effect.fn("resolveDartsRun")(function* (
  config: string | undefined,
  flags: GivenSettings,
  kept?: { readonly algorithm: string; readonly settings: GivenSettings }
) {
  const asked: GivenSettings = { ...(config === undefined ? {} : yield* readConfig(config)), ...flags }
  const { algorithm = kept?.algorithm ?? METHODS[0].name, ...given } = asked
  const method = methodNamed(String(algorithm))
  if (method === undefined) {
    const names = METHODS.map(({ name }) => name).join(", ")
    return yield* new SettingsError({ problem: `\`algorithm\`: expected ${names}, not ${JSON.stringify(algorithm)}` })
  }
  const ofSamples = Object.keys(given).find(
    (name) => !Object.hasOwn(searchFields(method), name) && Object.hasOwn(SearchSettings.fields, name)
  )
  if (ofSamples !== undefined) {
    const problem = `\`${ofSamples}\`: is no setting of ${method.name}`
    const cure = "searches by samples have it: --table FILE, --evaluator train or --algorithm na-rs"
    return yield* new SettingsError({ problem: `${problem}; ${cure}` })
  }
  return yield* dartsRun(method, { ...(method.name === kept?.algorithm ? kept.settings : {}), ...given })
})

/** Full settings of a training from scratch. */
export const resolveTrainingSettings = (config: string | undefined, flags: GivenSettings, kept?: TrainingRunSettings) =>
  resolve(TrainingRunSettings, () => "is no setting of a training", config, flags, kept)

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
