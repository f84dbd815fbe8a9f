import * as FastCheck from "@effect/schema/FastCheck"
import { suite } from "uvu"
import * as assert from "uvu/assert"
import { oneHot, type RelaxedArchitecture, readOff } from "../../../src/domain/architecture/relaxed.ts"
import { makeBall, neighbors } from "../../../src/domain/neighborhood/ball.ts"
import { hamming, totalVariation } from "../../../src/domain/neighborhood/distance.ts"
import {
  applyMaps,
  identityMaps,
  type Representation,
  relaxedMaps
} from "../../../src/domain/neighborhood/relaxed_maps.ts"
import { allRelaxedNeighbors, drawRelaxedNeighbors } from "../../../src/domain/neighborhood/relaxed_neighbors.ts"
import {
  probabilities,
  relaxedShape,
  rowsOfTensors,
  tensorsOfRows
} from "../../../src/domain/neighborhood/relaxed_shape.ts"
import { keyOf, uniformAt } from "../../../src/domain/random.ts"
import type { Space } from "../../../src/domain/space/space.ts"
import { builtinSpace } from "../../../src/domain/space/spaces.ts"
import { combinations, decisionSpaces, genotypeSpaces } from "../../_arbitrary.ts"

const REPRESENTATIONS: ReadonlyArray<Representation> = [
  { _tag: "Shift" },
  { _tag: "Swap" },
  { _tag: "Hard" },
  { _tag: "Mix", rho: 1 }
]

/** Random rows of a space, softmax of logits of its cells. */
function randomRows(space: Space, seed: string): RelaxedArchitecture {
  const shape = relaxedShape(space)
  const alpha = shape.map(({ name, edges, width }) => {
    const key = keyOf(`${seed}/${name}`)
    return [name, Float64Array.from({ length: edges.length * width }, (_, i) => 4 * uniformAt(key, i) - 2)] as const
  })
  return probabilities(shape, new Map(alpha))
}

const close = (a: RelaxedArchitecture, b: RelaxedArchitecture) =>
  a.every((row, e) => row.length === b[e]!.length && row.every((x, k) => Math.abs(x - b[e]![k]!) < 1e-12))

const test = suite("relaxedMaps()")

test("the relaxed neighborhood at a one-hot point is the discrete neighborhood, in every representation", () => {
  const check = FastCheck.property(
    decisionSpaces,
    FastCheck.integer({ min: 1, max: 3 }),
    FastCheck.boolean(),
    FastCheck.nat(1000),
    (space, radius, exactRadius, pick) => {
      const shape = relaxedShape(space)
      const members = [...combinations(space)]
      const center = members[pick % members.length]!
      const discrete = [...neighbors(makeBall(space, { radius, exactRadius }), center)]
      for (const representation of REPRESENTATIONS) {
        const relaxed = [...allRelaxedNeighbors(shape, { radius, exactRadius, none: true })].map((neighbor) =>
          applyMaps(
            shape,
            relaxedMaps(shape, { representation, none: true }, neighbor, oneHot(space, center)),
            oneHot(space, center)
          )
        )
        const read = relaxed.map((rows) => readOff(space, rows))
        assert.ok(read.every((one, i) => close(oneHot(space, one), relaxed[i]!)))
        assert.equal(read.map(String).sort(), discrete.map(String).sort())
      }
    }
  )
  FastCheck.assert(check, { seed: 53, numRuns: 60 })
})

test("total variation of one-hot rows is the Hamming distance", () => {
  const check = FastCheck.property(decisionSpaces, FastCheck.nat(1000), FastCheck.nat(1000), (space, i, j) => {
    const members = [...combinations(space)]
    const [a, b] = [members[i % members.length]!, members[j % members.length]!]
    assert.is(totalVariation(oneHot(space, a), oneHot(space, b)), hamming(a, b))
  })
  FastCheck.assert(check, { seed: 54, numRuns: 100 })
})

