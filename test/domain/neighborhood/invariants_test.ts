import * as FastCheck from "@effect/schema/FastCheck"
import { suite } from "uvu"
import * as assert from "uvu/assert"
import { spaceInvariants } from "../../../src/domain/neighborhood/invariants.ts"
import type { Space } from "../../../src/domain/space/space.ts"
import { builtinSpace } from "../../../src/domain/space/spaces.ts"
import { decisionSpaces, genotypeSpaces } from "../../_arbitrary.ts"

const cells = builtinSpace("nas-bench-201")
const failed = (space: Space) =>
  spaceInvariants(space)
    .filter(({ property }) => FastCheck.check(property, { numRuns: 60, seed: 50 }).failed)
    .map(({ name }) => name)

const test = suite("spaceInvariants()")

test("hold for spaces that are made at random", () => {
  const check = FastCheck.property(FastCheck.oneof(decisionSpaces, genotypeSpaces), (space) => {
    assert.equal(failed(space), [])
  })
  FastCheck.assert(check, { seed: 51, numRuns: 15 })
})

test("have names that tell them apart", () => {
  const names = spaceInvariants(cells).map(({ name }) => name)
  assert.is(new Set(names).size, names.length)
})

const [first, ...rest] = cells.decisions
const broken: ReadonlyArray<readonly [string, Space, string]> = [
  ["two decisions of one name", { ...cells, decisions: [{ ...first!, name: "0->2" }, ...rest] }, "printed as json"],
  [
    "a choice that stands twice",
    { ...cells, cells: [], decisions: [{ ...first!, choices: ["a", "b", "a"] }] },
    "printed as json"
  ],
  [
    "more choices than a digit of a key has",
    { ...cells, cells: [], decisions: [{ ...first!, choices: Array.from({ length: 99 }, (_, i) => `${i}`) }] },
    "a key gives"
  ]
]
for (const [name, space, claim] of broken) {
  test(`${name} breaks an invariant`, () => {
    assert.ok(
      failed(space).some((one) => one.includes(claim)),
      String(failed(space))
    )
  })
}

test("a property that is fed a wrong claim reports its failure", () => {
  const wrong = FastCheck.property(FastCheck.nat(), (n) => n < 0)
  assert.ok(FastCheck.check(wrong, { seed: 52 }).failed)
})

test.run()
