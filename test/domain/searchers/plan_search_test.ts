import * as Either from "effect/Either"
import { suite } from "uvu"
import * as assert from "uvu/assert"
import { ReportedScore, type ValidationLoss } from "../../../src/domain/score/score.ts"
import { passedLimit } from "../../../src/domain/searchers/budget.ts"
import { compares, countChoice, parseConstraint } from "../../../src/domain/searchers/constraint.ts"
import { identityOf, objectiveOf, planSearch } from "../../../src/domain/searchers/plan_search.ts"
import type { SearchSettings } from "../../../src/domain/searchers/settings.ts"
import { builtinSpace } from "../../../src/domain/space/spaces.ts"
import { NAS_BENCH, SMALL, settingsOf } from "../../effects/programs/_searches.ts"

const constraints = suite("parseConstraint(), compares(), countChoice()")

constraints("reads columns and counts with every comparison", () => {
  assert.equal(Either.getOrThrow(parseConstraint(" params <= 5e5 ")), {
    _tag: "Column",
    column: "params",
    comparison: "<=",
    bound: 5e5
  })
  assert.equal(Either.getOrThrow(parseConstraint("count(skip_connect)=2")), {
    _tag: "Count",
    choice: "skip_connect",
    comparison: "=",
    bound: 2
  })
  for (const text of ["", "params", "params<", "<5", "params<x", "params<1<2", "count()<2"])
    assert.ok(Either.isLeft(parseConstraint(text)), text)
})

constraints("compares as written, and nothing that is unknown", () => {
  const holds = (["<=", ">=", "<", ">", "="] as const).map((comparison) =>
    [1, 2, 3, Number.NaN].map((value) => compares(value, comparison, 2))
  )
  assert.equal(holds, [
    [true, true, false, false],
    [false, true, true, false],
    [true, false, false, false],
    [false, false, true, false],
    [false, true, false, false]
  ])
  assert.is(countChoice(NAS_BENCH.space, [1, 1, 0, 2, 1, 3], "skip_connect"), 3)
})

constraints.run()

const budget = suite("passedLimit()")

budget("a count is passed when more than it is spent, seconds end a search by themselves", () => {
  const spent = { samples: 5, evaluations: 10, uniqueEvaluations: 7, simulatedSeconds: 1.5 }
  assert.is(passedLimit({}, spent), undefined)
  assert.is(passedLimit({ samples: 5, evaluations: 10, uniqueEvaluations: 7, simulatedSeconds: 1.5 }, spent), undefined)
  assert.is(passedLimit({ samples: 4 }, spent), "samples")
  assert.is(passedLimit({ simulatedSeconds: 1 }, spent), undefined)
})

budget.run()

const plan = suite("planSearch()")

const faults: ReadonlyArray<readonly [string, Parameters<typeof settingsOf>[0], string]> = [
  ["nothing to aggregate", { neighbors: 0, center: false }, "nothing to aggregate"],
  ["inputs that cannot move", { moveInputs: true }, "no inputs"],
  ["a choice that the space lacks", { constraint: ["count(magic)<2"] }, '"magic"'],
  ["a column that the table lacks", { constraint: ["magic<2"] }, '"magic"'],
  ["constraints that nothing meets", { constraint: ["validation>1e9"] }, "no architecture"]
]
for (const [name, given, problem] of faults) {
  plan(`refuses ${name}`, () => {
    const made = planSearch(settingsOf(given), NAS_BENCH.space, { tables: [NAS_BENCH.table] })
    assert.ok(Either.isLeft(made))
    assert.match(made.left.message, problem)
  })
}

plan("the quotient needs a space whose networks have one member each", () => {
  const darts = builtinSpace("darts")
  const made = objectiveOf(settingsOf({ quotient: true }), darts)
  assert.ok(Either.isLeft(made))
  assert.match(made.left.message, "too large for the `quotient`")
})

plan("who evaluates decides which architectures share an evaluation", () => {
  const known = (given: Parameters<typeof settingsOf>[0], space = NAS_BENCH.space) =>
    Either.match(identityOf(settingsOf(given), space), { onLeft: ({ message }) => message, onRight: (name) => name })
  assert.is(known({}), "exact")
  assert.is(known({ evaluator: "train" }), "functional")
  assert.is(known({ evaluator: "train", identity: "exact" }), "exact")
  assert.is(known({ evaluator: "supernet" }), "exact")
  assert.is(known({ quotient: true }), "functional")
  assert.match(known({ evaluator: "supernet", identity: "functional" }), "leave out `identity`")
  assert.match(known({ evaluator: "supernet", quotient: true }), "leave out `quotient`")
  assert.match(known({ quotient: true, identity: "exact" }), '`quotient` needs the `identity` "functional"')
  assert.match(known({ identity: "official" }, SMALL.space), "needs a space like NAS-Bench-201")
})

plan("the official identity needs a space like NAS-Bench-201, simulated seconds a cost", () => {
  const official = planSearch(settingsOf({ identity: "official" }), SMALL.space, { tables: [SMALL.table] })
  assert.ok(Either.isLeft(official))
  const { cost: _, ...free } = settingsOf({ simulatedSeconds: 5 })
  assert.ok(Either.isLeft(planSearch(free as SearchSettings, SMALL.space, { tables: [SMALL.table] })))
})

plan("a search without a budget takes 100 samples, an exhaustive one all", () => {
  const budgetOf = (given: Parameters<typeof settingsOf>[0]) =>
    Either.getOrThrow(planSearch(settingsOf(given), SMALL.space, { tables: [SMALL.table] })).budget
  assert.equal(budgetOf({}), { samples: 100 })
  assert.equal(budgetOf({ algorithm: "exhaustive" }), {})
})

plan("a reported score is no validation loss, says the compiler", () => {
  // @ts-expect-error: a searcher can be shown no reported score
  const loss: ValidationLoss = ReportedScore(1)
  assert.is(loss, 1)
})

plan.run()