test("is the representation's definition on the changed edges, and nothing on the others", () => {
  const space = builtinSpace("darts")
  const shape = relaxedShape(space)
  const rows = randomRows(space, "definition")
  const rho = 0.3
  for (const none of [true, false]) {
    for (const neighbor of drawRelaxedNeighbors(shape, { radius: 3, none }, 20, `${none}`)) {
      const moved = new Map(
        ([{ _tag: "Shift" }, { _tag: "Swap" }, { _tag: "Hard" }, { _tag: "Mix", rho }] as const).map(
          (representation) =>
            [
              representation._tag,
              applyMaps(shape, relaxedMaps(shape, { representation, none }, neighbor, rows), rows)
            ] as const
        )
      )
      for (const [e, row] of rows.entries()) {
        const change = neighbor.find(({ edge }) => edge === e)
        if (change === undefined) {
          for (const image of moved.values()) assert.equal(image[e], row)
          continue
        }
        const first = none ? 0 : 1
        const count = 8 - first
        const after = (k: number) => first + ((k - first + change.shift) % count)
        const largest = row.indexOf(Math.max(...row.slice(first)))
        const l = after(largest)
        const shifted = row.map((share, k) => (k < first ? share : 0))
        for (let k = first; k < 8; k++) shifted[after(k)] = row[k]!
        assert.equal(moved.get("Shift")![e], shifted)
        const swapped = row.map((share, k) => (k === largest ? row[l]! : k === l ? row[largest]! : share))
        assert.equal(moved.get("Swap")![e], swapped)
        assert.equal(
          moved.get("Hard")![e],
          row.map((_, k) => (k === l ? 1 : 0))
        )
        const mixed = moved.get("Mix")![e]!
        assert.ok(row.every((share, k) => Math.abs(mixed[k]! - (1 - rho) * share - (k === l ? rho : 0)) < 1e-15))
        assert.ok(Math.abs(totalVariation([row], [mixed]) - rho * (1 - row[l]!)) < 1e-12)
      }
      for (const image of moved.values())
        assert.ok(image.every((row) => Math.abs(row.reduce((a, b) => a + b) - 1) < 1e-12))
    }
  }
})

test("without none, no change leads to it", () => {
  const space = builtinSpace("nas-bench-201")
  const shape = relaxedShape(space)
  const center = oneHot(space, [1, 2, 3, 4, 1, 2])
  const read = [...allRelaxedNeighbors(shape, { radius: 1, none: false })].map((neighbor) =>
    readOff(
      space,
      applyMaps(shape, relaxedMaps(shape, { representation: { _tag: "Shift" }, none: false }, neighbor, center), center)
    )
  )
  const expected = [...neighbors(makeBall(space), [1, 2, 3, 4, 1, 2])].filter((one) => !one.includes(0))
  assert.equal(read.map(String).sort(), expected.map(String).sort())
})

test("identity maps change nothing, bit for bit", () => {
  for (const name of ["darts", "s1", "s3", "nas-bench-201"] as const) {
    const space = builtinSpace(name)
    const rows = randomRows(space, name)
    assert.equal(applyMaps(relaxedShape(space), identityMaps(relaxedShape(space)), rows), rows)
    assert.equal(
      relaxedMaps(relaxedShape(space), { representation: { _tag: "Hard" }, none: true }, [], rows),
      identityMaps(relaxedShape(space))
    )
  }
})

test.run()

const tensors = suite("tensorsOfRows()")

tensors("holds rows of any length, and gives them back", () => {
  const spaces = FastCheck.oneof(decisionSpaces, genotypeSpaces)
  const check = FastCheck.property(spaces, FastCheck.string(), (space, seed) => {
    const rows = randomRows(space, seed)
    const shape = relaxedShape(space)
    const held = tensorsOfRows(shape, rows)
    assert.equal(rowsOfTensors(shape, held), rows)
    for (const { name, edges } of shape)
      assert.is(held.get(name)!.length, edges.length * Math.max(...edges.map((row) => row.length)))
  })
  FastCheck.assert(check, { seed: 55, numRuns: 50 })
})

tensors.run()

const softmax = suite("probabilities()")

softmax("is the softmax of each row, also far from zero", () => {
  const shape = [
    {
      name: "c",
      edges: [
        ["a", "b"],
        ["a", "b"]
      ],
      width: 2
    }
  ]
  const [near, far] = probabilities(shape, new Map([["c", [0, Math.log(3), 2000, 2000]]]))
  assert.ok(Math.abs(near![0]! - 0.25) < 1e-15 && Math.abs(near![1]! - 0.75) < 1e-15)
  assert.equal(far, [0.5, 0.5])
})

softmax.run()
