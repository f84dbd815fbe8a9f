import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Layer from "effect/Layer"
import { type Architecture, architectureKey } from "../../../src/domain/architecture/architecture.ts"
import { parseAggregate } from "../../../src/domain/objective/aggregate_text.ts"
import type { Objective } from "../../../src/domain/objective/objective.ts"
import { ValidationLoss } from "../../../src/domain/score/score.ts"
import { planSearch } from "../../../src/domain/searchers/plan_search.ts"
import { decodeSearch, type SearchSettings } from "../../../src/domain/searchers/settings.ts"
import { makeSpace } from "../../../src/domain/space/make_space.ts"
import type { Space } from "../../../src/domain/space/space.ts"
import { builtinSpace } from "../../../src/domain/space/spaces.ts"
import { syntheticTable } from "../../../src/domain/table/synthetic_table.ts"
import { makeTable, type Table } from "../../../src/domain/table/table.ts"
import { EvaluationError, Evaluator } from "../../../src/effects/ports/evaluator.ts"
import { repeatSearch } from "../../../src/effects/programs/repeat_search.ts"
import * as MemoryRunStore from "./_memory_run.ts"

/** NAS-Bench-201 with made-up scores, and a small space of 81 architectures. */
export const NAS_BENCH = tabulated(builtinSpace("nas-bench-201"))
export const SMALL = tabulated(
  Either.getOrThrow(
    makeSpace({
      version: 1,
      name: "small",
      decisions: ["a", "b", "c", "d"].map((name) => ({ name, choices: ["x", "y", "z"] }))
    })
  )
)

export interface Tabulated {
  readonly space: Space
  readonly table: Table
  readonly losses: Float64Array
  readonly seconds: Float64Array
}

function tabulated(space: Space): Tabulated {
  const table = Either.getOrThrow(makeTable(space, syntheticTable(space, "test"), "code"))
  const scores = Either.getOrThrow(table.column("validation"))
  return { space, table, losses: scores.map((score) => -score), seconds: Either.getOrThrow(table.column("seconds")) }
}

/** The mean over an architecture and all its neighbors at distance 1. */
export const AROUND: Extract<Objective, { _tag: "Neighborhood" }> = {
  _tag: "Neighborhood",
  aggregate: { _tag: "Mean" },
  neighbors: "all",
  radius: 1,
  center: true,
  moveInputs: false,
  quotient: false,
  constrainNeighbors: false
}

/** What an evaluator of the tests does besides looking losses up. */
export interface Behaviour {
  readonly batch?: number
  readonly concurrency?: number
  /** Every evaluated key is added here. */
  readonly ledger?: Array<string>
  /** Fail once this many evaluations are in the ledger. */
  readonly failAfter?: number
  /** Those whose training diverges; they have the worst loss, which is given. */
  readonly diverges?: (architecture: Architecture) => boolean
  readonly worst?: number
  /** Let other fibers run, a number of times that differs from call to call. */
  readonly jitter?: boolean
}

/** An evaluator over a table that can be slow, concurrent, and break down. */
export function evaluator({ table, losses, seconds }: Tabulated, behaviour: Behaviour = {}): Layer.Layer<Evaluator> {
  const ledger = behaviour.ledger ?? []
  let calls = 0
  const evaluate = (architectures: ReadonlyArray<Architecture>) =>
    Effect.gen(function* () {
      calls += 1
      for (let i = 0; behaviour.jitter === true && i < (calls * 7) % 5; i++) yield* Effect.yieldNow()
      if (ledger.length >= (behaviour.failAfter ?? Number.POSITIVE_INFINITY)) {
        return yield* new EvaluationError({ architecture: architectureKey(architectures[0]!), reason: "unreachable" })
      }
      ledger.push(...architectures.map(architectureKey))
      return architectures.map((architecture) => {
        const row = table.rowOf(architecture)
        if (behaviour.diverges?.(architecture) === true)
          return { loss: ValidationLoss(behaviour.worst!), seconds: seconds[row]!, diverged: true as const }
        return { loss: ValidationLoss(losses[row]!), seconds: seconds[row]! }
      })
    })
  return Layer.succeed(Evaluator, {
    identity: "test",
    admits: (architecture) => table.rowOf(architecture) >= 0,
    batch: behaviour.batch ?? 100,
    concurrency: behaviour.concurrency ?? 1,
    evaluate
  })
}

/** Settings, of which an aggregate is told by its text. */
export interface GivenSearch extends Partial<Omit<SearchSettings, "aggregate">> {
  readonly aggregate?: string
}

/** Full settings from a few. */
export function settingsOf({ aggregate = "mean", algorithm = "na-rs", ...given }: GivenSearch): SearchSettings {
  const defaults = Either.getOrThrow(decodeSearch("na-rs", { cost: "seconds" }))
  const how = Either.getOrThrow(parseAggregate(aggregate))
  const objective = given.objective ?? (algorithm === "na-rs" ? "neighborhood" : "own")
  return { ...defaults, ...given, algorithm, objective, aggregate: how }
}

/** A repeated search over a table, with its store in memory. */
export function searching(
  over: Tabulated,
  given: GivenSearch,
  behaviour: Behaviour = {},
  run: MemoryRunStore.MemoryRun = MemoryRunStore.emptyRun()
) {
  const settings = settingsOf(given)
  return Effect.gen(function* () {
    const plan = yield* planSearch(settings, over.space, { tables: [over.table] })
    return yield* repeatSearch(plan, { seed: settings.seed, repeat: settings.repeat, onProgress: () => Effect.void })
  }).pipe(Effect.provide(Layer.merge(evaluator(over, behaviour), MemoryRunStore.layer(run))))
}
