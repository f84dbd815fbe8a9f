import { suite } from "uvu"
import * as assert from "uvu/assert"
import { aligned, table } from "../../src/report/aligned.ts"

const test = suite("aligned(), table()")

test("cells end or begin at their columns, whatever is beside them", () => {
  assert.is(aligned([4, 5, -2, -4, 3], ["1", "2.5", "", "-", "9"]), "   1  2.5  -     9")
  assert.is(aligned([2, 2], ["long", "x"]), "long x")
  assert.is(aligned([-3, -3], ["a", ""]), "a")
})

test("the values of a table stand below each other", () => {
  assert.equal(
    table([
      ["a", "1"],
      ["longer", "2"]
    ]),
    ["  a       1", "  longer  2"]
  )
})

test.run()
