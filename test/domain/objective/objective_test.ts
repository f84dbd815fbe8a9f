import * as Schema from "@effect/schema/Schema"
import * as Either from "effect/Either"
import { suite } from "uvu"
import * as assert from "uvu/assert"
import { Objective } from "../../../src/domain/objective/objective.ts"

const decode = Schema.decodeUnknownEither(Objective)
const whole = {
  _tag: "Neighborhood",
  aggregate: { _tag: "Cvar", fraction: 0.25 },
  neighbors: 4,
  radius: 1,
  center: true,
  moveInputs: false,
  quotient: false,
  constrainNeighbors: false
}

const test = suite("Objective")

test("takes the own score, and any number of neighbors from none to all", () => {
  assert.ok(Either.isRight(decode({ _tag: "Own" })))
  for (const neighbors of [0, 1, 24, "all"]) assert.ok(Either.isRight(decode({ ...whole, neighbors })), `${neighbors}`)
})

for (const wrong of [
  { neighbors: -1 },
  { neighbors: 1.5 },
  { neighbors: "some" },
  { radius: 0 },
  { center: "yes" },
  { aggregate: { _tag: "Cvar", fraction: 0 } },
  { aggregate: { _tag: "LogSumExp", temperature: 0 } }
]) {
  test(`refuses ${JSON.stringify(wrong)}`, () => {
    assert.ok(Either.isLeft(decode({ ...whole, ...wrong })))
  })
}

test.run()
