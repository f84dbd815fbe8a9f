import * as FastCheck from "@effect/schema/FastCheck"
import { suite } from "uvu"
import * as assert from "uvu/assert"
import { type RelaxedArchitecture, readOff } from "../../../src/domain/architecture/relaxed.ts"
import { discretize } from "../../../src/domain/darts/discretize.ts"
import { makeBall, neighbors } from "../../../src/domain/neighborhood/ball.ts"
import { hamming } from "../../../src/domain/neighborhood/distance.ts"
import { identityMaps, type Representation, relaxedMaps } from "../../../src/domain/neighborhood/relaxed_maps.ts"
import { allRelaxedNeighbors, drawRelaxedNeighbors } from "../../../src/domain/neighborhood/relaxed_neighbors.ts"
import {
  probabilities,
  readableRows,
  relaxedShape,
  rowsOf,
  rowsOfTensors,
  tensorsOfRows
} from "../../../src/domain/neighborhood/relaxed_shape.ts"
import { keyOf, uniformAt } from "../../../src/domain/random.ts"
import type { Space } from "../../../src/domain/space/space.ts"
import { builtinSpace } from "../../../src/domain/space/spaces.ts"
import { combinations, decisionSpaces, genotypeSpaces } from "../../_arbitrary.ts"
import { applyMaps, oneHot, totalVariation } from "../../_relaxed.ts"

const REPRESENTATIONS: ReadonlyArray<Representation> = [
  { _tag: "Shift" },
  { _tag: "Swap" },
  { _tag: "Hard" },
  { _tag: "Mix", rho: 1 }
]

