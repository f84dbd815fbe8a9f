import * as FastCheck from "@effect/schema/FastCheck"
import * as Either from "effect/Either"
import { suite } from "uvu"
import * as assert from "uvu/assert"
import { isMember } from "../../../src/domain/architecture/membership.ts"
import { readOff, relaxedRows } from "../../../src/domain/architecture/relaxed.ts"
import { makeSpace } from "../../../src/domain/space/make_space.ts"
import { slots } from "../../../src/domain/space/slots.ts"
import type { Space } from "../../../src/domain/space/space.ts"
import { builtinSpace, SPACE_NAMES } from "../../../src/domain/space/spaces.ts"
import { combinations, decisionSpaces, genotypeSpaces } from "../../_arbitrary.ts"
import { oneHot } from "../../_relaxed.ts"

/** Rows of a space from a stream of weights, some of them equal. */
function rows(space: Space, weights: Iterator<number>): ReadonlyArray<ReadonlyArray<number>> {
  return relaxedRows(space).map((row) => row.map(() => Number(weights.next().value)))
}

const weights = FastCheck.infiniteStream(FastCheck.nat(5).map((weight) => weight / 5))

const test = suite("readOff()")

test("is a member of any space, whatever the rows", () => {
  const builtin = FastCheck.constantFrom(...SPACE_NAMES.map(builtinSpace))
  const check = FastCheck.property(FastCheck.oneof(decisionSpaces, genotypeSpaces, builtin), weights, (space, stream) =>
    isMember(space, readOff(space, rows(space, stream)))
  )
  FastCheck.assert(check, { seed: 33, numRuns: 200 })
})

test("one-hot rows of a decision space are read off as its architecture", () => {
  const check = FastCheck.property(decisionSpaces, (space) => {
    for (const one of combinations(space)) assert.equal(readOff(space, oneHot(space, one)), one)
  })
  FastCheck.assert(check, { seed: 34, numRuns: 20 })
})

test("no edge that is left out is stronger than one that is kept", () => {
  const darts = builtinSpace("darts")
  const check = FastCheck.property(weights, (stream) => {
    const relaxed = rows(darts, stream)
    const read = readOff(darts, relaxed)
    for (const [c, cell] of darts.cells.entries()) {
      for (let node = 2; node < 6; node++) {
        const strengths = cell.edges.flatMap((edge, e) =>
          edge.to === node ? [{ from: `${edge.from}`, strength: Math.max(...relaxed[14 * c + e]!.slice(1)) }] : []
        )
        const kept = slots(darts)
          .filter((slot) => slot.cell === cell && slot.node === node)
          .map((slot) => darts.decisions[slot.input]!.choices[read[slot.input]!]!)
        const weakest = Math.min(...strengths.filter(({ from }) => kept.includes(from)).map((edge) => edge.strength))
        assert.ok(strengths.every(({ from, strength }) => kept.includes(from) || strength <= weakest))
        assert.equal(kept, [...kept].sort())
      }
    }
  })
  FastCheck.assert(check, { seed: 35, numRuns: 100 })
})

test("an edge that offers nothing but excluded operations is never kept", () => {
  const pairs = [2, 3].flatMap((to) => Array.from({ length: to }, (_, from) => ({ from, to })))
  const edges = pairs.map((pair, i) => ({ ...pair, operations: i === 2 ? ["none"] : ["none", "skip_connect"] }))
  const cell = { name: "c", inputs: 2, nodes: 2, edges, combine: "sum", output: "concatenate", stride: 1 } as const
  const reading = { _tag: "StrongestEdges", perNode: 2, exclude: ["none"] } as const
  const space = Either.getOrThrow(makeSpace({ version: 1, name: "s", cells: [cell], reading }))
  const read = readOff(
    space,
    edges.map(({ operations }) => operations.map((name) => (name === "none" ? 1 : 0)))
  )
  assert.ok(isMember(space, read))
  assert.equal([read[5], read[7]], [1, 2])
})

test.run()
