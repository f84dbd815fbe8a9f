import * as FastCheck from "@effect/schema/FastCheck"
import * as Either from "effect/Either"
import { suite } from "uvu"
import * as assert from "uvu/assert"
import { type Aggregate, aggregate } from "../../../src/domain/objective/aggregate.ts"
import { AGGREGATE_TEXTS, parseAggregate, printAggregate } from "../../../src/domain/objective/aggregate_text.ts"

const losses = FastCheck.array(FastCheck.double({ min: -100, max: 100, noNaN: true }), { minLength: 1, maxLength: 12 })
const all = AGGREGATE_TEXTS.map((text) => Either.getOrThrow(parseAggregate(text)))
const close = (a: number, b: number) => Math.abs(a - b) <= 1e-9 * Math.max(1, Math.abs(a), Math.abs(b))
const mean = (xs: ReadonlyArray<number>) => xs.reduce((a, b) => a + b) / xs.length
const upwards = (xs: ReadonlyArray<number>) => [...xs].sort((a, b) => a - b)

const test = suite("aggregate()")

test("each equals its definition written out", () => {
  const fraction = FastCheck.double({ min: 0.01, max: 1, noNaN: true })
  FastCheck.assert(
    FastCheck.property(losses, fraction, (xs, q) => {
      const sorted = upwards(xs)
      const twins: ReadonlyArray<readonly [Aggregate, number]> = [
        [{ _tag: "Mean" }, mean(xs)],
        [
          { _tag: "Median" },
          xs.length % 2 === 1 ? sorted[(xs.length - 1) / 2]! : mean(sorted.slice(xs.length / 2 - 1, xs.length / 2 + 1))
        ],
        [{ _tag: "Worst" }, sorted.at(-1)!],
        [{ _tag: "Best" }, sorted[0]!],
        [
          { _tag: "MeanSemideviation", k: q },
          mean(xs) + q * Math.sqrt(mean(xs.map((x) => (x > mean(xs) ? (x - mean(xs)) ** 2 : 0))))
        ],
        [{ _tag: "LogSumExp", temperature: 50 }, 50 * Math.log(mean(xs.map((x) => Math.exp(x / 50))))],
        [
          { _tag: "TrimmedMean", fraction: 0.25 },
          mean(sorted.filter((_, i) => i >= Math.floor(xs.length / 4) && i < xs.length - Math.floor(xs.length / 4)))
        ]
      ]
      for (const [how, expected] of twins)
        assert.ok(close(aggregate(how, xs), expected), `${printAggregate(how)} ${xs}`)
      const whole = Math.ceil(q * xs.length)
      assert.ok(close(aggregate({ _tag: "Cvar", fraction: whole / xs.length }, xs), mean(sorted.slice(-whole))))
      const place = Math.round(q * (xs.length - 1))
      if (xs.length > 1)
        assert.ok(close(aggregate({ _tag: "Quantile", q: place / (xs.length - 1) }, xs), sorted[place]!))
      const weights = xs.map((_, i) => q ** (i % 3))
      const weighted = xs.reduce((sum, x, i) => sum + weights[i]! * x, 0) / weights.reduce((a, b) => a + b)
      assert.ok(
        close(
          aggregate(
            { _tag: "WeightedMean", decay: q },
            xs,
            xs.map((_, i) => i % 3)
          ),
          weighted
        )
      )
    }),
    { seed: 14, numRuns: 300 }
  )
})

test("a fractional CVaR takes its share of the next loss, and between two losses a quantile is linear", () => {
  assert.ok(close(aggregate({ _tag: "Cvar", fraction: 0.375 }, [1, 2, 3, 4]), (4 + 0.5 * 3) / 1.5))
  assert.is(aggregate({ _tag: "Quantile", q: 0.25 }, [0, 10, 20]), 5)
})

test("none depends on the order of the losses", () => {
  FastCheck.assert(
    FastCheck.property(losses, (xs) => {
      for (const how of all) assert.ok(close(aggregate(how, [...xs].reverse()), aggregate(how, xs)))
    }),
    { seed: 15 }
  )
})

test("all lie between the best and the worst loss", () => {
  FastCheck.assert(
    FastCheck.property(losses, (xs) => {
      const [low, high] = [Math.min(...xs) - 1e-9, Math.max(...xs) + 1e-9]
      for (const how of all) {
        const value = aggregate(how, xs)
        assert.ok(value >= low && value <= high, `${printAggregate(how)} ${value}`)
      }
    }),
    { seed: 16 }
  )
})

