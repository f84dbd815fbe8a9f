import * as FastCheck from "@effect/schema/FastCheck"
import * as Either from "effect/Either"
import { suite } from "uvu"
import * as assert from "uvu/assert"
import { arbitraryArchitecture } from "../../../src/domain/architecture/arbitrary.ts"
import { drawCandidate, spaceCandidates } from "../../../src/domain/architecture/candidates.ts"
import { isMember, spaceSize } from "../../../src/domain/architecture/membership.ts"
import { makeSpace } from "../../../src/domain/space/make_space.ts"
import type { SpaceDefinition } from "../../../src/domain/space/space.ts"
import { combinations } from "../../_arbitrary.ts"

const OPERATIONS = ["none", "skip_connect", "sep_conv_3x3"]

/** Definitions of one cell with nodes 2 and 3, both edges of which may offer nothing but `none`. */
const definitions: FastCheck.Arbitrary<SpaceDefinition> = FastCheck.tuple(
  FastCheck.array(FastCheck.subarray(OPERATIONS, { minLength: 1 }), { minLength: 5, maxLength: 5 }),
  FastCheck.integer({ min: 1, max: 2 })
).map(([candidates, perNode]) => ({
  version: 1,
  name: "any",
  cells: [
    {
      name: "cell",
      inputs: 2,
      nodes: 2,
      edges: [2, 3]
        .flatMap((to) => Array.from({ length: to }, (_, from) => ({ from, to })))
        .map((pair, i) => ({ ...pair, operations: candidates[i]! })),
      combine: "sum",
      output: "concatenate",
      stride: 1
    }
  ],
  reading: { _tag: "StrongestEdges", perNode, exclude: ["none"] }
}))

const test = suite("makeSpace()")

test("a space that is made has a member, found by counting, drawing and generating alike", () => {
  let refused = 0
  const check = FastCheck.property(definitions, FastCheck.string(), (definition, seed) => {
    const made = makeSpace(definition)
    if (Either.isLeft(made)) {
      refused += 1
      return
    }
    const space = made.right
    const members = [...combinations(space)].filter((one) => isMember(space, one))
    assert.is(spaceSize(space), members.length)
    assert.ok(members.length > 0)
    assert.ok(isMember(space, drawCandidate(spaceCandidates(space), seed)!))
    assert.ok(FastCheck.sample(arbitraryArchitecture(space), { numRuns: 5, seed: 1 }).every((a) => isMember(space, a)))
  })
  FastCheck.assert(check, { seed: 32, numRuns: 100 })
  assert.ok(refused > 5 && refused < 95, `${refused} refused`)
})

test("a node whose edges offer too few operations to keep is refused at its cell", () => {
  const edges = [
    { from: 0, to: 2, operations: ["skip_connect"] },
    { from: 1, to: 2, operations: ["none"] }
  ]
  const cell = { name: "c", inputs: 2, nodes: 1, edges, combine: "sum", output: "last", stride: 1 } as const
  const reading = { _tag: "StrongestEdges", perNode: 2, exclude: ["none"] } as const
  const made = makeSpace({ version: 1, name: "s", cells: [{ ...cell, edges: [...edges] }], reading })
  assert.ok(Either.isLeft(made))
  assert.is(made.left.path, "cells[0]")
  assert.match(made.left.message, "node 2 has 1 edges with an operation to keep and needs 2")
})

test("an error is one line, whatever the names of the definition", () => {
  const choices = ["x\ny", "x\ny"]
  const made = makeSpace({ version: 1, name: "a\r\nb", decisions: [{ name: "d", choices }] })
  assert.ok(Either.isLeft(made))
  assert.not.match(made.left.message, /[\r\n]/)
})

test.run()
