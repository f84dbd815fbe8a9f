import * as Schema from "@effect/schema/Schema"
import * as Either from "effect/Either"
import { suite } from "uvu"
import * as assert from "uvu/assert"
import { GradientRunSettings, methodOf } from "../../../src/domain/darts/run_settings.ts"

const test = suite("methodOf()")

const stopOf = (given: object) => Either.getOrThrow(methodOf(Schema.decodeUnknownSync(GradientRunSettings)(given))).stop
const RULE = { window: 5, ratio: 0.75, floor: 0.1 }

test("where nobody says, the stop rule holds with neighbors and not without", () => {
  assert.equal(stopOf({}), RULE)
  assert.equal(stopOf({ algorithm: "na-darts", neighbors: "all" }), RULE)
  for (const without of [{ neighbors: 0 }, { method: { neighbors: 0 } }, { algorithm: "darts" }, { algorithm: "a2m" }])
    assert.is(stopOf(without), undefined)
})

test("a stop rule that is given holds, whatever the method", () => {
  assert.is(stopOf({ stopRule: false }), undefined)
  assert.equal(stopOf({ algorithm: "darts", stopRule: true }), RULE)
  assert.equal(stopOf({ method: { stop: { window: 3 } } }), { window: 3, ratio: 0.75, floor: 0.1 })
})

test("an epoch that is asked for takes the place of the rule", () => {
  const method = (given: object) => methodOf(Schema.decodeUnknownSync(GradientRunSettings)(given))
  for (const given of [{ readEpoch: 5 }, { method: { readEpoch: 5 } }]) {
    const made = Either.getOrThrow(method(given))
    assert.equal([made.readEpoch, made.stop], [5, undefined])
    const both = method({ ...given, stopRule: true })
    assert.ok(Either.isLeft(both) && both.left.message.includes("leave `stopRule` out"))
  }
})

test("what may be read off and what a neighbor may change to are two settings", () => {
  const made = (given: object) => {
    const method = Either.getOrThrow(methodOf(Schema.decodeUnknownSync(GradientRunSettings)(given)))
    return [method.readNone, method._tag === "NaDarts" ? method.neighborNone : undefined]
  }
  assert.equal(made({}), [true, true])
  assert.equal(made({ readNone: false }), [false, true])
  assert.equal(made({ neighborNone: false }), [true, false])
  assert.equal(made({ algorithm: "darts", readNone: false }), [false, undefined])
})

for (const [given, problem] of [
  [
    { representation: "mix:2" },
    "`representation`.rho of na-darts: Expected a number less than or equal to 1, actual 2"
  ],
  [{ representation: "turn" }, "`representation`: Expected shift, swap, hard or mix:0.5"],
  [{ method: { stop: { window: 0 } } }, "stop.window of na-darts: Expected a positive number, actual 0"],
  [{ algorithm: "darts", neighbors: 2 }, "`neighbors` of darts: there is no such setting"],
  [{ algorithm: "darts", neighborNone: false }, "`neighborNone` of darts: there is no such setting"],
  [{ method: { none: false } }, "none of na-darts: it is now readNone and neighborNone"],
  [{ algorithm: "gdas", method: { nonsense: 1 } }, "nonsense of gdas: there is no such setting"]
] as const)
  test(`what is wrong is told with its place: ${problem}`, () => {
    const made = methodOf(Schema.decodeUnknownSync(GradientRunSettings)(given))
    assert.ok(Either.isLeft(made) && made.left.message.includes(problem), JSON.stringify(made))
  })

test.run()
