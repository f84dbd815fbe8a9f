import * as FastCheck from "@effect/schema/FastCheck"
import { suite } from "uvu"
import * as assert from "uvu/assert"
import { kendallTau } from "../../../src/domain/statistics/kendall.ts"
import { histogram, shareAbove, summarize } from "../../../src/domain/statistics/summary.ts"

const small = FastCheck.array(FastCheck.tuple(FastCheck.nat(6), FastCheck.nat(6)), { minLength: 2, maxLength: 30 })
const values = FastCheck.array(FastCheck.double({ min: -1e3, max: 1e3, noNaN: true }), { minLength: 1, maxLength: 40 })

const test = suite("kendallTau()")

test("equals its definition over all pairs, ties included", () => {
  FastCheck.assert(
    FastCheck.property(small, (points) => {
      let [balance, x, y] = [0, 0, 0]
      for (const [i, [a, b]] of points.entries()) {
        for (const [c, d] of points.slice(i + 1)) {
          balance += Math.sign(a - c) * Math.sign(b - d)
          x += a === c ? 0 : 1
          y += b === d ? 0 : 1
        }
      }
      const tau = kendallTau(
        points.map(([a]) => a),
        points.map(([, b]) => b)
      )
      if (x === 0 || y === 0) assert.ok(Number.isNaN(tau))
      else assert.ok(Math.abs(tau - balance / Math.sqrt(x * y)) < 1e-12)
    }),
    { seed: 20, numRuns: 300 }
  )
})

test.run()

const summaries = suite("summarize(), shareAbove(), histogram()")

summaries("mean and deviation are those of the textbook, also far from zero", () => {
  FastCheck.assert(
    FastCheck.property(values, (xs) => {
      const mean = xs.reduce((a, b) => a + b) / xs.length
      const sd = xs.length === 1 ? 0 : Math.sqrt(xs.reduce((sum, x) => sum + (x - mean) ** 2, 0) / (xs.length - 1))
      const summary = summarize(xs)
      assert.ok(Math.abs(summary.mean - mean) < 1e-9 && Math.abs(summary.sd - sd) < 1e-9)
    }),
    { seed: 21 }
  )
  assert.ok(Math.abs(summarize([1e9 + 1, 1e9 + 2, 1e9 + 3]).sd - 1) < 1e-6)
})

summaries("the share above counts equals half", () => {
  assert.is(shareAbove([1, 2, 2, 3], 2), 0.5)
  assert.is(shareAbove([1, 2, 3], 0), 1)
  assert.is(shareAbove([1, 2, 3], 4), 0)
})

summaries("every value falls into one bin of its range", () => {
  FastCheck.assert(
    FastCheck.property(values, FastCheck.integer({ min: 1, max: 9 }), (xs, bins) => {
      const { edges, counts } = histogram(xs, bins)
      assert.is(edges.length, bins + 1)
      assert.is(
        counts.reduce((a, b) => a + b),
        xs.length
      )
      assert.is(edges[0], Math.min(...xs))
      assert.is(edges.at(-1), Math.max(...xs))
    }),
    { seed: 22 }
  )
})

summaries.run()
