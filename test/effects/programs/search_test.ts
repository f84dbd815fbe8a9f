import * as FastCheck from "@effect/schema/FastCheck"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Exit from "effect/Exit"
import { suite } from "uvu"
import * as assert from "uvu/assert"
import { type Architecture, architectureKey, architectureOfKey } from "../../../src/domain/architecture/architecture.ts"
import { candidateSeed, drawCandidate, listedCandidates } from "../../../src/domain/architecture/candidates.ts"
import { identityKey } from "../../../src/domain/architecture/identity.ts"
import { makeBall, neighbors } from "../../../src/domain/neighborhood/ball.ts"
import { aggregate } from "../../../src/domain/objective/aggregate.ts"
import { parseAggregate } from "../../../src/domain/objective/aggregate_text.ts"
import { failure, run } from "../../_effect.ts"
import { emptyRun } from "./_memory_run.ts"
import { type Behaviour, NAS_BENCH, SMALL, searching } from "./_searches.ts"

const ALGORITHM_NAMES = ["rs", "na-rs", "evolution", "local-search", "exhaustive"] as const

const results = suite("search()")

results("random search is NA-RS without neighbors, to the last bit", async () => {
  for (const aggregate of [
    "mean",
    "worst",
    "mean-semideviation:0.5",
    "cvar:0.3",
    "log-sum-exp:0.5",
    "quantile:0.2",
    "weighted-mean:0.5"
  ]) {
    const rs = await run(searching(NAS_BENCH, { algorithm: "rs", samples: 50, seed: "s" }))
    const naRs = await run(
      searching(NAS_BENCH, { algorithm: "na-rs", neighbors: 0, aggregate, samples: 50, seed: "s" })
    )
    assert.equal(naRs, rs)
  }
})

results("NA-RS returns the sample whose neighborhood has the best mean", async () => {
  const { space, table, losses } = NAS_BENCH
  const [outcome] = await run(searching(NAS_BENCH, { samples: 40, seed: "brute" }))
  const candidates = listedCandidates(space, table.architectures)
  const scored = Array.from({ length: 40 }, (_, i) => {
    const center = drawCandidate(candidates, candidateSeed("brute", i))!
    const around = [center, ...neighbors(makeBall(space), center)].map((one) => losses[table.rowOf(one)]!)
    return {
      key: architectureKey(center),
      loss: around.reduce((a, b) => a + b) / around.length,
      around: [center, ...neighbors(makeBall(space), center)]
    }
  })
  const best = scored.reduce((a, b) => (b.loss < a.loss ? b : a))
  assert.is(outcome!.architecture, best.key)
  assert.ok(Math.abs(outcome!.loss - best.loss) < 1e-9)
  assert.is(outcome!.evaluations, 40 * 25)
  const all = scored.flatMap(({ around }) => around)
  assert.is(outcome!.uniqueEvaluations, new Set(all.map(architectureKey)).size)
  const [shared] = await run(searching(NAS_BENCH, { samples: 40, seed: "brute", identity: "functional" }))
  const networks = new Set(all.map((one) => identityKey(space, "functional", one)))
  assert.is(shared!.uniqueEvaluations, networks.size)
})

results("24 neighbors of NAS-Bench-201 are all neighbors", async () => {
  const some = await run(searching(NAS_BENCH, { neighbors: 24, samples: 30 }))
  const all = await run(searching(NAS_BENCH, { neighbors: "all", samples: 30 }))
  assert.equal(some, all)
})

results("the same seed gives the same outcome at any concurrency, batch and speed", async () => {
  for (const algorithm of ALGORITHM_NAMES) {
    const given = {
      algorithm,
      samples: 60,
      neighbors: 3,
      objective: algorithm === "rs" ? "own" : "neighborhood",
      seed: "c"
    } as const
    const [alone] = await run(searching(SMALL, given))
    for (const behaviour of [
      { batch: 1, concurrency: 8, jitter: true },
      { batch: 7, concurrency: 3, jitter: true }
    ]) {
      const [together] = await run(searching(SMALL, given, behaviour))
      assert.equal(together, alone, algorithm)
    }
  }
})

results("other seeds give other samples", async () => {
  const keys = await Promise.all(
    ["0", "1", "2", "3"].map((seed) => run(searching(NAS_BENCH, { algorithm: "rs", samples: 20, seed })))
  )
  assert.ok(new Set(keys.map(([outcome]) => outcome!.architecture)).size > 1)
})

