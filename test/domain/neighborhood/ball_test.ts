import * as FastCheck from "@effect/schema/FastCheck"
import * as Either from "effect/Either"
import { suite } from "uvu"
import * as assert from "uvu/assert"
import { architectureKey } from "../../../src/domain/architecture/architecture.ts"
import { oneHot } from "../../../src/domain/architecture/relaxed.ts"
import { changeAt, changeDistance, makeBall, neighbors, sphereSizes } from "../../../src/domain/neighborhood/ball.ts"
import { hamming, totalVariation } from "../../../src/domain/neighborhood/distance.ts"
import { spaceInvariants } from "../../../src/domain/neighborhood/invariants.ts"
import { arbitraryArchitecture } from "../../../src/domain/space/arbitrary.ts"
import { makeSpace } from "../../../src/domain/space/make_space.ts"
import { isMember } from "../../../src/domain/space/membership.ts"
import { builtinSpace, SPACE_NAMES } from "../../../src/domain/space/spaces.ts"
import { combinations, decisionSpaces, genotypeSpaces } from "../../_arbitrary.ts"

const cells = builtinSpace("nas-bench-201")
const darts = builtinSpace("darts")
const uniform = (count: number, choices: number) =>
  Either.getOrThrow(
    makeSpace({
      version: 1,
      name: "uniform",
      decisions: Array.from({ length: count }, (_, i) => ({
        name: `d${i}`,
        choices: Array.from({ length: choices }, (_, k) => `c${k}`)
      }))
    })
  )
const anyGenotype = FastCheck.sample(arbitraryArchitecture(darts), { numRuns: 1, seed: 1 })[0]!

const sizes = suite("sphereSizes()")

sizes("NAS-Bench-201 has 24, 240, 1280, 3840, 6144 and 4096 architectures at distance 1 to 6", () => {
  assert.equal(sphereSizes(makeBall(cells, { radius: 6 })), [24, 240, 1280, 3840, 6144, 4096])
  assert.is(makeBall(cells, { radius: 9 }).changes, 15624)
  assert.is(makeBall(cells, { radius: 2, exactRadius: true }).changes, 240)
  assert.is(makeBall(cells, { radius: 9, exactRadius: true }).changes, 4096)
})

sizes("E decisions of K choices have C(E, r)·(K − 1)^r at distance r", () => {
  FastCheck.assert(
    FastCheck.property(
      FastCheck.integer({ min: 1, max: 8 }),
      FastCheck.integer({ min: 2, max: 6 }),
      (count, choices) => {
        let expected = 1
        for (const [i, size] of sphereSizes(makeBall(uniform(count, choices), { radius: count })).entries()) {
          expected *= ((count - i) * (choices - 1)) / (i + 1)
          assert.ok(Math.abs(size - expected) < 1e-6)
        }
      }
    ),
    { seed: 7 }
  )
})

sizes("the DARTS supernet has 196 neighbors; a genotype 96 by operation and 24 by input", () => {
  assert.is(makeBall(uniform(28, 8)).changes, 196)
  assert.is([...neighbors(makeBall(darts), anyGenotype)].length, 96)
  assert.is([...neighbors(makeBall(darts, { moveInputs: true }), anyGenotype)].length, 96 + 24)
})

sizes.run()

const enumeration = suite("neighbors()")

enumeration("are exactly the members within the radius, in any space", () => {
  const check = FastCheck.property(
    FastCheck.oneof(decisionSpaces, genotypeSpaces).chain((space) =>
      FastCheck.tuple(FastCheck.constant(space), arbitraryArchitecture(space))
    ),
    FastCheck.integer({ min: 1, max: 3 }),
    FastCheck.boolean(),
    ([space, center], radius, exactRadius) => {
      const ball = makeBall(space, { radius, exactRadius, moveInputs: true })
      const found = [...neighbors(ball, center)].map(architectureKey)
      const expected: Array<string> = []
      for (const one of combinations(space)) {
        const distance = hamming(center, one)
        if (distance >= (exactRadius ? ball.radius : 1) && distance <= radius && isMember(space, one))
          expected.push(architectureKey(one))
      }
      assert.equal([...found].sort(), expected.sort())
    }
  )
  FastCheck.assert(check, { seed: 8, numRuns: 60 })
})

enumeration("come nearest first, and changeDistance knows how near", () => {
  const center = [0, 1, 2, 3, 4, 0]
  for (const exactRadius of [false, true]) {
    const ball = makeBall(cells, { radius: 3, exactRadius })
    for (let index = 0; index < ball.changes; index++) {
      assert.is(hamming(center, changeAt(ball, center, index)), changeDistance(ball, index))
      if (index > 0) assert.ok(changeDistance(ball, index) >= changeDistance(ball, index - 1))
    }
  }
})

enumeration("are lazy: the first of an astronomic neighborhood comes at once", () => {
  const ball = makeBall(darts, { radius: 16, moveInputs: true })
  assert.ok(ball.changes > 1e15)
  assert.is(hamming(anyGenotype, neighbors(ball, anyGenotype).next().value!), 1)
})

enumeration.run()

const distance = suite("hamming(), totalVariation()")

const row = FastCheck.array(FastCheck.integer({ min: 0, max: 9 }), { minLength: 3, maxLength: 3 }).map((weights) => {
  const sum = weights.reduce((a, b) => a + b, 0)
  return sum === 0 ? [1, 0, 0] : weights.map((weight) => weight / sum)
})
const relaxed = FastCheck.array(row, { minLength: 4, maxLength: 4 })

distance("total variation of one-hot rows is the Hamming distance", () => {
  const one = arbitraryArchitecture(cells)
  const check = FastCheck.property(
    one,
    one,
    (a, b) => totalVariation(oneHot(cells, a), oneHot(cells, b)) === hamming(a, b)
  )
  FastCheck.assert(check, { seed: 9 })
})

distance("total variation is a metric of at most one per row", () => {
  const check = FastCheck.property(relaxed, relaxed, relaxed, (p, q, r) => {
    const pq = totalVariation(p, q)
    assert.ok(totalVariation(p, p) === 0 && pq === totalVariation(q, p) && pq <= 4 + 1e-12)
    assert.ok(pq > 0 || JSON.stringify(p) === JSON.stringify(q))
    assert.ok(totalVariation(p, r) <= pq + totalVariation(q, r) + 1e-12)
  })
  FastCheck.assert(check, { seed: 10 })
})

distance.run()

const invariants = suite("spaceInvariants()")

invariants("hold for every space of the library, with and without moving inputs", () => {
  for (const name of SPACE_NAMES) {
    for (const options of [{ radius: 1 }, { radius: 2, moveInputs: true }, { radius: 2, exactRadius: true }]) {
      for (const { name: claim, property } of spaceInvariants(builtinSpace(name), options)) {
        const details = FastCheck.check(property, { numRuns: 15, seed: 11 })
        assert.not.ok(details.failed, `${name}: ${claim}: ${JSON.stringify(details.counterexample)}`)
      }
    }
  }
})

invariants("fail for a space whose decisions lie about their choices", () => {
  const [first, ...rest] = cells.decisions
  const broken = {
    ...cells,
    decisions: [{ ...first!, choices: ["none", "none", ...first!.choices.slice(2)] }, ...rest]
  }
  const failed = spaceInvariants(broken).filter(
    ({ property }) => FastCheck.check(property, { numRuns: 100, seed: 12 }).failed
  )
  assert.ok(failed.some(({ name }) => name.includes("printed as string")))
})

invariants.run()
