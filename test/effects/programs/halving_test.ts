import * as Effect from "effect/Effect"
import { suite } from "uvu"
import * as assert from "uvu/assert"
import { type Architecture, architectureKey } from "../../../src/domain/architecture/architecture.ts"
import { candidateSeed, drawCandidate, spaceCandidates } from "../../../src/domain/architecture/candidates.ts"
import { makeBall, neighbors } from "../../../src/domain/neighborhood/ball.ts"
import { keyOf, uniformAt } from "../../../src/domain/random.ts"
import { ValidationLoss } from "../../../src/domain/score/score.ts"
import { planSpaceSearch } from "../../../src/domain/searchers/plan_search.ts"
import { successiveHalving } from "../../../src/domain/searchers/successive_halving.ts"
import { builtinSpace } from "../../../src/domain/space/spaces.ts"
import { type ArchitectureEvaluator, EvaluationError, Evaluator } from "../../../src/effects/ports/evaluator.ts"
import { repeatSearch } from "../../../src/effects/programs/repeat_search.ts"
import { failure, run } from "../../_effect.ts"
import * as MemoryRunStore from "./_memory_run.ts"
import { settingsOf } from "./_searches.ts"

const space = builtinSpace("nas-bench-201")
/** It grows with the epochs, so that the last rung has no lower loss than the first. */
const lossAt = (epochs: number, architecture: Architecture) => {
  const key = keyOf(architectureKey(architecture))
  return uniformAt(key, 0) + uniformAt(key, epochs) / epochs + epochs
}

/** Evaluators that keep a ledger of what they trained, and may break down. */
function evaluatorAt(
  ledger: Array<string> = [],
  failAfter = Number.POSITIVE_INFINITY,
  diverges: (architecture: Architecture, epochs: number) => boolean = () => false
): ArchitectureEvaluator {
  const after = (epochs: number): ArchitectureEvaluator => ({
    identity: `test/${epochs}`,
    admits: () => true,
    batch: 1,
    concurrency: 1,
    evaluate: (architectures) =>
      Effect.suspend(() => {
        if (ledger.length >= failAfter)
          return Effect.fail(new EvaluationError({ architecture: "any", reason: "failed", detail: "broke down" }))
        ledger.push(...architectures.map((one) => `${epochs}/${architectureKey(one)}`))
        return Effect.succeed(
          architectures.map((one) =>
            diverges(one, epochs)
              ? { loss: ValidationLoss(100), seconds: epochs, diverged: true as const }
              : { loss: ValidationLoss(lossAt(epochs, one)), seconds: epochs }
          )
        )
      }),
    after
  })
  return after(9)
}

const searching = (
  given: Parameters<typeof settingsOf>[0],
  at = evaluatorAt(),
  store: MemoryRunStore.MemoryRun = MemoryRunStore.emptyRun()
) =>
  Effect.gen(function* () {
    const plan = yield* planSpaceSearch(settingsOf({ cost: undefined, samples: 9, ...given }), space)
    const halved = { ...plan, searcher: successiveHalving, settings: { samples: 9, epochs: 9, eta: 3 } }
    const options = { seed: "h", repeat: 1, onProgress: () => Effect.void }
    return (yield* repeatSearch(halved, options))[0]!
  }).pipe(Effect.provideService(Evaluator, at), Effect.provide(MemoryRunStore.layer(store)))

const drawn = Array.from({ length: 9 }, (_, i) => drawCandidate(spaceCandidates(space), candidateSeed("h", i))!)
const best = (pool: ReadonlyArray<Architecture>, count: number, loss: (one: Architecture) => number) =>
  pool.filter((one) => pool.filter((other) => loss(other) < loss(one)).length < count)

const test = suite("search() by successive halving")

