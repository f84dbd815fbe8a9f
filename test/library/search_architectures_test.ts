import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import { suite } from "uvu"
import * as assert from "uvu/assert"
import { drawCandidate } from "../../src/domain/architecture/candidates.ts"
import { evolution } from "../../src/domain/searchers/evolution.ts"
import { exhaustive } from "../../src/domain/searchers/exhaustive.ts"
import type { Searcher } from "../../src/domain/searchers/searcher.ts"
import { successiveHalving } from "../../src/domain/searchers/successive_halving.ts"
import { builtinSpace } from "../../src/domain/space/spaces.ts"
import type { Evaluate } from "../../src/library/evaluate.ts"
import { type ReadableArchitecture, readSpace } from "../../src/library/readable.ts"
import { runPromise } from "../../src/library/run_promise.ts"
import { type SearchOptions, searchArchitectures } from "../../src/library/search_architectures.ts"
import { AROUND, SMALL, searching } from "../effects/programs/_searches.ts"

const { table, losses } = SMALL
const space = readSpace({
  name: "small",
  decisions: ["a", "b", "c", "d"].map((name) => ({ name, choices: ["x", "y", "z"] }))
})
const lossOf = ({ architecture }: ReadableArchitecture) => losses[table.rowOf(architecture)]!
const evaluate: Evaluate = lossOf
const run = (options: Partial<SearchOptions> = {}) => runPromise(searchArchitectures({ space, evaluate, ...options }))
const refused = async (options: Partial<SearchOptions<unknown>>) => {
  try {
    await runPromise(searchArchitectures({ space, evaluate, ...options }))
  } catch (error) {
    assert.instance(error, Error)
    return (error as Error).message
  }
  throw new Error("it was not refused")
}

const test = suite("searchArchitectures()")

test("finds what NA-RS finds over the same table, and shows it by names", async () => {
  const [outcome] = await Effect.runPromise(searching(SMALL, { samples: 100, seed: "7" }))
  const { architecture, choices, text, loss, samples, stop } = await run({ seed: 7 })
  assert.is(text, outcome!.architecture)
  assert.is(loss, outcome!.loss)
  assert.equal([samples, stop], [100, "samples"])
  assert.equal(Object.keys(choices), ["a", "b", "c", "d"])
  assert.equal(
    Object.values(choices),
    architecture.map((choice) => "xyz"[choice])
  )
  assert.is(AROUND.aggregate._tag, "Mean")
})

test("takes a number, a promise of one and an Effect alike", async () => {
  class Losses extends Context.Tag("Losses")<Losses, Float64Array>() {}
  const expected = await run()
  const promised = await run({ evaluate: async (one) => lossOf(one), concurrency: 8 })
  const asked = searchArchitectures({
    space,
    evaluate: ({ architecture }) => Effect.map(Losses, (all) => all[table.rowOf(architecture)]!)
  })
  assert.equal(promised, expected)
  assert.equal(await runPromise(Effect.provideService(asked, Losses, losses)), expected)
})

for (const [name, reply, told] of [
  ["nothing", undefined, "`evaluate` returned undefined; return a number, lower is better"],
  ["NaN", Number.NaN, "`evaluate` returned NaN; return a number"],
  ["minus infinity", Number.NEGATIVE_INFINITY, "`evaluate` returned -Infinity; return a number"],
  ["a text", "0.5", '`evaluate` returned "0.5"; return a number'],
  ["an object", { loss: 1 }, "`evaluate` returned an object; return a number"]
] as const) {
  test(`an evaluation that returns ${name} is told what to return, and for which architecture`, async () => {
    for (const one of [reply, Promise.resolve(reply), Effect.succeed(reply)]) {
      const message = await refused({ evaluate: (() => one) as Evaluate })
      assert.match(message, told)
      assert.match(message, /^Cannot evaluate architecture "[0-2]{4}": /)
    }
  })
}

test("what an evaluation throws, rejects or fails with is the cause of the error", async () => {
  const cause = new Error("out of disk")
  for (const evaluate of [
    () => {
      throw cause
    },
    () => Promise.reject(cause),
    () => Effect.fail(cause)
  ]) {
    const error = await runPromise(Effect.flip(searchArchitectures({ space, evaluate })))
    assert.match(error.message, "`evaluate` failed: out of disk")
    assert.is((error as Error & { cause: Error }).cause.message, cause.message)
  }
})

test("an infinite loss is a training that diverged", async () => {
  const some: Evaluate = (one) => (one.architecture[0] === 0 ? Number.POSITIVE_INFINITY : lossOf(one))
  const best = await run({ evaluate: some, objective: { aggregate: "median" } })
  assert.ok(best.diverged > 0)
  assert.ok(Number.isFinite(best.loss))
  const message = await refused({ evaluate: () => Number.POSITIVE_INFINITY })
  assert.match(message, "evaluations diverged; return a finite loss from `evaluate`, or take an `objective.aggregate`")
})

