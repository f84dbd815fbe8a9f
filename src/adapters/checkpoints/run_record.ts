import { existsSync, mkdirSync, readdirSync, readFileSync, statSync } from "node:fs"
import { join } from "node:path"
import * as Schema from "@effect/schema/Schema"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { CheckpointError } from "../../effects/ports/checkpoints.ts"
import { hasRun } from "../run_store/sqlite.ts"
import { CHECKPOINT, keepError, writeWhole } from "./files.ts"

/**
 * The version of the records of gradient searches. A run of an earlier one could not go on to the
 * same result.
 */
export const GRADIENT_VERSION = 4

/** What a gradient search was begun with. */
export const GradientRunRecord = Schema.Struct({
  version: Schema.Literal(GRADIENT_VERSION),
  algorithm: Schema.String,
  /** All of them, as `encodeDartsRun` gives them. */
  settings: Schema.Record({ key: Schema.String, value: Schema.Unknown }),
  /** Digest of the data. */
  data: Schema.String
}).annotations({ identifier: "GradientRunRecord" })
export interface GradientRunRecord extends Schema.Schema.Type<typeof GradientRunRecord> {}

/** What a training from scratch was begun with. */
const TrainingRunRecord = Schema.Struct({
  version: Schema.Literal(2),
  kind: Schema.Literal("training"),
  /** As JSON: `decodeSettings` reads them. */
  settings: Schema.Record({ key: Schema.String, value: Schema.Unknown }),
  /** Digest of the data. */
  data: Schema.String
}).annotations({ identifier: "TrainingRunRecord" })
interface TrainingRunRecord extends Schema.Schema.Type<typeof TrainingRunRecord> {}

/** What the training of a supernet was begun with. */
const SupernetRunRecord = Schema.Struct({
  version: Schema.Literal(2),
  kind: Schema.Literal("supernet"),
  /** Those that were given, by their names. */
  settings: Schema.Record({ key: Schema.String, value: Schema.Unknown }),
  /** Digest of the data. */
  data: Schema.String
}).annotations({ identifier: "SupernetRunRecord" })
interface SupernetRunRecord extends Schema.Schema.Type<typeof SupernetRunRecord> {}

/** Whether a folder holds checkpoints. */
function hasCheckpoints(folder: string): boolean {
  return (
    existsSync(folder) && statSync(folder).isDirectory() && readdirSync(folder).some((file) => CHECKPOINT.test(file))
  )
}

const fileOf = (folder: string) => join(folder, "run.json")

/** Whether a folder holds a gradient search. */
export function hasGradientRun(folder: string): boolean {
  return existsSync(fileOf(folder))
}

/** A record of a gradient search of any version. Those of the other runs name their kind. */
const decodeVersion = Schema.decodeOption(
  Schema.parseJson(Schema.Struct({ version: Schema.Int, kind: Schema.optional(Schema.Never) }))
)

const read = Effect.fnUntraced(function* <A, I>(folder: string, schema: Schema.Schema<A, I>, kind: string) {
  if (!existsSync(fileOf(folder))) return undefined
  const fail = (detail: string) => new CheckpointError({ place: folder, detail })
  const text = yield* Effect.try({
    try: () => readFileSync(fileOf(folder), "utf8"),
    catch: (error) => keepError(folder, error)
  })
  const version = Option.getOrUndefined(decodeVersion(text))?.version ?? GRADIENT_VERSION
  if (version < GRADIENT_VERSION)
    return yield* fail(
      "it contains a search by gradients of an earlier version of this program, whose settings had other names or meanings; finish it with that version, or use another folder"
    )
  return yield* Effect.mapError(Schema.decode(Schema.parseJson(schema), { onExcessProperty: "error" })(text), () =>
    fail(
      `its run.json is not that of a ${kind}: it is damaged, or of another command or version; restore it, or use another folder`
    )
  )
})

const begin = Effect.fnUntraced(function* <
  A extends { readonly algorithm?: string; readonly settings: object; readonly data: string },
  I extends { readonly algorithm?: string; readonly settings: object }
>(folder: string, record: A, schema: Schema.Schema<A, I>, kind: string) {
  const fail = (detail: string) => new CheckpointError({ place: folder, detail })
  const known = yield* read(folder, schema, kind)
  if (known === undefined) {
    if (hasCheckpoints(folder))
      return yield* fail("it contains checkpoints but no run.json; restore it, or use another folder")
    return yield* Effect.try({
      try: () => {
        mkdirSync(folder, { recursive: true })
        writeWhole(fileOf(folder), Buffer.from(`${Schema.encodeSync(Schema.parseJson(schema))(record)}\n`))
      },
      catch: (error) => keepError(folder, error)
    })
  }
  const encode = Schema.encodeSync(schema)
  const differing = differences(compared(encode(known)), compared(encode(record)))
  if (differing.length > 0) {
    const names = differing.map((name) => `\`${name}\``).join(", ")
    return yield* fail(
      `it was begun with another ${names}; use those settings, --run ${folder} alone, or another folder`
    )
  }
  if (known.data !== record.data)
    return yield* fail("its data have changed since it was begun; restore them, or use another folder")
})

/** The record of a folder's gradient search; none where there is no run. */
export const readGradientRun = (folder: string) => read(folder, GradientRunRecord, "search by gradients")

/** Refuse a folder that holds a search by samples. */
const notOfSamples = (folder: string) =>
  hasRun(folder)
    ? new CheckpointError({ place: folder, detail: "it contains a search by samples; use another folder" })
    : Effect.void

/**
 * Begin a gradient search in a folder, or make sure that it continues one with the same settings
 * and data.
 */
export const beginGradientRun = (folder: string, record: GradientRunRecord) =>
  Effect.zipRight(notOfSamples(folder), begin(folder, record, GradientRunRecord, "search by gradients"))

/** The record of a folder's training; none where there is no run. */
export const readTrainingRun = (folder: string) => read(folder, TrainingRunRecord, "training")

/**
 * Begin a training in a folder, or make sure that it continues one with the same settings and data.
 */
export const beginTrainingRun = (folder: string, record: TrainingRunRecord) =>
  Effect.zipRight(notOfSamples(folder), begin(folder, record, TrainingRunRecord, "training"))

/**
 * Begin the training of a supernet in a folder, or make sure that it continues one with the same
 * settings and data.
 */
export const beginSupernetRun = (folder: string, record: SupernetRunRecord) =>
  begin(folder, record, SupernetRunRecord, "supernet")

/** What must not differ between a record and the run that continues it. */
function compared({ algorithm, settings }: { readonly algorithm?: string; readonly settings: object }): object {
  return algorithm === undefined ? settings : { algorithm, ...settings }
}

function differences(a: object, b: object): ReadonlyArray<string> {
  const texts = (settings: object) =>
    new Map(Object.entries(settings).map(([name, value]) => [name, JSON.stringify(value)]))
  const [x, y] = [texts(a), texts(b)]
  return [...new Set([...x.keys(), ...y.keys()])].filter((name) => x.get(name) !== y.get(name))
}
