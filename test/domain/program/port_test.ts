import * as Either from "effect/Either"
import { suite } from "uvu"
import * as assert from "uvu/assert"
import { buildProgram } from "../../../src/domain/program/builder.ts"
import { fullName, ofRole, portOf } from "../../../src/domain/program/port.ts"
import { simplify } from "../../../src/domain/program/rewrite.ts"

const WEIGHT = { role: "parameter", name: "stem.weight" } as const
const program = Either.getOrThrow(
  buildProgram((b) => {
    const [x, weight] = [b.input("x", [2]), b.input(WEIGHT, [2])]
    b.output("loss", b.sum(b.times(x, weight), [0]))
    b.output("param/stem.weight", b.minus(weight, x))
  })
)

const test = suite("the signature of a program")

test("has roles, and the full names that files have", () => {
  for (const { inputs, outputs } of [program, simplify(program)]) {
    assert.equal([...inputs.keys()].sort(), ["param/stem.weight", "x"])
    assert.equal(ofRole(inputs, "parameter").map(fullName), ["param/stem.weight"])
    assert.equal(
      ofRole(inputs, "parameter", "batch")
        .map(({ name, shape }) => [name, shape])
        .sort(),
      [
        ["stem.weight", [2]],
        ["x", [2]]
      ]
    )
    assert.is(portOf(outputs, WEIGHT).role, "parameter")
    assert.is(portOf(outputs, "loss").role, "result")
  }
})

test("an input keeps its role, whatever asks for it again", () => {
  const made = buildProgram((b) => {
    b.input(WEIGHT, [2])
    b.input("param/stem.weight", [2])
    b.input({ role: "state", name: "param/stem.weight" }, [2])
  })
  assert.match(Either.isLeft(made) ? made.left.message : "", /"param\/stem.weight" has the role "parameter" already/)
})

test("a port that is not there is named beside those that are", () => {
  assert.throws(() => portOf(program.inputs, "y"), /Cannot find "y" among x, param\/stem.weight/)
})

test.run()
