import * as Either from "effect/Either"
import { suite } from "uvu"
import * as assert from "uvu/assert"
import { COMMON, samples, VARIANTS } from "../../bench/_study_variants.ts"
import { METHODS, methodNamed } from "../../src/domain/darts/methods/methods.ts"
import { dartsRun } from "../../src/domain/darts/run_settings.ts"
import { decodeSearch, samplingAlgorithm } from "../../src/domain/searchers/settings.ts"
import type { SettingsError } from "../../src/domain/setting/settings_error.ts"

const test = suite("VARIANTS")

test("every variant that is not retired has settings that its algorithm knows", () => {
  for (const variant of VARIANTS.filter(({ retired }) => retired === undefined)) {
    const given: Readonly<Record<string, unknown>> = {
      ...COMMON,
      ...variant.settings,
      epochs: 25,
      seed: "0",
      threads: 1
    }
    const { algorithm = "na-darts", ...own } = given
    const decoded: Either.Either<unknown, SettingsError> = samples(variant)
      ? Either.flatMap(samplingAlgorithm(String(algorithm)), (name) => decodeSearch(name, own))
      : dartsRun(methodNamed(String(algorithm)) ?? METHODS[0], { ...own, eigenvalue: true, eigenvalueEvery: 5 })
    assert.is(Either.isRight(decoded) ? "" : `${variant.name}: ${decoded.left.message}`, "")
  }
})

test.run()