test("returns the best of the last rung, and counts every training", async () => {
  const ledger: Array<string> = []
  const outcome = await run(searching({ algorithm: "rs", identity: "exact" }, evaluatorAt(ledger)))
  const second = best(drawn, 3, (one) => lossAt(1, one))
  const [last] = best(second, 1, (one) => lossAt(3, one))
  assert.is(outcome.architecture, architectureKey(last!))
  assert.is(outcome.loss, lossAt(9, last!))
  assert.is(outcome.ownLoss, outcome.loss)
  assert.equal(
    [outcome.samples, outcome.evaluations, outcome.uniqueEvaluations, outcome.simulatedSeconds],
    [9, 13, 13, 9 + 3 * (3 - 1) + (9 - 3)]
  )
  assert.equal(ledger, [
    ...drawn.map((one) => `1/${architectureKey(one)}`),
    ...second.map((one) => `3/${architectureKey(one)}`),
    `9/${architectureKey(last!)}`
  ])
})

test("aggregates over the neighborhood on every rung", async () => {
  const mean = (epochs: number) => (one: Architecture) => {
    const all = [one, ...neighbors(makeBall(space), one)]
    return all.reduce((sum, other) => sum + lossAt(epochs, other), 0) / all.length
  }
  const outcome = await run(searching({ algorithm: "na-rs" }))
  const [last] = best(best(drawn, 3, mean(1)), 1, mean(3))
  assert.is(outcome.architecture, architectureKey(last!))
  assert.ok(Math.abs(outcome.loss - mean(9)(last!)) < 1e-9)
  assert.is(outcome.evaluations, 13 * 25)
  const some = await run(searching({ algorithm: "na-rs", neighbors: 24 }))
  assert.equal(some, outcome)
})

test("keeps the neighbors of a candidate on every rung", async () => {
  const ledger: Array<string> = []
  await run(searching({ algorithm: "na-rs", neighbors: 2 }, evaluatorAt(ledger)))
  const of = (epochs: number) => ledger.filter((one) => one.startsWith(`${epochs}/`)).map((one) => one.split("/")[1]!)
  assert.ok(of(9).length === 3 && of(9).every((one) => of(3).includes(one)))
  assert.ok(of(3).every((one) => of(1).includes(one)))
})

test("broken anywhere and continued it equals one that never broke, and trains nothing twice", async () => {
  const whole = MemoryRunStore.emptyRun()
  const expected = await run(searching({ algorithm: "na-rs", neighbors: 2 }, evaluatorAt(), whole))
  const broken = MemoryRunStore.emptyRun()
  const ledger: Array<string> = []
  let breaks = 0
  for (;;) {
    const at = evaluatorAt(ledger, ledger.length + 7)
    const exit = await Effect.runPromiseExit(searching({ algorithm: "na-rs", neighbors: 2 }, at, broken))
    if (exit._tag === "Success") {
      assert.equal(exit.value, expected)
      break
    }
    breaks += 1
  }
  assert.ok(breaks > 2)
  assert.is(new Set(ledger).size, ledger.length)
  assert.equal([...broken.journal], [...whole.journal])
})

test("a candidate that diverges ends behind all others, and the last rung is never one that did", async () => {
  const fails = new Set(
    best(drawn, 3, (one) => lossAt(1, one))
      .slice(0, 2)
      .map(architectureKey)
  )
  const at = (from: number) =>
    evaluatorAt([], Number.POSITIVE_INFINITY, (one, epochs) => epochs >= from && fails.has(architectureKey(one)))
  const given = { algorithm: "rs", identity: "exact" } as const
  const early = await run(searching(given, at(1)))
  assert.not.ok(fails.has(early.architecture))
  assert.is(early.diverged, 2)
  const late = await run(searching(given, at(3)))
  assert.not.ok(fails.has(late.architecture))
  assert.is(late.diverged, 2)
  const last = evaluatorAt([], Number.POSITIVE_INFINITY, (_, epochs) => epochs === 9)
  assert.match(
    (await failure(searching(given, last))).message,
    "no candidate has a score: 1 of 13 evaluations diverged; give"
  )
})

test("says what it cannot do", async () => {
  const text = async (given: Parameters<typeof settingsOf>[0]) => (await failure(searching(given))).message
  assert.match(await text({ algorithm: "rs", constraint: ["params<=5"] }), "there is no table")
  assert.match(await text({ algorithm: "rs", constraint: ["count(none)>=7"] }), "no candidate meets the constraints")
})

test("meets constraints on choices", async () => {
  const outcome = await run(searching({ algorithm: "rs", constraint: ["count(none)<=0"] }))
  assert.not.ok(outcome.architecture.includes("0"))
})

test.run()