results("a broken run, continued until it ends, equals one that never broke, and evaluates nothing twice", async () => {
  for (const algorithm of ALGORITHM_NAMES) {
    const given = {
      algorithm,
      objective: algorithm === "rs" ? "own" : "neighborhood",
      neighbors: 4,
      samples: 70,
      repeat: 2,
      seed: "r"
    } as const
    const whole = emptyRun()
    const expected = await run(searching(SMALL, given, {}, whole))
    const broken = emptyRun()
    const ledger: Array<string> = []
    let breaks = 0
    for (;;) {
      const exit = await Effect.runPromiseExit(
        searching(SMALL, given, { ledger, failAfter: ledger.length + 3, batch: 2 }, broken)
      )
      if (exit._tag === "Success") {
        assert.equal(exit.value, expected)
        break
      }
      breaks += 1
    }
    assert.ok(breaks > 2, `${algorithm} broke ${breaks} times`)
    assert.is(new Set(ledger).size, ledger.length)
    assert.equal([...broken.journal], [...whole.journal])
    assert.equal(broken.outcomes, whole.outcomes)
  }
})

results("an own score that the objective never asked for is not reported, whatever was evaluated before", async () => {
  const given = { center: false, samples: 30, repeat: 3 } as const
  const kept = emptyRun()
  const expected = await run(searching(SMALL, given, {}, kept))
  assert.ok(expected.every(({ ownLoss }) => ownLoss === null))
  kept.outcomes.clear()
  assert.equal(await run(searching(SMALL, given, {}, kept)), expected)
})

/** The small space, where a part of the architectures diverges: with the worst error, 1 above all, or an infinite loss. */
const WORST = { bounded: Math.max(...SMALL.losses) + 1, unbounded: Number.POSITIVE_INFINITY }
const third: Behaviour["diverges"] = (architecture) => architecture[0] === 0

for (const [name, worst] of Object.entries(WORST)) {
  results(
    `a training that diverged is the worst, is counted and recorded, and the search goes on (${name})`,
    async () => {
      for (const algorithm of ["rs", "evolution", "local-search"] as const) {
        const kept = emptyRun()
        const given = { algorithm, samples: 40, identity: "exact" } as const
        const [outcome] = await run(searching(SMALL, given, { diverges: third, worst }, kept))
        const entries = [...kept.journal.values()]
        const diverged = [...kept.evaluations.values()].filter((one) => one.diverged === true)
        assert.ok(diverged.length > 0 && diverged.every(({ loss }) => loss === worst))
        assert.is(outcome!.diverged, diverged.length)
        assert.is(outcome!.loss, Math.min(...entries.map(({ loss }) => loss)))
        assert.not.ok(third(architectureOfKey(outcome!.architecture)))
        kept.outcomes.clear()
        const ledger: Array<string> = []
        assert.equal(await run(searching(SMALL, given, { ledger, diverges: third, worst }, kept)), [outcome!])
        assert.equal(ledger, [], "a continued search knows what diverged")
      }
    }
  )

  results(`a neighborhood with a neighbor that diverged has the aggregate of its losses (${name})`, async () => {
    for (const aggregateText of ["mean", "median", "trimmed-mean:0.3", "quantile:0.5", "worst"]) {
      const kept = emptyRun()
      const given = { algorithm: "na-rs", aggregate: aggregateText, samples: 30 } as const
      const exit = await Effect.runPromiseExit(searching(SMALL, given, { diverges: third, worst }, kept))
      const how = Either.getOrThrow(parseAggregate(aggregateText))
      const lossOf = (one: Architecture) => (third(one) ? worst : SMALL.losses[SMALL.table.rowOf(one)]!)
      const expected = [...kept.journal.values()].map(({ architecture }) => {
        const center = architectureOfKey(architecture)
        return aggregate(how, [center, ...neighbors(makeBall(SMALL.space), center)].map(lossOf))
      })
      assert.equal(
        [...kept.journal.values()].map(({ loss }) => loss.toFixed(9)),
        expected.map((loss) => loss.toFixed(9))
      )
      const finite = expected.some(Number.isFinite)
      assert.is(finite, worst !== Number.POSITIVE_INFINITY || !["mean", "worst"].includes(aggregateText))
      assert.is(Exit.isSuccess(exit), finite, "a search without a finite score fails")
      if (Exit.isSuccess(exit)) assert.is(exit.value[0]!.loss.toFixed(9), Math.min(...expected).toFixed(9))
    }
  })

  results(`where every training diverges the error names the cure (${name})`, async () => {
    const lost = (given: Parameters<typeof searching>[1]) =>
      failure(searching(SMALL, given, { diverges: () => true, worst }))
    assert.is(
      (await lost({ algorithm: "rs", samples: 5, identity: "exact" })).message,
      "Cannot search: no candidate has a score: 5 of 5 evaluations diverged; give a lower `learningRate` or a smaller `clip`; a run that is kept needs another folder for that"
    )
    assert.match(
      (await lost({ algorithm: "na-rs", samples: 2 })).message,
      /no candidate has a score: (\d+) of \1 evaluations/
    )
  })
}

