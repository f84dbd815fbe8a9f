import * as FastCheck from "@effect/schema/FastCheck"
import * as Either from "effect/Either"
import { suite } from "uvu"
import * as assert from "uvu/assert"
import { identifier } from "../../../src/domain/architecture/identity.ts"
import { spaceSize } from "../../../src/domain/architecture/membership.ts"
import { architectureAt, ordinalOf } from "../../../src/domain/architecture/ordinal.ts"
import { makeBall, neighbors } from "../../../src/domain/neighborhood/ball.ts"
import { hamming } from "../../../src/domain/neighborhood/distance.ts"
import { aggregate } from "../../../src/domain/objective/aggregate.ts"
import { AGGREGATE_TEXTS, parseAggregate } from "../../../src/domain/objective/aggregate_text.ts"
import { flatness } from "../../../src/domain/objective/flatness.ts"
import { sweep } from "../../../src/domain/objective/landscape.ts"
import { objectiveOfAll } from "../../../src/domain/objective/objective_of_all.ts"
import { prepareObjective, targetsOf } from "../../../src/domain/objective/targets.ts"
import { makeSpace } from "../../../src/domain/space/make_space.ts"
import { decisionSpaces } from "../../_arbitrary.ts"
import { AROUND, NAS_BENCH, SMALL } from "../../effects/programs/_searches.ts"

const aggregates = AGGREGATE_TEXTS.map((text) => Either.getOrThrow(parseAggregate(text)))

const sweeps = suite("sweep()")

sweeps("equals aggregating each neighborhood alone, to the last bit, with holes and at every radius", () => {
  const check = FastCheck.property(
    decisionSpaces,
    FastCheck.integer({ min: 1, max: 3 }),
    FastCheck.constantFrom(...aggregates),
    FastCheck.boolean(),
    FastCheck.boolean(),
    FastCheck.infiniteStream(FastCheck.option(FastCheck.double({ min: -9, max: 9, noNaN: true }), { freq: 5 })),
    (space, radius, how, center, exactRadius, values) => {
      const losses = Float64Array.from([...values.take(spaceSize(space))], (value) => value ?? Number.NaN)
      const ball = makeBall(space, { radius, exactRadius })
      const swept = sweep(ball, how, losses, { center })
      for (let ordinal = 0; ordinal < losses.length; ordinal++) {
        const one = architectureAt(space, ordinal)
        const around = [...(center ? [one] : []), ...neighbors(ball, one)].filter(
          (other) => !Number.isNaN(losses[ordinalOf(space, other)]!)
        )
        const known = !Number.isNaN(losses[ordinal]!) && around.length > 0
        const lossesAround = around.map((other) => losses[ordinalOf(space, other)]!)
        const expected = known
          ? aggregate(
              how,
              lossesAround,
              around.map((other) => hamming(one, other))
            )
          : Number.NaN
        assert.ok(Object.is(swept[ordinal], expected) || swept[ordinal] === expected, `${swept[ordinal]} ${expected}`)
      }
    }
  )
  FastCheck.assert(check, { seed: 19, numRuns: 150 })
})

sweeps.run()

const whole = suite("objectiveOfAll()")

whole("the sweep and the row-by-row way agree", () => {
  const { space, table, losses } = NAS_BENCH
  const objective = AROUND
  const known = identifier(space, "exact")
  const swept = objectiveOfAll(
    prepareObjective(space, objective, known, () => true),
    table,
    losses
  )
  const rowByRow = objectiveOfAll(
    prepareObjective(space, { ...objective, neighbors: 24 }, known, () => true),
    table,
    losses
  )
  assert.equal(swept, rowByRow)
})

whole.run()

const targets = suite("targetsOf()")

targets("without neighbors they are the center alone; without center the neighbors alone", () => {
  const { space } = SMALL
  const objective = { ...AROUND, neighbors: 0 } as const
  const prepare = (changes: object) =>
    prepareObjective(space, { ...objective, ...changes }, identifier(space, "exact"), () => true)
  const center = [0, 1, 2, 0]
  assert.equal(targetsOf(prepare({}), center, "s"), { architectures: [center], distances: [0] })
  const around = targetsOf(prepare({ neighbors: "all", center: false }), center, "s")
  assert.is(around.architectures.length, 8)
  assert.not.ok(around.distances.includes(0))
  const sampled = targetsOf(prepare({ neighbors: 3 }), center, "s")
  assert.equal(sampled.distances, [0, 1, 1, 1])
})

targets.run()

const flat = suite("flatness()")

flat("reports a landscape made by hand", () => {
  const space = Either.getOrThrow(
    makeSpace({ version: 1, name: "hand", decisions: ["a", "b"].map((name) => ({ name, choices: ["x", "y", "z"] })) })
  )
  const losses = [5, 1, 9, 3, 2, 8, 7, 4, 6]
  const ball = makeBall(space)
  const objective = sweep(ball, { _tag: "Mean" }, Float64Array.from(losses), { center: true })
  const lossOf = (one: ReadonlyArray<number>) => losses[ordinalOf(space, one)] ?? Number.NaN
  const report = flatness(ball, [0, 0], {
    lossOf,
    aggregate: { _tag: "Mean" },
    center: true,
    population: { own: losses, objective },
    peers: 3,
    bins: 4
  })!
  assert.is(report.own, 5)
  assert.is(report.objective, (5 + 1 + 9 + 3 + 7) / 5)
  assert.is(report.neighborMean, 5)
  assert.ok(Math.abs(report.neighborSd - Math.sqrt(40 / 3)) < 1e-12)
  assert.equal(report.best, { architecture: [0, 1], loss: 1 })
  assert.equal(report.worst, { architecture: [0, 2], loss: 9 })
  assert.equal(report.histogram, { edges: [1, 3, 5, 7, 9], counts: [1, 1, 0, 2] })
  assert.equal(report.sensitivity, [
    {
      decision: 0,
      meanAbsoluteChange: 2,
      replacements: [
        { choice: 1, change: -2 },
        { choice: 2, change: 2 }
      ]
    },
    {
      decision: 1,
      meanAbsoluteChange: 4,
      replacements: [
        { choice: 1, change: -4 },
        { choice: 2, change: 4 }
      ]
    }
  ])
  assert.is(report.ownPercentile, 4.5 / 9)
  assert.is(report.peers, 3)
  const rank =
    [...objective].filter((value) => value > report.objective).length +
    0.5 * [...objective].filter((value) => value === report.objective).length
  assert.is(report.objectivePercentile, rank / 9)
})

flat("an architecture without a loss has no report", () => {
  const { space, table } = SMALL
  const options = {
    lossOf: () => Number.NaN,
    aggregate: { _tag: "Mean" },
    center: true,
    population: { own: [], objective: [] }
  } as const
  assert.is(flatness(makeBall(space), table.architectures[0]!, options), undefined)
})

flat.run()
