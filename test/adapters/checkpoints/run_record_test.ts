import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as Schema from "@effect/schema/Schema"
import * as Effect from "effect/Effect"
import { suite } from "uvu"
import * as assert from "uvu/assert"
import {
  beginGradientRun,
  GRADIENT_VERSION,
  type GradientRunRecord,
  readGradientRun
} from "../../../src/adapters/checkpoints/run_record.ts"
import { GradientRunSettings } from "../../../src/domain/darts/run_settings.ts"

const record = (given: object): GradientRunRecord => ({
  version: GRADIENT_VERSION,
  settings: Schema.decodeUnknownSync(GradientRunSettings)(given),
  data: "digest"
})
const begin = (folder: string, given: object) =>
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
  assert.match(await begin(folder, { readNone: false, exactRadius: true }), "with another --exact-radius;")
})

test("a record of an earlier version is refused as such, one of another command as that", async () => {
  await begin(folder, {})
  const file = join(folder, "run.json")
  const kept = JSON.parse(readFileSync(file, "utf8"))
  writeFileSync(file, JSON.stringify({ ...kept, version: 2, settings: { ...kept.settings, none: false } }))
  assert.match(await begin(folder, {}), "of an earlier version of this program")
  writeFileSync(file, JSON.stringify({ version: 1, kind: "training", settings: {}, data: "" }))
  assert.match(await begin(folder, {}), "its run.json is no search by gradients")
  writeFileSync(file, "{")
  assert.match(await begin(folder, {}), "its run.json is no search by gradients")
})

test.run()
