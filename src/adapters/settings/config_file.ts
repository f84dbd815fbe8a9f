import * as FileSystem from "@effect/platform/FileSystem"
import * as Effect from "effect/Effect"
import type { Given } from "../../domain/setting/field.ts"
import { SettingsError } from "../../domain/setting/settings_error.ts"

/** The settings of a JSON file, not checked yet; none without a file. */
export const readConfig = Effect.fn("readConfig")(function* (path: string | undefined) {
  if (path === undefined) return {}
  const fail = (problem: string) => new SettingsError({ problem: `the config file "${path}" ${problem}` })
  const files = yield* FileSystem.FileSystem
  const text = yield* Effect.mapError(files.readFileString(path), () => fail("cannot be read"))
  const json = yield* Effect.try({ try: (): unknown => JSON.parse(text), catch: () => fail("is not JSON") })
  if (typeof json !== "object" || json === null || Array.isArray(json)) return yield* fail("is no JSON object")
  const given: Given = { ...json }
  return given
})
