import * as FastCheck from "@effect/schema/FastCheck"
import { suite } from "uvu"
import * as assert from "uvu/assert"
import { arbitraryArchitecture } from "../../../src/domain/architecture/arbitrary.ts"
import { architectureKey } from "../../../src/domain/architecture/architecture.ts"
import { identifier } from "../../../src/domain/architecture/identity.ts"
import { architectureAt } from "../../../src/domain/architecture/ordinal.ts"
import { makeBall, neighbors } from "../../../src/domain/neighborhood/ball.ts"
import { sampleNeighbors } from "../../../src/domain/neighborhood/sample_neighbors.ts"
import { builtinSpace } from "../../../src/domain/space/spaces.ts"

const space = builtinSpace("nas-bench-201")
const darts = builtinSpace("darts")
const ball = makeBall(space)
const center = [0, 1, 2, 3, 4, 0]
const keys = (drawn: ReturnType<typeof sampleNeighbors>) =>
  drawn.map((neighbor) => architectureKey(neighbor.architecture))

const test = suite("sampleNeighbors()")

test("a count that reaches all gives exactly all, in the same order", () => {
  const all = keys(sampleNeighbors({ ball, count: "all" }, center, "a"))
  assert.equal(all, [...neighbors(ball, center)].map(architectureKey))
  assert.equal(keys(sampleNeighbors({ ball, count: 24 }, center, "b")), all)
  assert.equal(keys(sampleNeighbors({ ball, count: 99 }, center, "c")), all)
  assert.equal(sampleNeighbors({ ball, count: 0 }, center, "d"), [])
})

test("every neighbor is drawn equally often, at every radius alike", () => {
  for (const shape of [{ radius: 1 }, { radius: 2 }, { radius: 2, exactRadius: true }]) {
    const wide = makeBall(space, shape)
    const counts = new Map<string, number>()
    const [draws, each] = [3000, 5]
    for (let i = 0; i < draws; i++) {
      for (const key of keys(sampleNeighbors({ ball: wide, count: each }, center, `${i}`)))
        counts.set(key, (counts.get(key) ?? 0) + 1)
    }
    const expected = (draws * each) / wide.changes
    const statistic = [...neighbors(wide, center)].reduce(
      (sum, one) => sum + ((counts.get(architectureKey(one)) ?? 0) - expected) ** 2 / expected,
      0
    )
    assert.ok(statistic < wide.changes + 5 * Math.sqrt(2 * wide.changes), `${statistic} for ${wide.changes}`)
  }
})

test("only admitted neighbors are drawn, as many as there are", () => {
  const admits = (one: ReadonlyArray<number>) => one[0] !== 3
  const drawn = sampleNeighbors({ ball, count: 20, admits }, center, "s")
  assert.is(drawn.length, 20)
  assert.ok(drawn.every((neighbor) => admits(neighbor.architecture)))
  assert.is(sampleNeighbors({ ball, count: "all", admits }, center, "s").length, 23)
})

test("in a genotype space only members are drawn, also where most changes are none", () => {
  const s1 = builtinSpace("s1")
  const check = FastCheck.property(
    arbitraryArchitecture(s1),
    (one) => sampleNeighbors({ ball: makeBall(s1), count: "all" }, one, "").length === 16
  )
  FastCheck.assert(check, { seed: 13, numRuns: 20 })
  const wide = makeBall(darts, { radius: 3, moveInputs: true })
  const one = FastCheck.sample(arbitraryArchitecture(darts), { numRuns: 1, seed: 2 })[0]!
  assert.is(new Set(keys(sampleNeighbors({ ball: wide, count: 50 }, one, "x"))).size, 50)
})

test("under the quotient each network stands once, never the center's own, and equal networks have equal neighborhoods", () => {
  const quotient = identifier(space, "functional")
  for (let ordinal = 0; ordinal < 15625; ordinal += 97) {
    const one = architectureAt(space, ordinal)
    const drawn = sampleNeighbors({ ball, count: "all", quotient }, one, "q")
    const classes = drawn.map((neighbor) => quotient.keyOf(neighbor.architecture))
    assert.is(new Set(classes).size, classes.length)
    assert.not.ok(classes.includes(quotient.keyOf(one)))
    assert.equal(sampleNeighbors({ ball, count: "all", quotient }, quotient.canonical(one), "q"), drawn)
    const some = sampleNeighbors({ ball, count: 5, quotient }, one, "q")
    assert.is(some.length, Math.min(5, drawn.length))
    assert.ok(keys(some).every((key) => keys(drawn).includes(key)))
  }
})

test.run()