results("an architecture that diverged itself may be the best by its neighbors, and the outcome says so", async () => {
  const center = [1, 1, 1, 1]
  const only: Behaviour = { diverges: (one) => architectureKey(one) === "1111", worst: Number.POSITIVE_INFINITY }
  const given = { algorithm: "exhaustive", objective: "neighborhood", aggregate: "best", samples: 81 } as const
  const [outcome] = await run(searching(SMALL, { ...given, constraint: ["count(y)>=4"] }, only))
  assert.equal([outcome!.architecture, outcome!.ownLoss, outcome!.ownDiverged], [architectureKey(center), null, true])
  const error = await failure(searching(SMALL, { ...given, aggregate: "mean", constraint: ["count(y)>=4"] }, only))
  assert.match(
    error.message,
    "1 of 9 evaluations diverged; give a lower `learningRate` or a smaller `clip`, or an `aggregate`"
  )
})

results("isomorphic architectures have the same objective under the quotient", async () => {
  const { space, table } = NAS_BENCH
  const byNetwork = new Map<string, Array<ReadonlyArray<number>>>()
  for (const architecture of table.architectures.slice(0, 4000)) {
    const key = identityKey(space, "functional", architecture)
    byNetwork.set(key, [...(byNetwork.get(key) ?? []), architecture])
  }
  const groups = [...byNetwork.values()].filter((group) => group.length > 1).slice(0, 10)
  for (const [a, b] of groups) {
    const losses = []
    for (const only of [a!, b!]) {
      const alone = { ...NAS_BENCH, table: { ...table, architectures: [only] } }
      const [outcome] = await run(searching(alone, { quotient: true, samples: 1 }))
      losses.push(outcome!.loss)
    }
    assert.is(losses[0], losses[1])
  }
})

results.run()

const budgets = suite("search() budgets")

budgets("no count is ever passed, seconds by the last proposal alone", async () => {
  const check = FastCheck.asyncProperty(
    FastCheck.constantFrom(...ALGORITHM_NAMES),
    FastCheck.constantFrom("samples", "evaluations", "uniqueEvaluations", "simulatedSeconds"),
    FastCheck.integer({ min: 30, max: 60 }),
    FastCheck.nat(5),
    async (algorithm, limit, amount, neighbors) => {
      const objective = algorithm === "rs" ? "own" : "neighborhood"
      const bound = limit === "simulatedSeconds" ? amount * 100 : amount
      const kept = emptyRun()
      const [outcome] = await run(searching(SMALL, { algorithm, objective, neighbors, [limit]: bound }, {}, kept))
      const entries = [...kept.journal.values()]
      const spent =
        limit === "simulatedSeconds" ? (entries.at(-2)?.simulatedSeconds ?? 0) : outcome![limit as "samples"]
      assert.ok(limit === "simulatedSeconds" ? spent < bound : spent <= bound)
      assert.ok(outcome!.stop === limit || outcome!.stop === "exhausted")
      if (outcome!.stop === "simulatedSeconds") assert.ok(outcome!.simulatedSeconds >= bound)
    }
  )
  await FastCheck.assert(check, { seed: 1, numRuns: 60 })
})

