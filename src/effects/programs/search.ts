import * as Schema from "@effect/schema/Schema"
import * as Effect from "effect/Effect"
import { architectureKey } from "../../domain/architecture/architecture.ts"
import { candidateSeed } from "../../domain/architecture/candidates.ts"
import { type Targets, targetsOf } from "../../domain/objective/targets.ts"
import type { Seed } from "../../domain/random.ts"
import { type CountLimit, NOTHING_SPENT, passedLimit, type Spent } from "../../domain/searchers/budget.ts"
import type { Observation, Proposal } from "../../domain/searchers/proposal.ts"
import type { SearchPlan } from "../../domain/searchers/search_plan.ts"
import { type JournalEntry, type Outcome, RunStore } from "../ports/run_store.ts"
import { type Judged, judge, noScore } from "./judge.ts"
import { fillMemo, type Memo } from "./memo.ts"

/** How far a search has come. `best` is the best proposal that has a score. */
export interface SearchProgress extends Spent {
  readonly best: Observation | undefined
}

/** A search that found nothing. The message names the `settings` that cure it in backquotes. */
export class SearchError extends Schema.TaggedError<SearchError>()("SearchError", {
  problem: Schema.String,
  settings: Schema.optionalWith(Schema.Array(Schema.String), { default: () => [] })
}) {
  override get message(): string {
    return `Cannot search: ${this.problem}`
  }
}

/** Proposals that are evaluated together and journaled together. */
const WAVE = 64

/** A search whose budget counts only new evaluations ends after this many proposals without one, per candidate. */
const STALL = 10

interface Charged {
  readonly proposal: Proposal
  readonly targets: Targets
  /** Positions of the targets that are evaluated anew. */
  readonly fresh: ReadonlyArray<number>
}

/**
 * Run one search to its end. It is a pure function of plan, seed and evaluator: run again over the same store it evaluates
 * nothing twice and ends with the same outcome, whatever the concurrency and wherever it was stopped.
 *
 * Source: Wang et al. 2021 (arXiv 2105.06369), NA-RS for a random search with a neighborhood objective.
 */
export const search = Effect.fn("search")(function* (
  plan: SearchPlan,
  memo: Memo,
  options: {
    readonly seed: Seed
    readonly repetition: number
    readonly onProgress: (progress: SearchProgress) => Effect.Effect<void>
  }
) {
  const store = yield* RunStore
  const { seed, repetition } = options
  const seen = new Set<number | string>()
  const { searcher } = plan
  let state = searcher.start(seed, plan.settings)
  let spent: Spent = NOTHING_SPENT
  let best: Observation | undefined
  let bestJudged: Judged | undefined
  let diverged = 0
  let stop: Outcome["stop"] | undefined
  let sinceFresh = 0
  while (stop === undefined) {
    const limit = Math.min(wave(plan), (plan.budget.samples ?? Number.POSITIVE_INFINITY) - spent.samples)
    const [proposals, proposed] = searcher.propose(plan.candidates, state, limit)
    state = proposed
    if (proposals.length === 0) stop = limit < 1 ? "samples" : "exhausted"
    const [charges, passed] = affordable(plan, memo, seed, spent, seen, proposals)
    yield* fillMemo(
      memo,
      charges.map((charged) => charged.targets.architectures)
    )
    const entries: Array<JournalEntry> = []
    for (const charged of charges) {
      const { judged, freshDiverged, paid } = score(plan, memo, charged, spent)
      spent = paid
      diverged += freshDiverged
      const { loss } = judged
      const observation: Observation = {
        sequence: charged.proposal.sequence,
        architecture: charged.proposal.architecture,
        loss
      }
      state = searcher.observe(state, observation)
      if (judged.hasScore && (best === undefined || loss < best.loss)) {
        best = observation
        bestJudged = judged
      }
      entries.push(journalEntry(observation, spent))
    }
    if (spent.simulatedSeconds >= (plan.budget.simulatedSeconds ?? Number.POSITIVE_INFINITY))
      stop ??= "simulatedSeconds"
    stop ??= passed
    sinceFresh = charges.some((charged) => charged.fresh.length > 0) ? 0 : sinceFresh + charges.length
    if (isUncounted(plan) && sinceFresh >= STALL * (plan.candidates.list?.length ?? 1000)) stop ??= "exhausted"
    yield* store.journal(repetition, entries)
    yield* options.onProgress({ ...spent, best })
  }
  if (best === undefined || bestJudged === undefined) {
    const { uniqueEvaluations } = spent
    return yield* new SearchError(
      spent.samples === 0
        ? { problem: nothingFound(stop) }
        : noScore(plan.objective.objective, { diverged, uniqueEvaluations })
    )
  }
  const { ownLoss, ownDiverged } = bestJudged
  const outcome: Outcome = {
    version: 3,
    architecture: architectureKey(best.architecture),
    loss: best.loss,
    ownLoss,
    ownDiverged,
    ...spent,
    diverged,
    stop
  }
  yield* store.finish(repetition, outcome)
  return outcome
})

