import * as Either from "effect/Either"
import { suite } from "uvu"
import * as assert from "uvu/assert"
import type { Method } from "../../../src/domain/darts/method.ts"
import { a2m } from "../../../src/domain/darts/methods/a2m.ts"
import { darts } from "../../../src/domain/darts/methods/darts.ts"
import { METHODS, methodNamed } from "../../../src/domain/darts/methods/methods.ts"
import { naDarts } from "../../../src/domain/darts/methods/na_darts.ts"
import { dartsRun, encodeDartsRun, searchFields } from "../../../src/domain/darts/run_settings.ts"
import { ruleOf } from "../../../src/domain/darts/step_plan.ts"
import type { Given } from "../../../src/domain/setting/field.ts"

const test = suite("dartsRun()")

const runOf = (method: Method, given: Given = {}) => Either.getOrThrow(dartsRun(method, given))
const RULE = { window: 5, ratio: 0.75, floor: 0.1 }

test("where nobody says, the stop rule holds with neighbors and not without", () => {
  assert.equal(ruleOf(runOf(naDarts)), RULE)
  assert.equal(ruleOf(runOf(naDarts, { neighbors: "all" })), RULE)
  for (const run of [runOf(naDarts, { neighbors: "0" }), runOf(darts), runOf(a2m)]) assert.is(ruleOf(run), undefined)
})

test("a stop rule that is given holds, whatever the method", () => {
  assert.is(ruleOf(runOf(naDarts, { stopRule: false })), undefined)
  assert.equal(ruleOf(runOf(darts, { stopRule: "yes", stopWindow: "3" })), { ...RULE, window: 3 })
})

test("an epoch that is asked for takes the place of the rule", () => {
  const run = runOf(naDarts, { readEpoch: 5 })
  assert.equal([run.settings.readEpoch, ruleOf(run)], [5, undefined])
})

test("what is given goes before the protocol, and the protocol before the defaults", () => {
  const { settings } = runOf(darts, { batchSize: "16" })
  assert.equal([settings.epochs, settings.batchSize, settings.alphaLearningRate], [5, 16, 0.02])
  assert.is(runOf(darts, { protocol: "darts" }).settings.epochs, 50)
})

test("the JSON of a run reads back as the run, whatever the method", () => {
  for (const method of METHODS) {
    const run = runOf(method, { seed: "7", stopRule: true, imageSize: 8 })
    assert.equal(runOf(method, JSON.parse(JSON.stringify(encodeDartsRun(run)))), run)
  }
  const given = { representation: "mix:0.3", aggregate: "cvar:0.5", radius: "1:3", neighbors: "all" }
  const run = runOf(naDarts, given)
  assert.equal(runOf(naDarts, encodeDartsRun(run)), run)
  for (const [name, value] of Object.entries(given)) assert.is(encodeDartsRun(run)[name], value)
})

test("a method is found by its name, and no two share one; no name of a setting means two things", () => {
  for (const method of METHODS) assert.is(methodNamed(method.name), method)
  assert.is(methodNamed("nonsense"), undefined)
  const common = Object.keys(searchFields({ ...darts, fields: {} }))
  for (const { name, fields } of METHODS)
    assert.equal(
      Object.keys(fields).filter((one) => common.includes(one)),
      [],
      name
    )
})

test("help says each setting in at most 60 characters", () => {
  for (const method of METHODS)
    for (const [name, { doc }] of Object.entries(searchFields(method))) assert.ok(doc.length <= 60, `${name}: ${doc}`)
})

for (const [method, given, problem] of [
  [naDarts, { representation: "mix:2" }, "`representation`: expected shift, swap, hard or mix:0.5"],
  [naDarts, { representation: "turn" }, "`representation`: expected shift, swap, hard or mix:0.5"],
  [naDarts, { aggregate: "most" }, '`aggregate`: "most" is'],
  [naDarts, { stopWindow: 0 }, "`stopWindow`: expected a whole number above 0, not 0"],
  [darts, { neighbors: 2, neighborNone: false }, "`neighbors`: is no setting of darts; `neighborNone`: is no"],
  [darts, { protocol: "slow" }, "`protocol`: expected quick, darts, nas-bench-201"]
] as const)
  test(`what is wrong is told with its setting: ${problem}`, () => {
    const made = dartsRun(method, given)
    assert.ok(Either.isLeft(made) && made.left.message.includes(problem), JSON.stringify(made))
  })

test.run()