budgets("what is reported is what was evaluated, killed anywhere or not", async () => {
  const check = FastCheck.asyncProperty(
    FastCheck.record({
      over: FastCheck.constantFrom(SMALL, NAS_BENCH),
      algorithm: FastCheck.constantFrom("rs" as const, "na-rs" as const, "evolution" as const, "local-search" as const),
      limit: FastCheck.constantFrom("samples", "evaluations", "uniqueEvaluations", "simulatedSeconds"),
      amount: FastCheck.integer({ min: 30, max: 90 }),
      neighbors: FastCheck.nat(6),
      identity: FastCheck.constantFrom("exact" as const, "functional" as const),
      quotient: FastCheck.boolean(),
      batch: FastCheck.integer({ min: 1, max: 9 }),
      lives: FastCheck.array(FastCheck.nat(40), { maxLength: 4 })
    }),
    async ({ over, algorithm, limit, amount, neighbors, identity, quotient, batch, lives }) => {
      const given = {
        algorithm,
        objective: algorithm === "rs" ? "own" : "neighborhood",
        neighbors,
        [limit]: limit === "simulatedSeconds" ? amount * 100 : amount,
        identity,
        quotient: quotient && identity === "functional"
      } as const
      const kept = emptyRun()
      const ledger: Array<string> = []
      for (const life of lives)
        await Effect.runPromiseExit(searching(over, given, { ledger, batch, failAfter: ledger.length + life }, kept))
      const [outcome] = await run(searching(over, given, { ledger, batch }, kept))
      const rows = [...kept.evaluations.values()]
      assert.is(outcome!.uniqueEvaluations, rows.length)
      assert.is(new Set(ledger).size, rows.length, "nothing is evaluated twice")
      const seconds = rows.reduce((sum, row) => sum + row.seconds, 0)
      assert.ok(Math.abs(outcome!.simulatedSeconds - seconds) <= 1e-9 * seconds)
      if (identity === "exact") return
      const networks = new Set(
        rows.map((row) => identityKey(over.space, identity, architectureOfKey(row.architecture)))
      )
      assert.is(networks.size, rows.length, "no network is evaluated twice")
    }
  )
  await FastCheck.assert(check, { seed: 1, numRuns: 40 })
})

budgets("a budget too small for the first neighborhood is an error that says so", async () => {
  try {
    await run(searching(NAS_BENCH, { evaluations: 10 }))
    assert.unreachable()
  } catch (error) {
    assert.match(String(error), "the budget of evaluations ends before the first proposal is scored")
  }
})

budgets("a search by unique evaluations ends when the space has no more", async () => {
  const [outcome] = await run(searching(SMALL, { algorithm: "rs", uniqueEvaluations: 1000 }))
  assert.is(outcome!.stop, "exhausted")
  assert.is(outcome!.uniqueEvaluations, 81)
})

budgets("an exhaustive search finds the best of all", async () => {
  const [outcome] = await run(searching(NAS_BENCH, { algorithm: "exhaustive" }))
  assert.is(
    outcome!.loss,
    NAS_BENCH.losses.reduce((a, b) => Math.min(a, b))
  )
  assert.is(outcome!.samples, 15625)
  assert.is(outcome!.uniqueEvaluations, 15625)
  const [shared] = await run(searching(NAS_BENCH, { algorithm: "exhaustive", identity: "functional" }))
  assert.equal([shared!.samples, shared!.uniqueEvaluations], [15625, 5170])
})

budgets.run()

const limits = suite("search() constraints")

limits("what is found meets every constraint", async () => {
  for (const algorithm of ALGORITHM_NAMES) {
    const constraints = ["count(skip_connect)<=1", "count(none)=0", "seconds<120"]
    const [outcome] = await run(searching(NAS_BENCH, { algorithm, constraint: constraints, samples: 40 }))
    const found = architectureOfKey(outcome!.architecture)
    const names = found.map((choice, i) => NAS_BENCH.space.decisions[i]!.choices[choice])
    assert.ok(names.filter((name) => name === "skip_connect").length <= 1)
    assert.not.ok(names.includes("none"))
    assert.ok(NAS_BENCH.seconds[NAS_BENCH.table.rowOf(found)]! < 120)
  }
})

limits("neighbors may break a constraint unless they are constrained too", async () => {
  const constraints = ["count(none)=0"]
  const [free] = await run(searching(NAS_BENCH, { constraint: constraints, samples: 5 }))
  const [bound] = await run(searching(NAS_BENCH, { constraint: constraints, samples: 5, constrainNeighbors: true }))
  assert.is(free!.evaluations, 5 * 25)
  assert.is(bound!.evaluations, 5 * 19)
})

limits.run()
