import * as FastCheck from "@effect/schema/FastCheck"
import { suite } from "uvu"
import * as assert from "uvu/assert"
import {
  allRelaxedNeighbors,
  drawRelaxedNeighbors,
  relaxedNeighborCount
} from "../../../src/domain/neighborhood/relaxed_neighbors.ts"
import { type RelaxedShape, relaxedShape, rowsOf } from "../../../src/domain/neighborhood/relaxed_shape.ts"
import { builtinSpace } from "../../../src/domain/space/spaces.ts"
import { decisionSpaces, genotypeSpaces } from "../../_arbitrary.ts"

const shapes = FastCheck.oneof(decisionSpaces, genotypeSpaces).map(relaxedShape)
const radii = FastCheck.integer({ min: 1, max: 3 })
const text = (neighbor: unknown) => JSON.stringify(neighbor)
const movable = (shape: RelaxedShape, none: boolean) =>
  rowsOf(shape).filter((row) => row.filter((operation) => none || operation !== "none").length > 1).length

const counts = suite("relaxedNeighborCount()")

counts("is the published size of each neighborhood", () => {
  const cell = relaxedShape(builtinSpace("nas-bench-201"))
  const sizes = [1, 2, 3, 4, 5, 6].map((radius) => relaxedNeighborCount(cell, { radius, none: true }))
  assert.equal(sizes, [24, 240, 1280, 3840, 6144, 4096])
  assert.is(relaxedNeighborCount(relaxedShape(builtinSpace("darts")), { radius: 1, none: true }), 196)
  assert.is(relaxedNeighborCount(relaxedShape(builtinSpace("darts")), { radius: 1, none: false }), 168)
  assert.is(relaxedNeighborCount(cell, { radius: 9, none: true }), 4096)
})

counts.run()

const all = suite("allRelaxedNeighbors()")

all("are as many as counted, distinct, each a change of exactly radius edges to an operation that is there", () => {
  const check = FastCheck.property(shapes, radii, FastCheck.boolean(), (shape, radius, none) => {
    const neighbors = [...allRelaxedNeighbors(shape, { radius, none })]
    assert.is(neighbors.length, relaxedNeighborCount(shape, { radius, none }))
    assert.is(new Set(neighbors.map(text)).size, neighbors.length)
    for (const neighbor of neighbors) {
      assert.is(neighbor.length, Math.min(radius, movable(shape, none)))
      for (const [i, { edge, shift }] of neighbor.entries()) {
        const operations = rowsOf(shape)[edge]!.filter((operation) => none || operation !== "none")
        assert.ok(shift >= 1 && shift < operations.length)
        assert.ok(i === 0 || edge > neighbor[i - 1]!.edge)
      }
    }
  })
  FastCheck.assert(check, { seed: 51, numRuns: 60 })
})

all.run()

const draws = suite("drawRelaxedNeighbors()")

draws("are distinct members of the neighborhood, as many as asked for, and the same for the same seed", () => {
  const check = FastCheck.property(
    shapes,
    radii,
    FastCheck.integer({ min: 0, max: 12 }),
    FastCheck.string(),
    (shape, radius, count, seed) => {
      const members = new Set([...allRelaxedNeighbors(shape, { radius, none: true })].map(text))
      const drawn = drawRelaxedNeighbors(shape, { radius, none: true }, count, seed).map(text)
      assert.is(drawn.length, Math.min(count, members.size))
      assert.is(new Set(drawn).size, drawn.length)
      assert.ok(drawn.every((neighbor) => members.has(neighbor)))
      assert.equal(drawRelaxedNeighbors(shape, { radius, none: true }, count, seed).map(text), drawn)
    }
  )
  FastCheck.assert(check, { seed: 52, numRuns: 100 })
})

draws("all of them is the whole neighborhood, whether by name or by number", () => {
  const shape = relaxedShape(builtinSpace("nas-bench-201"))
  const whole = [...allRelaxedNeighbors(shape, { radius: 2, none: true })]
  assert.equal(drawRelaxedNeighbors(shape, { radius: 2, none: true }, "all", "0"), whole)
  assert.equal(drawRelaxedNeighbors(shape, { radius: 2, none: true }, 240, "0"), whole)
})

draws("fall on the edges of both cells alike, and on the changes of an edge alike", () => {
  const shape = relaxedShape(builtinSpace("darts"))
  const [edges, shifts] = [new Array<number>(28).fill(0), new Array<number>(8).fill(0)]
  const rounds = 3000
  for (let i = 0; i < rounds; i++) {
    for (const [{ edge, shift }] of drawRelaxedNeighbors(
      shape,
      { radius: 1, none: true },
      2,
      `s/${i}`
    ) as ReadonlyArray<readonly [{ readonly edge: number; readonly shift: number }]>) {
      edges[edge]! += 1
      shifts[shift]! += 1
    }
  }
  const chi2 = (observed: ReadonlyArray<number>) => {
    const expected = (2 * rounds) / observed.length
    return observed.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0)
  }
  assert.ok(chi2(edges) < 55, `chi2 of 27 degrees is ${chi2(edges)}`)
  assert.ok(chi2(shifts.slice(1)) < 22, `chi2 of 6 degrees is ${chi2(shifts.slice(1))}`)
})

draws.run()
