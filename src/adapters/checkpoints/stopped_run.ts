import { existsSync, readFileSync, rmSync } from "node:fs"
import { join } from "node:path"
import * as Schema from "@effect/schema/Schema"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import { keepError, writeWhole } from "./files.ts"

/**
 * An error that ended a kept run, and that a change can cure. `Diverged`: a loss was NaN or
 * infinite, and the run may go on with other mendable settings. `BadData`: something in the data
 * could not be read, and the run may go on with mended data of as many training images.
 */
export const RunStop = Schema.Union(
  Schema.TaggedStruct("Diverged", {}),
  Schema.TaggedStruct("BadData", { train: Schema.Int })
).annotations({ identifier: "RunStop" })
export type RunStop = typeof RunStop.Type

/**
 * The settings that may change where a run has diverged: learning rates, and the largest norm of a
 * training's gradients.
 */
const MENDABLE_SETTINGS: ReadonlyArray<string> = ["learningRate", "alphaLearningRate", "clip"]

const stopJson = Schema.parseJson(RunStop)

/** The part of a run's record that can change. */
const Changeable = Schema.parseJson(
  Schema.Struct(
    { settings: Schema.Record({ key: Schema.String, value: Schema.Unknown }), data: Schema.String },
    { key: Schema.String, value: Schema.Unknown }
  )
)
const decodeRecord = Schema.decodeEither(Changeable)

const recordOf = (folder: string) => join(folder, "run.json")
const stopOf = (folder: string) => join(folder, "stopped.json")

/** Note in a run's folder what ended it. */
export const noteStop = Effect.fn("noteStop")(function* (folder: string, stop: RunStop) {
  const text = Schema.encodeSync(stopJson)(stop)
  yield* Effect.try({
    try: () => writeWhole(stopOf(folder), Buffer.from(`${text}\n`)),
    catch: (error) => keepError(folder, error)
  })
})

/**
 * Where a run has stopped, let its record take the changes that cure it: the mendable ones of these
 * settings (as encoded), or the digest of these data. All other differences stay, and are refused
 * by whoever continues the run; it may still be cured then.
 */
export const mendStopped = Effect.fn("mendStopped")(function* (
  folder: string,
  { settings, data, train }: { readonly settings: object; readonly data: string; readonly train: number }
) {
  yield* Effect.try({
    try: () => {
      if (!existsSync(stopOf(folder)) || !existsSync(recordOf(folder))) return
      const stop = Schema.decodeUnknownEither(stopJson)(readFileSync(stopOf(folder), "utf8"))
      const known = decodeRecord(readFileSync(recordOf(folder), "utf8"))
      if (Either.isLeft(stop) || Either.isLeft(known)) return
      const mended = mend(known.right, stop.right, { settings, data, train })
      writeWhole(recordOf(folder), Buffer.from(`${Schema.encodeSync(Changeable)(mended)}\n`))
      if (differsByCures(known.right.settings, settings)) rmSync(stopOf(folder))
    },
    catch: (error) => keepError(folder, error)
  })
})

/** Whether settings differ in none but those that may change. */
function differsByCures(known: Readonly<Record<string, unknown>>, settings: object): boolean {
  const now = new Map(Object.entries(settings))
  const names = new Set([...Object.keys(known), ...now.keys()])
  return [...names].every(
    (name) => MENDABLE_SETTINGS.includes(name) || JSON.stringify(known[name]) === JSON.stringify(now.get(name))
  )
}

function mend(
  known: typeof Changeable.Type,
  stop: RunStop,
  now: { readonly settings: object; readonly data: string; readonly train: number }
): typeof Changeable.Type {
  if (stop._tag === "BadData") return stop.train === now.train ? { ...known, data: now.data } : known
  const kept = Object.entries(known.settings).filter(([name]) => !MENDABLE_SETTINGS.includes(name))
  const changed = Object.entries(now.settings).filter(([name]) => MENDABLE_SETTINGS.includes(name))
  return { ...known, settings: Object.fromEntries([...kept, ...changed]) }
}
