import * as FastCheck from "@effect/schema/FastCheck"
import * as Either from "effect/Either"
import { suite } from "uvu"
import * as assert from "uvu/assert"
import { architectureKey } from "../../../src/domain/architecture/architecture.ts"
import { identifier } from "../../../src/domain/architecture/identity.ts"
import { makeBall, neighbors } from "../../../src/domain/neighborhood/ball.ts"
import { aggregate } from "../../../src/domain/objective/aggregate.ts"
import { AGGREGATE_TEXTS, parseAggregate } from "../../../src/domain/objective/aggregate_text.ts"
import type { Objective } from "../../../src/domain/objective/objective.ts"
import { objectiveOfAll } from "../../../src/domain/objective/objective_of_all.ts"
import { prepareObjective } from "../../../src/domain/objective/targets.ts"
import { makeTable } from "../../../src/domain/table/table.ts"
import { AROUND, SMALL } from "../../effects/programs/_searches.ts"

const { space } = SMALL
const objective: Objective = AROUND

/** Some architectures in any order. */
const lists = FastCheck.shuffledSubarray([...SMALL.table.architectures], { minLength: 1 })

const test = suite("objectiveOfAll()")

test("follows the rows of a table in any order and with gaps, swept or row by row", () => {
  const check = FastCheck.property(lists, FastCheck.integer({ min: 1, max: 2 }), (list, radius) => {
    const rows = list.map((one) => [architectureKey(one)])
    const table = Either.getOrThrow(makeTable(space, { name: "t", identity: "t", header: ["code"], rows }))
    const losses = Float64Array.from(list, (_, row) => (row * 7) % 13)
    const inTable = (one: ReadonlyArray<number>) => table.rowOf(one) >= 0
    const prepare = (changes: object) =>
      prepareObjective(space, { ...objective, radius, ...changes }, identifier(space, "exact"), inTable)
    const expected = list.map((one, row) => {
      const around = [...neighbors(makeBall(space, { radius }), one)].filter(inTable)
      return aggregate({ _tag: "Mean" }, [losses[row]!, ...around.map((other) => losses[table.rowOf(other)]!)])
    })
    assert.equal([...objectiveOfAll(prepare({}), table, losses)], expected)
    assert.equal([...objectiveOfAll(prepare({ neighbors: 99 }), table, losses)], expected)
  })
  FastCheck.assert(check, { seed: 95, numRuns: 60 })
})

test("no objective falls when a loss rises, whatever the aggregate", () => {
  const { table, losses } = SMALL
  const aggregates = AGGREGATE_TEXTS.map((text) => Either.getOrThrow(parseAggregate(text)))
  const check = FastCheck.property(
    FastCheck.constantFrom(...aggregates),
    FastCheck.constantFrom("all" as const, 6),
    FastCheck.nat(losses.length - 1),
    FastCheck.double({ min: 0, max: 20, noNaN: true }),
    (how, count, row, rise) => {
      const prepared = prepareObjective(
        SMALL.space,
        { ...AROUND, aggregate: how, neighbors: count },
        identifier(SMALL.space, "exact"),
        () => true
      )
      const before = objectiveOfAll(prepared, table, losses)
      const after = objectiveOfAll(prepared, table, losses.with(row, losses[row]! + rise))
      assert.ok(
        after.every((loss, i) => loss >= before[i]! - 1e-9),
        `${how._tag}, row ${row} by ${rise}`
      )
    }
  )
  FastCheck.assert(check, { seed: 96, numRuns: 60 })
})

test("of the own score is the losses themselves", () => {
  const { table, losses } = SMALL
  const own = prepareObjective(space, { _tag: "Own" }, identifier(space, "exact"), () => true)
  assert.equal(objectiveOfAll(own, table, losses), losses)
})

test.run()
