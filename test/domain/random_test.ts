import * as FastCheck from "@effect/schema/FastCheck"
import { suite } from "uvu"
import * as assert from "uvu/assert"
import { integerAt, keyOf, shuffled, split, threefry, uniformAt } from "../../src/domain/random.ts"

const known = suite("threefry()")

known("gives the published known answers", () => {
  const ones = 0xffffffff
  assert.equal(threefry([0, 0], 0, 0), [0x6b200159, 0x99ba4efe])
  assert.equal(threefry([ones, ones], ones, ones), [0x1cb996fc, 0xbb002be7])
  assert.equal(threefry([0x13198a2e, 0x03707344], 0x243f6a88, 0x85a308d3), [0xc4923a9c, 0x483df7a0])
})

known.run()

const draws = suite("integerAt(), uniformAt(), keyOf()")

/** Pearson's statistic of counts against equal expectations. */
function chiSquare(counts: ReadonlyArray<number>): number {
  const expected = counts.reduce((a, b) => a + b) / counts.length
  return counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0)
}

draws("integers are uniform over positions and over seeds", () => {
  const [byPosition, bySeed] = [new Array<number>(10).fill(0), new Array<number>(10).fill(0)]
  for (let i = 0; i < 20000; i++) {
    byPosition[integerAt(keyOf("a"), i, 10)]! += 1
    bySeed[integerAt(keyOf(split("a", i)), 0, 10)]! += 1
  }
  for (const counts of [byPosition, bySeed]) assert.ok(chiSquare(counts) < 30, String(counts))
})

draws("uniform numbers lie in [0, 1) and have mean 1/2 and variance 1/12", () => {
  const values = Array.from({ length: 20000 }, (_, i) => uniformAt(keyOf("u"), i))
  const mean = values.reduce((a, b) => a + b) / values.length
  const variance = values.reduce((sum, x) => sum + (x - mean) ** 2, 0) / values.length
  assert.ok(values.every((x) => x >= 0 && x < 1))
  assert.ok(Math.abs(mean - 0.5) < 0.01 && Math.abs(variance - 1 / 12) < 0.003)
})

draws("different seeds have different keys", () => {
  const check = FastCheck.property(
    FastCheck.string(),
    FastCheck.string(),
    (a, b) => (a === b) === (String(keyOf(a)) === String(keyOf(b)))
  )
  FastCheck.assert(check, { seed: 1, numRuns: 500 })
  assert.not.equal(keyOf("a"), keyOf("a\0"))
})

draws.run()

const shuffles = suite("shuffled()")

shuffles("is a permutation", () => {
  const check = FastCheck.property(FastCheck.nat(200), FastCheck.string(), (total, seed) => {
    const order = [...shuffled(keyOf(seed), total)]
    return (
      order.length === total &&
      order
        .slice()
        .sort((a, b) => a - b)
        .every((value, i) => value === i)
    )
  })
  FastCheck.assert(check, { seed: 2 })
})

shuffles("its prefixes are uniform samples: every ordered pair is equally likely", () => {
  const counts = new Map<string, number>()
  for (let i = 0; i < 12000; i++) {
    const [a, b] = shuffled(keyOf(`p/${i}`), 5)
    counts.set(`${a},${b}`, (counts.get(`${a},${b}`) ?? 0) + 1)
  }
  assert.is(counts.size, 20)
  assert.ok(chiSquare([...counts.values()]) < 50)
})

shuffles("takes a few of very many at once", () => {
  const first = shuffled(keyOf("x"), Number.MAX_SAFE_INTEGER).next().value
  assert.ok(first >= 0 && first <= Number.MAX_SAFE_INTEGER)
})

shuffles.run()
