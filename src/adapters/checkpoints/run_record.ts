import { existsSync, mkdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import * as Schema from "@effect/schema/Schema"
import * as Effect from "effect/Effect"
import { GradientRunSettings } from "../../domain/search/gradient/run_settings.ts"
import { CheckpointError } from "../../effects/checkpoints.ts"
import { flagOf } from "../settings/resolve.ts"
import { keepError, writeWhole } from "./files.ts"

/** What a gradient search was begun with. */
export const GradientRunRecord = Schema.Struct({
  version: Schema.Literal(1),
  settings: GradientRunSettings,
  /** Digest of the data. */
  data: Schema.String
}).annotations({ identifier: "GradientRunRecord" })
export interface GradientRunRecord extends Schema.Schema.Type<typeof GradientRunRecord> {}

const json = Schema.parseJson(GradientRunRecord)
const fileOf = (folder: string) => join(folder, "run.json")

/** Whether a folder holds a gradient search. */
export function hasGradientRun(folder: string): boolean {
  return existsSync(fileOf(folder))
}

/** The record of a folder's run; none where there is no run. */
export const readGradientRun = Effect.fn("readGradientRun")(function* (folder: string) {
  if (!hasGradientRun(folder)) return undefined
  const fail = (detail: string) => new CheckpointError({ place: folder, detail })
  const text = yield* Effect.try({
    try: () => readFileSync(fileOf(folder), "utf8"),
    catch: (error) => fail(String(error))
  })
  return yield* Effect.mapError(Schema.decode(json)(text), () =>
    fail("its run.json is not understood; it is damaged, or of another version of this program")
  )
})

/** Begin a run in a folder, or make sure that it continues one with the same settings and data. */
export const beginGradientRun = Effect.fn("beginGradientRun")(function* (folder: string, record: GradientRunRecord) {
  const fail = (detail: string) => new CheckpointError({ place: folder, detail })
  const known = yield* readGradientRun(folder)
  if (known === undefined) {
    return yield* Effect.try({
      try: () => {
        mkdirSync(folder, { recursive: true })
        writeWhole(fileOf(folder), Buffer.from(`${Schema.encodeSync(json)(record)}\n`))
      },
      catch: (error) => keepError(folder, error)
    })
  }
  const differing = differences(known.settings, record.settings)
  if (differing.length > 0) {
    const flags = differing.map(flagOf).join(", ")
    return yield* fail(
      `it was begun with another ${flags}; use those settings, --run ${folder} alone, or another folder`
    )
  }
  if (known.data !== record.data)
    return yield* fail("its data have changed since it was begun; restore them, or use another folder")
})

function differences(a: GradientRunSettings, b: GradientRunSettings): ReadonlyArray<string> {
  const [x, y] = [a, b].map((settings) => {
    const encoded: Readonly<Record<string, unknown>> = Schema.encodeSync(GradientRunSettings)(settings)
    return new Map(Object.entries(encoded).map(([name, value]) => [name, JSON.stringify(value)]))
  }) as [Map<string, string>, Map<string, string>]
  return [...new Set([...x.keys(), ...y.keys()])].filter((name) => x.get(name) !== y.get(name))
}