/** The objective of a proposal whose evaluations are known, and all that is spent with it. */
function score(
  plan: SearchPlan,
  memo: Memo,
  { targets, fresh }: Charged,
  spent: Spent
): { readonly judged: Judged; readonly freshDiverged: number; readonly paid: Spent } {
  const evaluations = targets.architectures.map((architecture) => memo.get(architecture)!)
  let simulatedSeconds = spent.simulatedSeconds
  for (const i of fresh) simulatedSeconds += evaluations[i]!.seconds
  const paid = {
    samples: spent.samples + 1,
    evaluations: spent.evaluations + evaluations.length,
    uniqueEvaluations: spent.uniqueEvaluations + fresh.length,
    simulatedSeconds
  }
  const freshDiverged = fresh.filter((i) => evaluations[i]!.diverged === true).length
  return { judged: judge(plan.objective.objective, targets, evaluations), freshDiverged, paid }
}

function journalEntry(observation: Observation, spent: Spent): JournalEntry {
  return {
    sequence: observation.sequence,
    architecture: architectureKey(observation.architecture),
    loss: observation.loss,
    evaluations: spent.evaluations,
    uniqueEvaluations: spent.uniqueEvaluations,
    simulatedSeconds: spent.simulatedSeconds
  }
}

/** Seconds are known behind an evaluation, so nothing is evaluated beside the proposal that may spend the last of them. */
function wave({ budget }: SearchPlan): number {
  return budget.simulatedSeconds === undefined ? WAVE : 1
}

/** The proposals of a wave that the budget's counts allow, and the limit that the next one would pass. */
function affordable(
  plan: SearchPlan,
  memo: Memo,
  seed: Seed,
  spent: Spent,
  seen: Set<number | string>,
  proposals: ReadonlyArray<Proposal>
): readonly [ReadonlyArray<Charged>, CountLimit | undefined] {
  const charges: Array<Charged> = []
  let planned = spent
  for (const proposal of proposals) {
    const targets = targetsOf(plan.objective, proposal.architecture, candidateSeed(seed, proposal.sequence))
    const fresh: Array<number> = []
    for (const [i, architecture] of targets.architectures.entries()) {
      const key = memo.keyOf(architecture)
      if (seen.has(key)) continue
      seen.add(key)
      fresh.push(i)
    }
    planned = {
      samples: planned.samples + 1,
      evaluations: planned.evaluations + targets.architectures.length,
      uniqueEvaluations: planned.uniqueEvaluations + fresh.length,
      simulatedSeconds: planned.simulatedSeconds
    }
    const passed = passedLimit(plan.budget, planned)
    if (passed !== undefined) return [charges, passed]
    charges.push({ proposal, targets, fresh })
  }
  return [charges, undefined]
}

function isUncounted({ budget }: SearchPlan): boolean {
  return budget.samples === undefined && budget.evaluations === undefined
}

function nothingFound(stop: Outcome["stop"]): string {
  return stop === "exhausted"
    ? "no candidate meets the constraints"
    : `the budget of ${stop} ends before the first proposal is scored: raise it, or ask for fewer neighbors`
}
