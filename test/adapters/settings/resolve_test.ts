import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as NodeContext from "@effect/platform-node/NodeContext"
import * as Effect from "effect/Effect"
import { suite } from "uvu"
import * as assert from "uvu/assert"
import { differences, flagOf, type GivenSettings, resolveSettings } from "../../../src/adapters/settings/resolve.ts"
import { SettingsError } from "../../../src/domain/setting/settings_error.ts"
import { failure, run } from "../../_effect.ts"

const resolve = (config: string | undefined, flags: GivenSettings) =>
  resolveSettings(config, flags).pipe(Effect.provide(NodeContext.layer))

const test = suite("resolveSettings()")

const folder = mkdtempSync(join(tmpdir(), "na-nas-settings-"))
const config = (text: string) => {
  const path = join(folder, "config.json")
  writeFileSync(path, text)
  return path
}
test.after(() => rmSync(folder, { recursive: true }))

test("nothing given is every default", async () => {
  const settings = await run(resolve(undefined, {}))
  assert.is(settings.algorithm, "na-rs")
  assert.is(settings.neighbors, "all")
  assert.is(settings.radius, 1)
  assert.is(settings.seed, "0")
  assert.is(settings.samples, undefined)
})

test("a flag wins over the file, the file over the default", async () => {
  const settings = await run(resolve(config('{"radius":3,"seed":"file","samples":7}'), { seed: "flag" }))
  assert.equal([settings.radius, settings.seed, settings.samples, settings.repeat], [3, "flag", 7, 1])
})

const files: ReadonlyArray<readonly [string, string]> = [
  ["{", "is not JSON"],
  ["[]", "is no JSON object"],
  ["null", "is no JSON object"],
  ['"x"', "is no JSON object"]
]
for (const [text, problem] of files) {
  test(`the config file ${text} is refused: it ${problem}`, async () => {
    const error = await failure(resolve(config(text), {}))
    assert.instance(error, SettingsError)
    assert.match(error.message, problem)
  })
}

test("a config file that does not exist is an error that names it", async () => {
  const error = await failure(resolve(join(folder, "nope.json"), {}))
  assert.match(error.message, "nope.json")
  assert.match(error.message, "cannot be read")
})

const wrong: ReadonlyArray<readonly [GivenSettings, string]> = [
  [{ radius: 0 }, "--radius"],
  [{ radius: 1.5 }, "--radius"],
  [{ uniqueEvaluations: -1 }, "--unique-evaluations"],
  [{ simulatedSeconds: Number.POSITIVE_INFINITY }, "--simulated-seconds"],
  [{ algorithm: "magic" }, "rs, na-rs, evolution, local-search, exhaustive"],
  [{ neighbors: "some" }, 'Expected "all" or a number'],
  [{ center: "yes" }, "Expected yes or no"],
  [{ constraints: [""] }, "--constraint"],
  [{ table: "t.csv" }, "--table"],
  [{ nonsense: 1 }, "nonsense"],
  [{ none: false }, "readNone (--read-none) and neighborNone (--neighbor-none)"],
  [{ version: 2 }, "version"]
]
for (const [given, problem] of wrong) {
  test(`the error of ${JSON.stringify(given)} names its flag in one line`, async () => {
    for (const error of [
      await failure(resolve(undefined, given)),
      await failure(resolve(config(JSON.stringify(given)), {}))
    ]) {
      assert.match(error.message, problem)
      assert.is(error.message.split("\n").length, 1)
    }
  })
}

test.run()

const names = suite("flagOf(), differences()")

names("a flag is the setting's name with dashes", () => {
  assert.equal(["seed", "moveInputs", "uniqueEvaluations", "constraints"].map(flagOf), [
    "--seed",
    "--move-inputs",
    "--unique-evaluations",
    "--constraint"
  ])
})

names("settings differ exactly in what was given differently", async () => {
  const base = await run(resolve(undefined, {}))
  const other = await run(resolve(undefined, { seed: "1", samples: 5, constraints: ["a<1"] }))
  assert.equal(differences(base, base), [])
  assert.equal([...differences(base, other)].sort(), ["constraints", "samples", "seed"])
  assert.equal([...differences(other, base)].sort(), ["constraints", "samples", "seed"])
})

names.run()
