import * as FastCheck from "@effect/schema/FastCheck"
import * as Either from "effect/Either"
import { suite } from "uvu"
import * as assert from "uvu/assert"
import { isMember, spaceSize } from "../../../src/domain/architecture/membership.ts"
import { architectureAt, isEnumerable, ordinalOf } from "../../../src/domain/architecture/ordinal.ts"
import { relaxedRows } from "../../../src/domain/architecture/relaxed.ts"
import { makeSpace } from "../../../src/domain/space/make_space.ts"
import type { SpaceDefinition } from "../../../src/domain/space/space.ts"
import { builtinSpace, SPACE_NAMES } from "../../../src/domain/space/spaces.ts"
import { combinations, decisionSpaces, genotypeSpaces } from "../../_arbitrary.ts"

const builtin = suite("builtinSpace()")

builtin("NAS-Bench-201 has 6 edges of 5 operations in its own order", () => {
  const space = builtinSpace("nas-bench-201")
  assert.is(spaceSize(space), 15625)
  assert.equal(
    space.decisions.map((decision) => decision.name),
    ["0->1", "0->2", "1->2", "0->3", "1->3", "2->3"]
  )
})

builtin("DARTS has 28 edges of 8 operations, and genotypes of 16 operations of 7 and 16 inputs", () => {
  const space = builtinSpace("darts")
  assert.equal(
    relaxedRows(space).map((row) => row.length),
    new Array(28).fill(8)
  )
  const operations = space.decisions.filter((decision) => decision.kind === "operation")
  assert.equal(
    operations.map((decision) => decision.choices.length),
    new Array(16).fill(7)
  )
  assert.not.ok(operations.some((decision) => decision.choices.includes("none")))
  const inputs = space.decisions
    .filter((decision) => decision.kind === "input")
    .map((decision) => decision.choices.length)
  assert.equal(inputs, [2, 2, 3, 3, 4, 4, 5, 5, 2, 2, 3, 3, 4, 4, 5, 5])
  assert.is(spaceSize(space), (7 ** 8 * 2 * 6 * 12 * 20) ** 2)
})

builtin("S1 offers two operations an edge, others in the reduction cell; S2, S3 and S4 what their paper says", () => {
  const rows = relaxedRows(builtinSpace("s1"))
  assert.ok(rows.every((row) => row.length === 2))
  assert.equal(rows[5], ["max_pool_3x3", "skip_connect"])
  assert.equal(rows[14 + 6], ["max_pool_3x3", "sep_conv_3x3"])
  assert.equal(relaxedRows(builtinSpace("s2"))[0], ["skip_connect", "sep_conv_3x3"])
  assert.equal(relaxedRows(builtinSpace("s3"))[27], ["none", "skip_connect", "sep_conv_3x3"])
  assert.equal(relaxedRows(builtinSpace("s4"))[13], ["noise", "sep_conv_3x3"])
})

builtin("all can be made", () => {
  for (const name of SPACE_NAMES) assert.is(builtinSpace(name).name, name)
})

builtin.run()

const make = suite("makeSpace()")

const edge = (from: number, to: number, ...operations: ReadonlyArray<string>) => ({ from, to, operations })
const cell = (...edges: ReadonlyArray<ReturnType<typeof edge>>) => ({
  version: 1 as const,
  name: "s",
  cells: [
    { name: "c", inputs: 1, nodes: 2, edges, combine: "sum" as const, output: "last" as const, stride: 1 as const }
  ],
  reading: { _tag: "EveryEdge" as const }
})
const sound = [edge(0, 1, "a", "b"), edge(1, 2, "a", "b")]

const faults: ReadonlyArray<readonly [string, SpaceDefinition, string, string]> = [
  [
    "an operation whose name no text form could hold",
    cell(edge(0, 1, "a|b"), edge(0, 2, "a")),
    "cells[0].edges[0]",
    '"a|b"'
  ],
  ["an edge that points backward", cell(edge(1, 1, "a"), edge(0, 2, "a")), "cells[0].edges[0]", "forward"],
  ["an edge to a node that does not exist", cell(...sound, edge(0, 3, "a")), "cells[0].edges[2]", "last node is 2"],
  ["a second edge", cell(...sound, edge(0, 1, "a")), "cells[0].edges[2]", "second edge"],
  ["an operation twice", cell(edge(0, 1, "a", "a"), edge(0, 2, "a")), "cells[0].edges[0]", '"a" appears twice'],
  ["a node without an input", cell(edge(0, 1, "a")), "cells[0]", "node 2"],
  [
    "an edge into an input",
    { ...cell(...sound), cells: [{ ...cell(...sound).cells[0]!, inputs: 2 }] },
    "cells[0].edges[0]",
    "input"
  ],
  [
    "two cells of one name",
    { ...cell(...sound), cells: [cell(...sound).cells[0]!, cell(...sound).cells[0]!] },
    "cells",
    "second cell"
  ],
  [
    "fewer edges than are kept",
    { ...cell(...sound), reading: { _tag: "StrongestEdges", perNode: 2, exclude: [] } },
    "cells[0]",
    "needs 2"
  ],
  [
    "a slot without an operation",
    {
      ...cell(edge(0, 1, "none"), edge(0, 2, "none")),
      reading: { _tag: "StrongestEdges", perNode: 1, exclude: ["none"] }
    },
    'decision "1.0"',
    "no operation"
  ],
  [
    "a decision twice",
    {
      version: 1,
      name: "s",
      decisions: [
        { name: "d", choices: ["x"] },
        { name: "d", choices: ["x"] }
      ]
    },
    "decisions[1]",
    "second"
  ],
  ["a choice twice", { version: 1, name: "s", decisions: [{ name: "d", choices: ["x", "x"] }] }, "decisions[0]", '"x"'],
  [
    "too many choices for a digit",
    { version: 1, name: "s", decisions: [{ name: "d", choices: Array.from({ length: 37 }, (_, i) => `${i}`) }] },
    "decisions[0]",
    "36"
  ]
]
for (const [name, definition, path, problem] of faults) {
  make(`refuses ${name} and names the place`, () => {
    const made = makeSpace(definition)
    assert.ok(Either.isLeft(made))
    assert.is(made.left.path, path)
    assert.match(made.left.message, problem)
  })
}

make.run()

const sizes = suite("spaceSize(), isMember(), ordinalOf()")

sizes("the size is the number of members, counted one by one", () => {
  FastCheck.assert(
    FastCheck.property(FastCheck.oneof(decisionSpaces, genotypeSpaces), (space) => {
      let members = 0
      for (const one of combinations(space)) if (isMember(space, one)) members++
      return members === spaceSize(space)
    }),
    { seed: 3, numRuns: 40 }
  )
})

sizes("ordinals number the members from 0 and give them back", () => {
  FastCheck.assert(
    FastCheck.property(decisionSpaces, (space) => {
      const all = [...combinations(space)]
      return (
        isEnumerable(space) &&
        all.every((one, i) => ordinalOf(space, one) === i && String(architectureAt(space, i)) === String(one))
      )
    }),
    { seed: 4, numRuns: 40 }
  )
})

sizes("members have one index in range per decision", () => {
  const space = builtinSpace("nas-bench-201")
  assert.ok(isMember(space, [0, 1, 2, 3, 4, 0]))
  for (const wrong of [
    [0, 1, 2, 3, 4],
    [0, 1, 2, 3, 4, 5],
    [0, 1, 2, 3, 4, -1],
    [0, 1, 2, 3, 4, 0.5],
    [0, 0, 0, 0, 0, 0, 0]
  ]) {
    assert.not.ok(isMember(space, wrong))
  }
})

sizes.run()
