import { suite } from "uvu"
import * as assert from "uvu/assert"
import { type SearchResult, searchJson, searchText } from "../../../src/adapters/terminal/search_report.ts"
import { architectureOfKey } from "../../../src/domain/architecture/architecture.ts"
import type { Outcome } from "../../../src/effects/run_store.ts"
import { SMALL, settingsOf } from "../../effects/_searches.ts"

const outcome: Outcome = {
  version: 2,
  architecture: "0121",
  loss: 0.25,
  ownLoss: 0.5,
  ownDiverged: false,
  samples: 3,
  evaluations: 9,
  uniqueEvaluations: 8,
  diverged: 0,
  simulatedSeconds: 0,
  stop: "samples"
}

const resultOf = (...outcomes: ReadonlyArray<Partial<Outcome>>): SearchResult => {
  const whole = outcomes.map((one) => ({ ...outcome, ...one }))
  return {
    settings: settingsOf({ evaluator: "train", cost: undefined, goal: "minimize", repeat: outcomes.length }),
    space: SMALL.space,
    score: "validation error",
    outcomes: whole,
    architectures: whole.map(({ architecture }) => architectureOfKey(architecture)),
    reports: whole.map(() => new Map()),
    seconds: 1,
    run: undefined
  }
}

const test = suite("searchText(), searchJson()")

test("tell what diverged, and nothing of it where nothing did", () => {
  assert.not.match(searchText(resultOf({})), "diverged")
  assert.match(searchText(resultOf({})), /own validation error +0.5\n/)
  const result = resultOf({ diverged: 2, ownLoss: null, ownDiverged: true })
  assert.match(searchText(result), ": 3 samples, 9 evaluations, 8 unique, 2 diverged, ended by")
  assert.match(searchText(result), /own validation error +none: its training diverged/)
  const { score, ownScore, ownDiverged, diverged } = searchJson(result)
  assert.equal([score, ownScore, ownDiverged, diverged], [0.25, null, true, 2])
})

test("give the mean of what diverged over repetitions", () => {
  assert.is(searchJson(resultOf({ diverged: 1 }, { diverged: 2, loss: 0.75 })).diverged, 1.5)
})

test.run()
