import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import { suite } from "uvu"
import * as assert from "uvu/assert"
import {
  beginGradientRun,
  GRADIENT_VERSION,
  type GradientRunRecord,
  readGradientRun
} from "../../../src/adapters/checkpoints/run_record.ts"
import { naDarts } from "../../../src/domain/darts/methods/na_darts.ts"
import { dartsRun, encodeDartsRun } from "../../../src/domain/darts/run_settings.ts"
import type { Given } from "../../../src/domain/setting/field.ts"

const record = (given: Given): GradientRunRecord => ({
  version: GRADIENT_VERSION,
  algorithm: "na-darts",
  settings: encodeDartsRun(Either.getOrThrow(dartsRun(naDarts, given))),
  data: "digest"
})
const begin = (folder: string, given: Given) =>
  Effect.runPromise(
    Effect.match(beginGradientRun(folder, record(given)), { onSuccess: () => "", onFailure: (error) => error.message })
  )

const test = suite("beginGradientRun(), readGradientRun()")
let folder: string
test.before.each(() => {
  folder = mkdtempSync(join(tmpdir(), "run-record-"))
})
test.after.each(() => rmSync(folder, { recursive: true, force: true }))

test("a run goes on with its settings, and names the flags of others", async () => {
  assert.is(await begin(folder, { readNone: false }), "")
  assert.is(await begin(folder, { readNone: false }), "")
  assert.equal(await Effect.runPromise(readGradientRun(folder)), record({ readNone: false }))
  assert.match(await begin(folder, { readNone: false, exactRadius: true }), "with another `exactRadius`;")
})

test("another algorithm is another run", async () => {
  await begin(folder, {})
  const other = { ...record({}), algorithm: "darts" }
  const told = await Effect.runPromise(Effect.flip(beginGradientRun(folder, other)))
  assert.match(told.message, "with another `algorithm`;")
})

test("a record of an earlier version is refused as such, one of another command as that", async () => {
  await begin(folder, {})
  const file = join(folder, "run.json")
  const kept = JSON.parse(readFileSync(file, "utf8"))
  writeFileSync(file, JSON.stringify({ ...kept, version: 3, algorithm: undefined }))
  assert.match(await begin(folder, {}), "of an earlier version of this program")
  writeFileSync(file, JSON.stringify({ version: 1, kind: "training", settings: {}, data: "" }))
  assert.match(await begin(folder, {}), "its run.json is not that of a search by gradients")
  writeFileSync(file, "{")
  assert.match(await begin(folder, {}), "its run.json is not that of a search by gradients")
})

test.run()
