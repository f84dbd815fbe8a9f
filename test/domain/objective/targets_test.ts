import * as FastCheck from "@effect/schema/FastCheck"
import * as Either from "effect/Either"
import { suite } from "uvu"
import * as assert from "uvu/assert"
import type { Architecture } from "../../../src/domain/architecture/architecture.ts"
import { classify, identifier } from "../../../src/domain/architecture/identity.ts"
import { architectureAt, ordinalOf } from "../../../src/domain/architecture/ordinal.ts"
import { makeBall, neighbors } from "../../../src/domain/neighborhood/ball.ts"
import { hamming } from "../../../src/domain/neighborhood/distance.ts"
import { sampleNeighbors } from "../../../src/domain/neighborhood/sample_neighbors.ts"
import { aggregate } from "../../../src/domain/objective/aggregate.ts"
import { AGGREGATE_TEXTS, parseAggregate } from "../../../src/domain/objective/aggregate_text.ts"
import { sweep } from "../../../src/domain/objective/landscape.ts"
import { prepareObjective, targetsOf } from "../../../src/domain/objective/targets.ts"
import { AROUND, NAS_BENCH } from "../../effects/programs/_searches.ts"

const { space, losses, table } = NAS_BENCH
const known = identifier(space, "functional")
const lossOf = (one: Architecture) => losses[table.rowOf(one)]!

const objective = AROUND
const prepare = (changes: Partial<typeof AROUND>, admits: (one: Architecture) => boolean = () => true) =>
  prepareObjective(space, { ...objective, ...changes }, known, admits)
const ordinals = FastCheck.nat(15624)

const test = suite("targetsOf(), prepareObjective()")

test("with 0 neighbors every aggregate gives the own loss exactly", () => {
  const own = prepareObjective(space, { _tag: "Own" }, known, () => true)
  const check = FastCheck.property(ordinals, FastCheck.constantFrom(...AGGREGATE_TEXTS), (ordinal, text) => {
    const center = architectureAt(space, ordinal)
    const prepared = prepare({ neighbors: 0, aggregate: Either.getOrThrow(parseAggregate(text)) })
    for (const each of [own, prepared]) {
      const targets = targetsOf(each, center, "s")
      assert.equal(targets, { architectures: [center], distances: [0] })
      assert.is(each.aggregate(targets.architectures.map(lossOf), targets.distances), lossOf(center))
    }
  })
  FastCheck.assert(check, { seed: 60, numRuns: 100 })
})

test("distances are those from the center, and only what is admitted is asked for", () => {
  const admits = (one: Architecture) => one[0] !== 0
  const check = FastCheck.property(ordinals, FastCheck.nat(30), FastCheck.string(), (ordinal, count, seed) => {
    const center = architectureAt(space, ordinal)
    const targets = targetsOf(prepare({ neighbors: count, radius: 2 }, admits), center, seed)
    assert.equal(
      targets.distances,
      targets.architectures.map((one) => hamming(one, center))
    )
    assert.ok(targets.architectures.slice(1).every(admits))
  })
  FastCheck.assert(check, { seed: 61, numRuns: 100 })
})

test("a center without an admitted neighbor stands for itself, also where it does not count", () => {
  const targets = targetsOf(
    prepare({ center: false }, () => false),
    [0, 1, 2, 3, 4, 0],
    "s"
  )
  assert.equal(targets, { architectures: [[0, 1, 2, 3, 4, 0]], distances: [0] })
})

test("under the quotient, networks that are the same ask for the same targets", () => {
  const { classOf } = classify(space, "functional")
  const members = new Map<number, Array<number>>()
  for (let ordinal = 0; ordinal < 15625; ordinal++) {
    const id = classOf[ordinal]!
    members.set(id, [...(members.get(id) ?? []), ordinal])
  }
  const classes = [...members.values()].filter((list) => list.length > 1)
  const prepared = prepare({ quotient: true, neighbors: 6 })
  const check = FastCheck.property(FastCheck.nat(classes.length - 1), FastCheck.string(), (index, seed) => {
    const list = classes[index]!
    const [a, b] = [architectureAt(space, list[0]!), architectureAt(space, list.at(-1)!)]
    assert.ok(hamming(a, b) > 0)
    assert.equal(targetsOf(prepared, a, seed), targetsOf(prepared, b, seed))
  })
  FastCheck.assert(check, { seed: 62, numRuns: 100 })
})

test("under the quotient, a center whose canonical member may not be evaluated stands for itself", () => {
  const center = Array.from({ length: 15625 }, (_, ordinal) => architectureAt(space, ordinal)).find(
    (one) => hamming(one, known.canonical(one)) > 0
  )!
  const only = (one: Architecture) => hamming(one, center) === 0
  const targets = targetsOf(prepare({ quotient: true }, only), center, "s")
  assert.equal(targets, { architectures: [center], distances: [0] })
})

test.run()

const sweeps = suite("sweep()")

sweeps("over NAS-Bench-201 with holes equals aggregating each neighborhood alone, to the last bit", () => {
  const holes = losses.map((loss, row) => (row % 11 === 0 ? Number.NaN : loss))
  const byOrdinal = new Float64Array(15625)
  for (const [row, one] of table.architectures.entries()) byOrdinal[ordinalOf(space, one)] = holes[row]!
  for (const [radius, text] of [
    [1, "mean"],
    [1, "cvar:0.25"],
    [2, "weighted-mean:0.5"],
    [2, "mean"]
  ] as const) {
    const how = Either.getOrThrow(parseAggregate(text))
    const ball = makeBall(space, { radius })
    const swept = sweep(ball, how, byOrdinal, { center: true })
    for (let ordinal = 0; ordinal < 15625; ordinal += 131) {
      const center = architectureAt(space, ordinal)
      const around = [center, ...neighbors(ball, center)].filter(
        (one) => !Number.isNaN(byOrdinal[ordinalOf(space, one)]!)
      )
      const expected = Number.isNaN(byOrdinal[ordinal]!)
        ? Number.NaN
        : aggregate(
            how,
            around.map((one) => byOrdinal[ordinalOf(space, one)]!),
            around.map((one) => hamming(center, one))
          )
      assert.ok(Object.is(swept[ordinal], expected), `${text} ${swept[ordinal]} ${expected}`)
    }
  }
})

sweeps.run()

const samples = suite("sampleNeighbors()")

samples("isomorphic centers have the same quotient neighborhood, class by class", () => {
  const quotient = known
  const one = [1, 0, 0, 0, 3, 0]
  const other = [0, 0, 0, 3, 0, 0]
  assert.is(quotient.keyOf(one), quotient.keyOf(other))
  const classesAround = (center: Architecture) =>
    sampleNeighbors({ ball: makeBall(space), count: "all", quotient }, center, "").map((neighbor) =>
      quotient.keyOf(neighbor.architecture)
    )
  assert.equal(classesAround(one), classesAround(other))
})

samples.run()
