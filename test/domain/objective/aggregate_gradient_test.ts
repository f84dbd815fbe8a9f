import * as FastCheck from "@effect/schema/FastCheck"
import * as Either from "effect/Either"
import { suite } from "uvu"
import * as assert from "uvu/assert"
import { type Aggregate, aggregate } from "../../../src/domain/objective/aggregate.ts"
import { aggregateGradient } from "../../../src/domain/objective/aggregate_gradient.ts"
import { AGGREGATE_TEXTS, parseAggregate } from "../../../src/domain/objective/aggregate_text.ts"
import { buildProgram } from "../../../src/domain/program/builder.ts"
import { evaluate, withGradients } from "../program/_programs.ts"
import { aggregateNode } from "./_aggregate_program.ts"

const AGGREGATES: ReadonlyArray<Aggregate> = [
  { _tag: "Mean" },
  { _tag: "Median" },
  { _tag: "Worst" },
  { _tag: "Best" },
  { _tag: "Quantile", q: 0.7 },
  { _tag: "Cvar", fraction: 0.4 },
  { _tag: "TrimmedMean", fraction: 0.25 },
  { _tag: "MeanSemideviation", k: 0.6 },
  { _tag: "MeanSemideviation", k: 1 },
  { _tag: "WeightedMean", decay: 0.5 },
  { _tag: "LogSumExp", temperature: 0.7 }
]

/** Losses further apart than a finite difference moves them. */
const losses = FastCheck.uniqueArray(FastCheck.integer({ min: 1, max: 400 }), { minLength: 1, maxLength: 7 }).map(
  (values) => values.map((value) => value / 100)
)

/** Losses of which some are equal, and a rise. */
const tied = FastCheck.array(FastCheck.integer({ min: 1, max: 12 }), { minLength: 1, maxLength: 6 }).map((values) =>
  values.map((value) => value / 4)
)
const small = FastCheck.double({ min: 0, max: 3, noNaN: true })

/** Aggregates of every kind, with any parameter that they take. */
const aggregates = FastCheck.tuple(
  FastCheck.constantFrom(...AGGREGATES),
  FastCheck.double({ min: 0.01, max: 1, noNaN: true })
).map(([how, share]): Aggregate => {
  switch (how._tag) {
    case "Quantile":
      return { ...how, q: share }
    case "Cvar":
      return { ...how, fraction: share }
    case "TrimmedMean":
      return { ...how, fraction: share / 2.01 }
    case "MeanSemideviation":
      return { ...how, k: share }
    case "WeightedMean":
      return { ...how, decay: share }
    case "LogSumExp":
      return { ...how, temperature: share }
    default:
      return how
  }
})

/** The aggregate and its gradient by a program. */
function byProgram(how: Aggregate, values: ReadonlyArray<number>, distances: ReadonlyArray<number>) {
  const program = Either.getOrThrow(
    buildProgram((b) => {
      const nodes = values.map((_, i) => b.input(`${i}`, []))
      b.output("loss", aggregateNode(b, how, nodes, distances))
    })
  )
  const made = evaluate(withGradients(program), new Map(values.map((value, i) => [`${i}`, [value]])))
  return { value: made.get("loss")![0]!, gradient: values.map((_, i) => made.get(`grad/${i}`)![0]!) }
}

const close = (a: ReadonlyArray<number>, b: ReadonlyArray<number>, tolerance: number) =>
  a.length === b.length && a.every((x, i) => Math.abs(x - b[i]!) <= tolerance)

const test = suite("aggregateGradient()")

for (const how of AGGREGATES) {
  test(`${how._tag}: is the finite difference of the aggregate, sums to 1, and agrees with the program`, () => {
    const check = FastCheck.property(losses, (values) => {
      const distances = values.map((_, i) => i % 3)
      const gradient = aggregateGradient(how, values, distances)
      const finite = values.map((_, i) => {
        const moved = (by: number) => aggregate(how, values.with(i, values[i]! + by), distances)
        return (moved(1e-6) - moved(-1e-6)) / 2e-6
      })
      assert.ok(close(gradient, finite, 1e-6), `${gradient} against ${finite}`)
      assert.ok(Math.abs(gradient.reduce((a, b) => a + b) - 1) < 1e-12)
      const program = byProgram(how, values, distances)
      assert.ok(Math.abs(program.value - aggregate(how, values, distances)) < 1e-9)
      assert.ok(close(program.gradient, gradient, 1e-9), `${program.gradient} against ${gradient}`)
    })
    FastCheck.assert(check, { seed: 56, numRuns: 40 })
  })
}

test("every kind of aggregate is held against finite differences", () => {
  const tested = new Set<string>(AGGREGATES.map(({ _tag }) => _tag))
  for (const text of AGGREGATE_TEXTS) assert.ok(tested.has(Either.getOrThrow(parseAggregate(text))._tag), text)
})

test("no weight is negative, so that no update climbs on a loss, whatever the losses and the parameter", () => {
  const check = FastCheck.property(aggregates, tied, (how, values) => {
    const distances = values.map((_, i) => i % 3)
    for (const gradient of [aggregateGradient(how, values, distances), byProgram(how, values, distances).gradient])
      assert.ok(
        gradient.every((weight) => weight >= -1e-12),
        `${JSON.stringify(how)}: ${gradient} for ${values}`
      )
  })
  FastCheck.assert(check, { seed: 59, numRuns: 300 })
})

test("no aggregate falls when a loss rises, on the host and in a program", () => {
  const check = FastCheck.property(aggregates, tied, FastCheck.nat(), small, (how, values, which, rise) => {
    const distances = values.map((_, i) => i % 3)
    const i = which % values.length
    const raised = values.with(i, values[i]! + rise)
    assert.ok(aggregate(how, raised, distances) >= aggregate(how, values, distances) - 1e-12, JSON.stringify(how))
    const node = (losses: ReadonlyArray<number>) => byProgram(how, losses, distances).value
    assert.ok(node(raised) >= node(values) - 1e-12, JSON.stringify(how))
  })
  FastCheck.assert(check, { seed: 60, numRuns: 300 })
})

test("losses 1, 2, 2 weigh the best one least, and not against it", () => {
  const [best, ...rest] = aggregateGradient({ _tag: "MeanSemideviation", k: 1 }, [1, 2, 2])
  assert.ok(best! > 0 && rest.every((weight) => weight > best!))
})

test("equal losses have finite weights that sum to 1, the same on the host and in a program", () => {
  for (const how of AGGREGATES) {
    const gradient = aggregateGradient(how, [2, 1, 2, 2])
    assert.ok(Math.abs(gradient.reduce((a, b) => a + b) - 1) < 1e-12, how._tag)
    assert.ok(close(byProgram(how, [2, 1, 2, 2], []).gradient, gradient, 1e-9), how._tag)
    assert.ok(close(byProgram(how, [2, 2, 2], []).gradient, aggregateGradient(how, [2, 2, 2]), 1e-9), how._tag)
    assert.ok(Math.abs(byProgram(how, [2, 2, 2], []).value - 2) < 1e-12, how._tag)
  }
})

test.run()
