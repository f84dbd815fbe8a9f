import * as Either from "effect/Either"
import { suite } from "uvu"
import * as assert from "uvu/assert"
import { partitionsOf } from "../../../../src/adapters/tensor/onnx/partitions.ts"
import { buildProgram } from "../../../../src/domain/program/builder.ts"

type Range = { readonly start?: number; readonly end?: number; readonly step?: number }

/** The partitions of an input [12, 3] with these slices, by the input's node. */
function partitions(slices: ReadonlyArray<ReadonlyArray<Range>>) {
  const program = Either.getOrThrow(
    buildProgram((b) => {
      const x = b.input("x", [12, 3])
      for (const [i, ranges] of slices.entries()) b.output(`y${i}`, b.slice(x, ranges))
    })
  )
  return partitionsOf(program).get(program.inputs.get("x")!.node)
}

const rows = (...bounds: ReadonlyArray<readonly [number, number]>) => bounds.map(([start, end]) => [{ start, end }])

const test = suite("partitionsOf()")

test("finds disjoint parts along an axis, with what lies between them", () => {
  const parts = rows([6, 8], [0, 2], [2, 3], [9, 12])
  assert.equal(partitions(parts), { axis: 0, bounds: [0, 2, 3, 6, 8, 9, 12] })
})

test("leaves alone what overlaps, is too little, has steps, or is cut along other axes", () => {
  assert.is(partitions(rows([0, 2], [1, 3], [4, 5], [6, 7])), undefined)
  assert.is(partitions(rows([0, 2], [2, 3], [4, 5])), undefined)
  const three = rows([0, 2], [2, 3], [4, 5])
  assert.is(partitions([...three, [{ start: 6, end: 12, step: 2 }]]), undefined)
  assert.is(partitions([...three, [{}, { start: 1, end: 2 }]]), undefined)
  assert.is(
    partitions([
      ...three,
      [
        { start: 6, end: 7 },
        { start: 1, end: 2 }
      ]
    ]),
    undefined
  )
})

test.run()