for (const [name, options, told] of [
  ["an unknown aggregate", { objective: { aggregate: "avg" } }, '`objective.aggregate`: "avg"'],
  ["a radius of 0", { objective: { radius: 0 } }, "`objective.radius`: Expected a positive number"],
  ["a setting that the objective lacks", { objective: { radios: 1 } as object }, "`objective.radios`: is unexpected"],
  ["nothing to aggregate", { objective: { neighbors: 0, center: false } }, "leave nothing to aggregate"],
  ["a budget of 0", { budget: { samples: 0 } }, "`budget.samples`: Expected a positive number"],
  ["no budget at all", { budget: {} }, '`budget`: the searcher "rs" ends at a budget only; give `samples`'],
  ["settings of another searcher", { settings: { population: 5 } }, /`population`: .* the searcher "rs"/],
  [
    "a population of 0",
    { searcher: evolution, settings: { population: 0 } },
    "`population`: expected a whole number above 0, not 0"
  ],
  ["an identity that the space lacks", { identity: "official" }, '`identity`: "official" needs a space like'],
  ["candidates that nothing meets", { admits: () => false }, "no candidate meets"]
] as const) {
  test(`refuses ${name}, and names what to change in code`, async () => {
    const message = await refused(options as Partial<SearchOptions>)
    assert.match(message, told)
    assert.not.match(message, "--")
  })
}

test("only admitted architectures are evaluated, neighbors included", async () => {
  const seen = new Set<string>()
  const best = await run({
    evaluate: (one) => {
      seen.add(one.text)
      return lossOf(one)
    },
    admits: ({ choices }) => choices.a !== "z"
  })
  assert.ok(seen.size > 40)
  assert.ok([...seen].every((text) => text[0] !== "2"))
  assert.is.not(best.choices.a, "z")
})

test("every searcher plugs in, with its settings; one that ends by itself needs no budget", async () => {
  const all = await run({ searcher: exhaustive, objective: "own" })
  assert.equal([all.samples, all.stop, all.loss], [81, "exhausted", Math.min(...losses)])
  const bred = await run({ searcher: evolution, settings: { population: 5, tournament: 2 }, budget: { samples: 30 } })
  assert.is(bred.samples, 30)
})

test("successive halving tells the evaluation its epochs", async () => {
  const asked = new Map<number | undefined, number>()
  const best = await run({
    searcher: successiveHalving,
    settings: { samples: 9, epochs: 9, eta: 3 },
    objective: "own",
    evaluate: ({ architecture }, { epochs }) => {
      asked.set(epochs, (asked.get(epochs) ?? 0) + 1)
      return losses[table.rowOf(architecture)]! + 1 / epochs!
    }
  })
  assert.equal([...asked.keys()], [1, 3, 9])
  assert.equal([best.samples, best.stop], [9, "exhausted"])
})

test("so does one of the user's own", async () => {
  const everyOther: Searcher<number, Record<never, never>> = {
    name: "every-other",
    summary: "every other random candidate",
    fields: {},
    ends: false,
    start: () => 0,
    propose: (candidates, next, limit) => [
      Array.from({ length: limit }, (_, i) => ({
        sequence: next + i,
        architecture: drawCandidate(candidates, `${2 * (next + i)}`)!
      })),
      next + limit
    ],
    observe: (next) => next
  }
  const best = await run({ searcher: everyOther, budget: { samples: 12 } })
  assert.is(best.samples, 12)
})

test("an aggregate of the user's own decides", async () => {
  const mean = (all: ReadonlyArray<number>) => all.reduce((sum, one) => sum + one, 0) / all.length
  assert.equal(await run({ objective: { aggregate: mean } }), await run())
  const nearest = await run({ objective: { aggregate: (all, distances) => all[distances.indexOf(0)]! } })
  assert.is(nearest.loss, nearest.ownLoss)
  assert.match(await refused({ objective: { aggregate: () => Number.NaN } }), "`objective.aggregate` returned NaN")
})

test("networks that are the same share an evaluation where asked to", async () => {
  const options = { space: builtinSpace("nas-bench-201"), evaluate: ({ text }: { text: string }) => text.length }
  const exact = await run({ ...options, budget: { samples: 20 } })
  const shared = await run({ ...options, budget: { samples: 20 }, identity: "functional" })
  assert.is(exact.evaluations, shared.evaluations)
  assert.ok(shared.uniqueEvaluations < exact.uniqueEvaluations)
})

test("tells its progress, and stops at the signal", async () => {
  const told: Array<number> = []
  await run({ budget: { samples: 130 }, onProgress: ({ samples }) => told.push(samples) })
  assert.equal(told.slice(0, 2), [64, 128])
  const controller = new AbortController()
  const endless = searchArchitectures({ space, evaluate: () => new Promise<number>(() => {}) })
  const promise = runPromise(endless, { signal: controller.signal })
  controller.abort()
  assert.instance(await promise.catch((error) => error), Error)
})

test.run()