test("the limits are those of their names", () => {
  FastCheck.assert(
    FastCheck.property(losses, (xs) => {
      const distances = xs.map((_, i) => (i === 0 ? 0 : 1))
      assert.is(aggregate({ _tag: "Quantile", q: 0 }, xs), Math.min(...xs))
      assert.is(aggregate({ _tag: "Quantile", q: 1 }, xs), Math.max(...xs))
      assert.is(aggregate({ _tag: "Cvar", fraction: 1e-9 }, xs), Math.max(...xs))
      assert.ok(close(aggregate({ _tag: "Cvar", fraction: 1 }, xs), mean(xs)))
      assert.ok(close(aggregate({ _tag: "TrimmedMean", fraction: 0 }, xs), mean(xs)))
      assert.ok(close(aggregate({ _tag: "MeanSemideviation", k: 0 }, xs), mean(xs)))
      assert.ok(Math.abs(aggregate({ _tag: "LogSumExp", temperature: 1e-6 }, xs) - Math.max(...xs)) < 1e-5)
      assert.ok(Math.abs(aggregate({ _tag: "LogSumExp", temperature: 1e7 }, xs) - mean(xs)) < 1e-2)
      assert.ok(close(aggregate({ _tag: "WeightedMean", decay: 1 }, xs, distances), mean(xs)))
      assert.ok(close(aggregate({ _tag: "WeightedMean", decay: 0 }, xs, distances), xs[0]!))
    }),
    { seed: 17 }
  )
})

test("one loss alone is itself, to the last bit", () => {
  FastCheck.assert(
    FastCheck.property(FastCheck.double({ noNaN: true, noDefaultInfinity: true }), (x) => {
      for (const how of all) assert.is(aggregate(how, [x], [0]), x)
    }),
    { seed: 18 }
  )
})

test("an infinite loss is left out or makes the aggregate infinite, and never no number", () => {
  const INFINITE = Number.POSITIVE_INFINITY
  const of = (how: Aggregate, losses: ReadonlyArray<number>, distances?: ReadonlyArray<number>) =>
    aggregate(how, losses, distances)
  assert.is(of({ _tag: "Median" }, [INFINITE, 1, 2]), 2)
  assert.is(of({ _tag: "Median" }, [INFINITE, 1]), INFINITE)
  assert.is(of({ _tag: "Quantile", q: 0.5 }, [INFINITE, 1, INFINITE, INFINITE]), INFINITE)
  assert.is(of({ _tag: "Quantile", q: 0.25 }, [1, 2, 3, 4, INFINITE]), 2)
  assert.is(of({ _tag: "TrimmedMean", fraction: 0.2 }, [1, 2, 3, 4, INFINITE]), 3)
  assert.is(of({ _tag: "TrimmedMean", fraction: 0.2 }, [1, 2, 3, INFINITE, INFINITE]), INFINITE)
  assert.is(of({ _tag: "Best" }, [INFINITE, 1]), 1)
  assert.is(of({ _tag: "WeightedMean", decay: 0 }, [1, INFINITE], [0, 1]), 1)
  for (const how of all.filter(({ _tag }) => !["Median", "Quantile", "TrimmedMean", "Best"].includes(_tag)))
    assert.is(of(how, [1, INFINITE, 2, INFINITE], [0, 1, 1, 1]), INFINITE, printAggregate(how))
  for (const how of all) assert.is(of(how, [INFINITE, INFINITE], [0, 1]), INFINITE, printAggregate(how))
})

test.run()

const texts = suite("parseAggregate(), printAggregate()")

texts("every text is printed as it was read", () => {
  for (const text of AGGREGATE_TEXTS) assert.is(printAggregate(Either.getOrThrow(parseAggregate(text))), text)
  assert.equal(parseAggregate("cvar"), parseAggregate("cvar:0.25"))
})

texts("what is no aggregate is an error that helps", () => {
  for (const text of [
    "",
    "avg",
    "mean:1",
    "cvar:0",
    "cvar:2",
    "quantile:-1",
    "quantile:x",
    "quantile:",
    "quantile:1:2",
    "trimmed-mean:0.5",
    "log-sum-exp:0",
    "mean-std:1",
    "mean-semideviation:1.01",
    "mean-semideviation:-1",
    "mean-semideviation:Infinity",
    "constructor"
  ]) {
    assert.ok(Either.isLeft(parseAggregate(text)), text)
  }
  const problem = (text: string) => Either.getOrElse(Either.flip(parseAggregate(text)), () => "")
  assert.match(problem("mean-std:1"), 'use "mean-semideviation:1"')
  assert.match(problem("mean-std"), 'use "mean-semideviation:1"')
  assert.match(problem("mean-semideviation:2"), "0 to 1: beyond it a larger loss could lower the aggregate")
})

texts.run()
