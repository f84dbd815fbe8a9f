import * as FastCheck from "@effect/schema/FastCheck"
import { suite } from "uvu"
import * as assert from "uvu/assert"
import { arbitraryArchitecture } from "../../src/domain/architecture/arbitrary.ts"
import { builtinSpace, SPACE_NAMES } from "../../src/domain/space/spaces.ts"
import { readArchitecture, readable, readSpace } from "../../src/library/readable.ts"

const test = suite("readSpace(), readArchitecture()")

const DEFINITION = { name: "mine", decisions: [{ name: "depth", choices: ["2", "4"] }] }

test("reads a definition, and its text", () => {
  assert.equal(readSpace(DEFINITION), readSpace(JSON.stringify(DEFINITION)))
})

test("an error prints what is wrong, where", () => {
  const twice = { ...DEFINITION, decisions: [...DEFINITION.decisions, ...DEFINITION.decisions] }
  for (const [definition, told] of [
    ["{", 'Cannot use space "its definition": it is not JSON'],
    [{ name: "mine" }, "Cannot use space"],
    [3, "Cannot use space"],
    [twice, 'Cannot use space "mine": a second decision named "depth" at decisions[1]']
  ] as const) {
    assert.throws(
      () => readSpace(definition),
      (error: Error) => String(error.message).startsWith(told)
    )
  }
  assert.throws(() => readArchitecture(readSpace(DEFINITION), "9"), /Cannot read architecture "9": the digit 9 is too/)
})

test("an architecture's text reads back, and its choices are those of the space", () => {
  for (const name of SPACE_NAMES) {
    const space = builtinSpace(name)
    const check = FastCheck.property(arbitraryArchitecture(space), (architecture) => {
      const shown = readable(space, architecture)
      assert.equal(readArchitecture(space, shown.text), shown)
      assert.is(Object.keys(shown.choices).length, space.decisions.length)
    })
    FastCheck.assert(check, { seed: 5, numRuns: 20 })
  }
})

test.run()
