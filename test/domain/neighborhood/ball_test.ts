import * as FastCheck from "@effect/schema/FastCheck"
import * as Either from "effect/Either"
import { suite } from "uvu"
import * as assert from "uvu/assert"
import { arbitraryArchitecture } from "../../../src/domain/architecture/arbitrary.ts"
import type { Architecture } from "../../../src/domain/architecture/architecture.ts"
import { isMember } from "../../../src/domain/architecture/membership.ts"
import { networkKey } from "../../../src/domain/architecture/slot_order.ts"
import { changeAt, changeDistance, makeBall, neighbors, sphereSizes } from "../../../src/domain/neighborhood/ball.ts"
import { hamming, networkDistance } from "../../../src/domain/neighborhood/distance.ts"
import { spaceInvariants } from "../../../src/domain/neighborhood/invariants.ts"
import { makeSpace } from "../../../src/domain/space/make_space.ts"
import type { Space } from "../../../src/domain/space/space.ts"
import { builtinSpace, SPACE_NAMES } from "../../../src/domain/space/spaces.ts"
import { combinations, decisionSpaces, genotypeSpaces } from "../../_arbitrary.ts"
import { oneHot, totalVariation } from "../../_relaxed.ts"

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

/** A network by a rule of its own: per node the set of what leads to it, in whatever order it is written. */
function networkOf(space: Space, architecture: Architecture): string {
  const choice = (i: number) => space.decisions[i]!.choices[architecture[i]!]!
  if (space.reading._tag === "EveryEdge") return architecture.join()
  const edges = space.decisions.flatMap(({ name }, i) =>
    i % 2 === 0 ? [`${name.split(".")[0]}: ${choice(i)} of ${choice(i + 1)}`] : []
  )
  return edges.sort().join("; ")
}

/** The networks of a space at their distances from a center: the least number of decisions in which a way to write them differs. */
function distancesFrom(space: Space, center: Architecture): ReadonlyMap<string, number> {
  const distances = new Map<string, number>()
  for (const one of combinations(space)) {
    if (!isMember(space, one)) continue
    const network = networkOf(space, one)
    distances.set(network, Math.min(distances.get(network) ?? Number.POSITIVE_INFINITY, hamming(center, one)))
  }
  return distances
}

const someSpaces = FastCheck.oneof(decisionSpaces, genotypeSpaces).chain((space) =>
  FastCheck.tuple(FastCheck.constant(space), arbitraryArchitecture(space))
)

enumeration("are exactly the other networks within the radius, each once and at its distance, in any space", () => {
  const check = FastCheck.property(
    someSpaces,
    FastCheck.integer({ min: 1, max: 4 }),
    FastCheck.boolean(),
    ([space, center], radius, exactRadius) => {
      const ball = makeBall(space, { radius, exactRadius, moveInputs: true })
      const found = [...neighbors(ball, center)].map((one) => [networkOf(space, one), hamming(center, one)] as const)
      const expected = [...distancesFrom(space, center)].filter(
        ([, distance]) => distance >= Math.max(1, exactRadius ? ball.radius : 1) && distance <= radius
      )
      assert.equal(found.map(String).sort(), expected.map(String).sort())
      for (const one of neighbors(ball, center)) assert.ok(isMember(space, one))
    }
  )
  FastCheck.assert(check, { seed: 8, numRuns: 100 })
})

enumeration("are the same networks, however the center's inputs are ordered, operations alone and with inputs", () => {
  const check = FastCheck.property(
    genotypeSpaces.chain((space) => FastCheck.tuple(FastCheck.constant(space), arbitraryArchitecture(space))),
    FastCheck.integer({ min: 1, max: 3 }),
    FastCheck.boolean(),
    ([space, center], radius, moveInputs) => {
      const swapped = [...center.slice(2, 4), ...center.slice(0, 2), ...center.slice(4)]
      assert.is(networkDistance(space, center, swapped), 0)
      assert.is(networkKey(space, center), networkKey(space, swapped))
      const ball = makeBall(space, { radius, moveInputs })
      const [a, b] = [center, swapped].map((one) => [...neighbors(ball, one)].map((x) => networkOf(space, x)).sort())
      assert.equal(a, b)
    }
  )
  FastCheck.assert(check, { seed: 12, numRuns: 60 })
})

enumeration("the distance of two networks is the least over all ways to write them", () => {
  const check = FastCheck.property(
    genotypeSpaces.chain((space) => FastCheck.tuple(FastCheck.constant(space), arbitraryArchitecture(space))),
    ([space, center]) => {
      const distances = distancesFrom(space, center)
      for (const one of combinations(space))
        if (isMember(space, one)) assert.is(networkDistance(space, center, one), distances.get(networkOf(space, one)))
    }
  )
  FastCheck.assert(check, { seed: 13, numRuns: 20 })
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
