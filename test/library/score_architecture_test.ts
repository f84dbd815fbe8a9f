import * as Effect from "effect/Effect"
import { suite } from "uvu"
import * as assert from "uvu/assert"
import { builtinSpace } from "../../src/domain/space/spaces.ts"
import type { Evaluate } from "../../src/library/evaluate.ts"
import type { ReadableArchitecture } from "../../src/library/readable.ts"
import { runPromise } from "../../src/library/run_promise.ts"
import { scoreArchitecture } from "../../src/library/score_architecture.ts"
import { searchArchitectures } from "../../src/library/search_architectures.ts"

const space = builtinSpace("nas-bench-201")
const lossOf = ({ architecture }: ReadableArchitecture) =>
  architecture.reduce((sum, choice, i) => sum + ((choice * 7 + i) % 5), 0)

const evaluate: Evaluate = lossOf

const test = suite("scoreArchitecture()")

test("gives the loss that a search gave, and every neighbor with its own", async () => {
  const best = await runPromise(searchArchitectures({ space, evaluate, budget: { samples: 20 } }))
  const { loss, center, neighbors } = await runPromise(scoreArchitecture({ space, evaluate, architecture: best.text }))
  assert.is(loss, best.loss)
  assert.is(center.loss, best.ownLoss)
  assert.is(center.text, best.text)
  assert.is(neighbors.length, 24)
  assert.ok(neighbors.every((one) => one.distance === 1 && one.loss === lossOf(one)))
})

test("a text that is no architecture is an error that prints itself", async () => {
  const error = await runPromise(Effect.flip(scoreArchitecture({ space, evaluate, architecture: "33333" })))
  assert.match(error.message, 'Cannot read architecture "33333": expected 6 digits')
})

test("an architecture that is not admitted cannot be scored; neighbors that are not are left out", async () => {
  const asked = { space, evaluate, architecture: "333333" }
  const few = await runPromise(
    scoreArchitecture({ ...asked, admits: ({ choices }) => choices["0->1"] === "nor_conv_3x3" })
  )
  assert.is(few.neighbors.length, 20)
  const error = await runPromise(Effect.flip(scoreArchitecture({ ...asked, admits: () => false })))
  assert.match(error.message, "Cannot evaluate architecture")
})

test.run()
