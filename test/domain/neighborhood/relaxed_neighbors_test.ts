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
  const sizes = [1, 2, 3, 4, 5, 6].map((radius) =>
    relaxedNeighborCount(cell, { radius, exactRadius: true, neighborNone: true })
  )
  assert.equal(sizes, [24, 240, 1280, 3840, 6144, 4096])
  assert.is(relaxedNeighborCount(relaxedShape(builtinSpace("darts")), { radius: 1, neighborNone: true }), 196)
  assert.is(relaxedNeighborCount(relaxedShape(builtinSpace("darts")), { radius: 1, neighborNone: false }), 168)
  assert.is(relaxedNeighborCount(cell, { radius: 9, exactRadius: true, neighborNone: true }), 4096)
  assert.is(relaxedNeighborCount(cell, { radius: 2, neighborNone: true }), 264)
  assert.is(relaxedNeighborCount(cell, { radius: 9, neighborNone: true }), 15624)
})

counts.run()

const all = suite("allRelaxedNeighbors()")

all("are as many as counted, distinct, each a change within the radius to an operation that is there", () => {
  const yesNo = FastCheck.boolean()
  const check = FastCheck.property(shapes, radii, yesNo, yesNo, (shape, radius, none, exactRadius) => {
    const neighbors = [...allRelaxedNeighbors(shape, { radius, exactRadius, neighborNone: none })]
    assert.is(neighbors.length, relaxedNeighborCount(shape, { radius, exactRadius, neighborNone: none }))
    assert.is(new Set(neighbors.map(text)).size, neighbors.length)
    const most = Math.min(radius, movable(shape, none))
    const distances = neighbors.map((neighbor) => neighbor.length)
    assert.equal([...new Set(distances)], exactRadius ? distances.slice(0, 1) : [1, 2, 3].slice(0, most))
    assert.ok(!exactRadius || distances.every((distance) => distance === most))
    for (const neighbor of neighbors) {
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
      const members = new Set([...allRelaxedNeighbors(shape, { radius, neighborNone: true })].map(text))
      const drawn = drawRelaxedNeighbors(shape, { radius, neighborNone: true }, count, seed).map(text)
      assert.is(drawn.length, Math.min(count, members.size))
      assert.is(new Set(drawn).size, drawn.length)
      assert.ok(drawn.every((neighbor) => members.has(neighbor)))
      assert.equal(drawRelaxedNeighbors(shape, { radius, neighborNone: true }, count, seed).map(text), drawn)
    }
  )
  FastCheck.assert(check, { seed: 52, numRuns: 100 })
})

draws("all of them is the whole neighborhood, whether by name or by number", () => {
  const shape = relaxedShape(builtinSpace("nas-bench-201"))
  const whole = [...allRelaxedNeighbors(shape, { radius: 2, neighborNone: true })]
  assert.equal(drawRelaxedNeighbors(shape, { radius: 2, neighborNone: true }, "all", "0"), whole)
  assert.equal(drawRelaxedNeighbors(shape, { radius: 2, neighborNone: true }, 264, "0"), whole)
})

draws("at an exact radius they are those of the study, bit for bit", () => {
  const shape = relaxedShape(builtinSpace("nas-bench-201"))
  const at = (radius: number) =>
    drawRelaxedNeighbors(shape, { radius, exactRadius: true, neighborNone: true }, 2, "bits").map((neighbor) =>
      neighbor.map(({ edge, shift }) => `${edge}+${shift}`).join()
    )
  assert.equal(at(1), ["2+1", "5+4"])
  assert.equal(at(3), ["1+4,2+2,4+1", "0+2,4+1,5+3"])
})

draws("are uniform over the whole ball, and over edges of any number of operations", () => {
  const cell = (edges: ReadonlyArray<ReadonlyArray<string>>): RelaxedShape => [{ name: "c", edges, width: 5 }]
  const five = ["a", "b", "c", "d", "none"]
  const cases = [
    [relaxedShape(builtinSpace("nas-bench-201")), { radius: 2, neighborNone: true }],
    [cell([five, ["a", "b"], ["a", "b", "c"]]), { radius: 2, neighborNone: true }],
    [cell([five, ["a", "b"], ["a", "b", "none"], five]), { radius: 3, exactRadius: true, neighborNone: false }]
  ] as const
  for (const [shape, neighborhood] of cases) {
    const counts = new Map([...allRelaxedNeighbors(shape, neighborhood)].map((neighbor) => [text(neighbor), 0]))
    const rounds = 30 * counts.size
    for (let i = 0; i < rounds; i++)
      for (const neighbor of drawRelaxedNeighbors(shape, neighborhood, 3, `s/${i}`))
        counts.set(text(neighbor), counts.get(text(neighbor))! + 1)
    const expected = (3 * rounds) / counts.size
    const chi2 = [...counts.values()].reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0)
    const most = counts.size + 4 * Math.sqrt(2 * counts.size)
    assert.ok(chi2 < most, `chi2 of ${counts.size - 1} degrees is ${chi2}`)
  }
})

draws("fall on the edges of both cells alike, and on the changes of an edge alike", () => {
  const shape = relaxedShape(builtinSpace("darts"))
  const [edges, shifts] = [new Array<number>(28).fill(0), new Array<number>(8).fill(0)]
  const rounds = 3000
  for (let i = 0; i < rounds; i++) {
    for (const [{ edge, shift }] of drawRelaxedNeighbors(
      shape,
      { radius: 1, neighborNone: true },
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
