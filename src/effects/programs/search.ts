import * as Effect from "effect/Effect"
import type { Seed } from "../../domain/random.ts"
import type { Spent } from "../../domain/searchers/budget.ts"
import type { Observation } from "../../domain/searchers/proposal.ts"
import type { SearchPlan } from "../../domain/searchers/search_plan.ts"
import { type JournalEntry, type Outcome, RunStore } from "../ports/run_store.ts"
import { noScore } from "./judge.ts"
import { affordable, journalEntry, type Ledger, outcomeOf, settled, startLedger } from "./ledger.ts"
import { fillMemo, type Memos } from "./memo.ts"
import { SearchError } from "./search_error.ts"

/** How far a search has come. `best` is the best proposal that has a score. */
export interface SearchProgress extends Spent {
  readonly best: Observation | undefined
}

/** Proposals that are evaluated together and journaled together. */
const WAVE = 64

/**
 * A search whose budget counts only new evaluations ends after this many proposals without one, per
 * candidate.
 */
const STALL = 10

/**
 * Run one search to its end. It is a pure function of plan, seed and evaluator: run again over the
 * same store it evaluates nothing twice and ends with the same outcome, whatever the concurrency
 * and wherever it was stopped. Under successive halving a network counts once for each number of
 * epochs, with the seconds that its training adds; a candidate that diverged goes on only where
 * there are no others.
 *
 * Source: Wang et al. 2021 (arXiv 2105.06369), NA-RS for a random search with a neighborhood
 * objective.
 */
export const search = Effect.fn("search")(function* (
  plan: SearchPlan,
  memos: Memos,
  options: {
    readonly seed: Seed
    readonly repetition: number
    readonly onProgress: (progress: SearchProgress) => Effect.Effect<void>
  }
) {
  const store = yield* RunStore
  const { seed, repetition } = options
  const { searcher } = plan
  let state = searcher.start(seed, plan.settings)
  let ledger = startLedger()
  let stop: Outcome["stop"] | undefined
  let sinceFresh = 0
  while (stop === undefined) {
    const left = (plan.budget.samples ?? Number.POSITIVE_INFINITY) - ledger.spent.samples
    const limit = searcher.ends ? wave(plan) : Math.min(wave(plan), left)
    const [proposals, proposed] = searcher.propose(plan.candidates, state, limit)
    state = proposed
    if (proposals.length === 0) stop = left < 1 ? "samples" : "exhausted"
    const known = yield* Effect.forEach(proposals, (one) =>
      Effect.map(memos(one.epochs), (memo) => [one, memo] as const)
    )
    const [charges, passed] = affordable(plan, ledger, seed, known)
    for (const memo of new Set(charges.map((charge) => charge.memo))) {
      const own = charges.filter((charge) => charge.memo === memo)
      yield* fillMemo(
        memo,
        own.map(({ targets }) => targets.architectures)
      )
    }
    const entries: Array<JournalEntry> = []
    for (const charge of charges) {
      const [next, observation] = settled(plan, ledger, charge)
      ledger = next
      state = searcher.observe(state, observation)
      entries.push(journalEntry(observation, ledger))
    }
    if (ledger.spent.simulatedSeconds >= (plan.budget.simulatedSeconds ?? Number.POSITIVE_INFINITY))
      stop ??= "simulatedSeconds"
    stop ??= passed
    sinceFresh = charges.some((charge) => charge.fresh.length > 0) ? 0 : sinceFresh + charges.length
    if (isUncounted(plan) && sinceFresh >= STALL * (plan.candidates.list?.length ?? 1000)) stop ??= "exhausted"
    yield* store.journal(repetition, entries)
    yield* options.onProgress({ ...ledger.spent, best: ledger.best?.observation })
  }
  const outcome = isShort(plan, ledger, stop) ? undefined : outcomeOf(ledger, stop)
  if (outcome === undefined) return yield* nothingFound(plan, ledger, stop)
  yield* store.finish(repetition, outcome)
  return outcome
})

/**
 * Seconds are known behind an evaluation, so nothing is evaluated beside the proposal that may
 * spend the last of them.
 */
function wave({ budget }: SearchPlan): number {
  return budget.simulatedSeconds === undefined ? WAVE : 1
}

function isUncounted({ budget }: SearchPlan): boolean {
  return budget.samples === undefined && budget.evaluations === undefined
}

/** Whether a search by rungs had too few candidates for the first one: its best is from there. */
function isShort({ budget }: SearchPlan, { best }: Ledger, stop: Outcome["stop"]): boolean {
  return stop === "exhausted" && budget.samples !== undefined && best?.observation.epochs !== undefined
}

function nothingFound(plan: SearchPlan, ledger: Ledger, stop: Outcome["stop"]): SearchError {
  const { spent, diverged } = ledger
  if (isShort(plan, ledger, stop)) return new SearchError({ problem: "too few candidates meet the constraints" })
  if (spent.samples > 0) return new SearchError(noScore(plan.objective.objective, { diverged, ...spent }))
  const problem =
    stop === "exhausted"
      ? "no candidate meets the constraints"
      : `the budget of ${stop} ends before the first proposal is scored: raise it, or ask for fewer neighbors`
  return new SearchError({ problem })
}