const representations = FastCheck.oneof(
  FastCheck.constantFrom(...REPRESENTATIONS),
  FastCheck.double({ min: 0.01, max: 1, noNaN: true }).map((rho): Representation => ({ _tag: "Mix", rho }))
)

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
        const relaxed = [...allRelaxedNeighbors(shape, { radius, exactRadius, neighborNone: true })].map((neighbor) =>
          applyMaps(
            shape,
            relaxedMaps(shape, { representation, neighborNone: true }, neighbor, oneHot(space, center)),
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
    for (const neighbor of drawRelaxedNeighbors(shape, { radius: 3, neighborNone: none }, 20, `${none}`)) {
      const moved = new Map(
        ([{ _tag: "Shift" }, { _tag: "Swap" }, { _tag: "Hard" }, { _tag: "Mix", rho }] as const).map(
          (representation) =>
            [
              representation._tag,
              applyMaps(shape, relaxedMaps(shape, { representation, neighborNone: none }, neighbor, rows), rows)
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
        const largest = row.indexOf(Math.max(...row.slice(1)))
        const l = after(largest)
        const kept = none ? 0 : row[0]!
        const shifted = row.map((share, k) => (k < first ? share : 0))
        for (let k = first; k < 8; k++) shifted[after(k)] = row[k]!
        assert.equal(moved.get("Shift")![e], shifted)
        const swapped = row.map((share, k) => (k === largest ? row[l]! : k === l ? row[largest]! : share))
        assert.equal(moved.get("Swap")![e], swapped)
        assert.equal(
          moved.get("Hard")![e],
          row.map((share, k) => (k < first ? share : k === l ? 1 - kept : 0))
        )
        const mixed = moved.get("Mix")![e]!
        const toL = (k: number) => (k === l ? rho * (1 - kept) : 0)
        assert.ok(
          row.every((share, k) => Math.abs(mixed[k]! - (k < first ? share : (1 - rho) * share + toL(k))) < 1e-15)
        )
        const far = (by: Representation["_tag"]) => totalVariation([row], [moved.get(by)![e]!])
        assert.ok(Math.abs(far("Mix") - rho * (1 - kept - row[l]!)) < 1e-12)
        assert.ok(Math.abs(far("Hard") - (1 - kept - row[l]!)) < 1e-12)
        assert.ok(Math.abs(far("Swap") - Math.abs(row[largest]! - row[l]!)) < 1e-12)
      }
      for (const image of moved.values())
        assert.ok(image.every((row) => Math.abs(row.reduce((a, b) => a + b) - 1) < 1e-12))
    }
  }
})

test("where none takes no part its share stays, and rows are distributions, in every representation", () => {
  const spaces = FastCheck.oneof(
    genotypeSpaces,
    FastCheck.constantFrom(builtinSpace("nas-bench-201"), builtinSpace("darts"), builtinSpace("s3"))
  )
  const check = FastCheck.property(
    spaces,
    representations,
    FastCheck.boolean(),
    FastCheck.boolean(),
    FastCheck.string(),
    (space, representation, neighborNone, readNone, seed) => {
      const shape = relaxedShape(space)
      const rows = randomRows(space, seed)
      for (const neighbor of drawRelaxedNeighbors(shape, { radius: 3, neighborNone }, 5, seed)) {
        const options = { representation, neighborNone, readNone }
        const moved = applyMaps(shape, relaxedMaps(shape, options, neighbor, rows), rows)
        for (const [e, row] of moved.entries()) {
          assert.ok(Math.abs(row.reduce((a, b) => a + b) - 1) < 1e-12)
          assert.ok(row.every((share) => share >= -1e-15))
          const none = rowsOf(shape)[e]!.indexOf("none")
          if (!neighborNone && none >= 0) assert.is(row[none], rows[e]![none])
        }
      }
    }
  )
  FastCheck.assert(check, { seed: 56, numRuns: 150 })
})

test("with none .6 and the rest .1 each, hard and mix share .4 among the others", () => {
  const shape = relaxedShape(builtinSpace("nas-bench-201"))
  const rows = Array.from({ length: 6 }, () => [0.6, 0.1, 0.1, 0.1, 0.1])
  const first = (representation: Representation) => {
    const options = { representation, neighborNone: false }
    return applyMaps(shape, relaxedMaps(shape, options, [{ edge: 0, shift: 2 }], rows), rows)[0]!
  }
  assert.ok(close([first({ _tag: "Hard" })], [[0.6, 0, 0, 0.4, 0]]))
  assert.ok(close([first({ _tag: "Mix", rho: 0.5 })], [[0.6, 0.05, 0.05, 0.25, 0.05]]))
})

test("a change leads away from the operation that the edge is read off as", () => {
  const space = builtinSpace("nas-bench-201")
  const shape = relaxedShape(space)
  const share = FastCheck.double({ min: 0.01, max: 1, noNaN: true })
  const row = FastCheck.array(share, { minLength: 5, maxLength: 5 }).map((shares) => {
    const sum = shares.reduce((a, b) => a + b)
    return shares.map((one) => one / sum)
  })
  const check = FastCheck.property(
    FastCheck.array(row, { minLength: 6, maxLength: 6 }),
    FastCheck.boolean(),
    FastCheck.boolean(),
    (rows, neighborNone, readNone) => {
      const read = discretize(space, rows, readNone)
      for (const neighbor of allRelaxedNeighbors(shape, { radius: 1, neighborNone })) {
        const options = { representation: { _tag: "Hard" }, neighborNone, readNone } as const
        const moved = applyMaps(shape, relaxedMaps(shape, options, neighbor, rows), rows)
        const e = neighbor[0]!.edge
        const none = neighborNone || read[e] !== 0 ? 0 : rows[e]![0]!
        assert.ok(Math.abs(moved[e]![read[e]!]! - none) < 1e-15, "nothing is left, or what none keeps")
      }
    }
  )
  FastCheck.assert(check, { seed: 57, numRuns: 100 })
  const heavy = Array.from({ length: 6 }, () => [0.5, 0.1, 0.1, 0.2, 0.1])
  const neighbor = [{ edge: 0, shift: 3 }]
  const options = { representation: { _tag: "Hard" }, neighborNone: true, readNone: false } as const
  const moved = applyMaps(shape, relaxedMaps(shape, options, neighbor, heavy), heavy)
  assert.equal(moved[0], [0, 1, 0, 0, 0], "three after nor_conv_3x3, though none has the largest share")
})

test("a neighbor of a one-hot point is never the point itself, whatever may be read off", () => {
  const spaces = FastCheck.oneof(genotypeSpaces, FastCheck.constant(builtinSpace("nas-bench-201")))
  const check = FastCheck.property(
    spaces,
    FastCheck.boolean(),
    FastCheck.boolean(),
    FastCheck.nat(1000),
    (space, neighborNone, readNone, pick) => {
      const shape = relaxedShape(space)
      const readable = readableRows(shape, readNone && neighborNone)
      const center = rowsOf(shape).map((operations, e) => {
        const chosen = readable[e]![(pick + e) % readable[e]!.length]
        return operations.map((_, k) => (k === chosen ? 1 : 0))
      })
      for (const representation of [...REPRESENTATIONS, { _tag: "Mix", rho: 0.5 } as const])
        for (const neighbor of allRelaxedNeighbors(shape, { radius: 1, neighborNone })) {
          const options = { representation, neighborNone, readNone }
          const moved = applyMaps(shape, relaxedMaps(shape, options, neighbor, center), center)
          const far = representation._tag === "Mix" ? representation.rho : 1
          assert.ok(Math.abs(totalVariation(moved, center) - far) < 1e-12)
        }
    }
  )
  FastCheck.assert(check, { seed: 58, numRuns: 60 })
})

test("at a one-hot point mix below 1 is no architecture but a point between two", () => {
  const check = FastCheck.property(decisionSpaces, FastCheck.nat(1000), (space, pick) => {
    const shape = relaxedShape(space)
    const members = [...combinations(space)]
    const center = oneHot(space, members[pick % members.length]!)
    for (const neighbor of allRelaxedNeighbors(shape, { radius: 1, neighborNone: true })) {
      const image = (representation: Representation) =>
        applyMaps(shape, relaxedMaps(shape, { representation, neighborNone: true }, neighbor, center), center)
      const row = neighbor[0]!.edge
      const halfway = image({ _tag: "Mix", rho: 0.5 })[row]!
      assert.equal(halfway.toSorted((a, b) => b - a).slice(0, 3), [0.5, 0.5, 0].slice(0, halfway.length))
      for (const representation of REPRESENTATIONS) assert.ok(image(representation)[row]!.includes(1))
    }
  })
  FastCheck.assert(check, { seed: 59, numRuns: 40 })
})

test("without none, no change leads to it", () => {
  const space = builtinSpace("nas-bench-201")
  const shape = relaxedShape(space)
  const center = oneHot(space, [1, 2, 3, 4, 1, 2])
  const read = [...allRelaxedNeighbors(shape, { radius: 1, neighborNone: false })].map((neighbor) =>
    readOff(
      space,
      applyMaps(
        shape,
        relaxedMaps(shape, { representation: { _tag: "Shift" }, neighborNone: false }, neighbor, center),
        center
      )
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
      relaxedMaps(relaxedShape(space), { representation: { _tag: "Hard" }, neighborNone: true }, [], rows),
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
