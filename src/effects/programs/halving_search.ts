import type * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import { architectureKey } from "../../domain/architecture/architecture.ts"
import { candidateSeed } from "../../domain/architecture/candidates.ts"
import { targetsOf } from "../../domain/objective/targets.ts"
import type { Seed } from "../../domain/random.ts"
import { NOTHING_SPENT, type Spent } from "../../domain/searchers/budget.ts"
import type { SearchPlan } from "../../domain/searchers/search_plan.ts"
import {
  type Halving,
  observe,
  propose,
  type RungObservation,
  start
} from "../../domain/searchers/successive_halving.ts"
import { Evaluator } from "../ports/evaluator.ts"
import { type Outcome, RunStore } from "../ports/run_store.ts"
import { type Judged, judge, noScore } from "./judge.ts"
import { fillMemo, type Memo, openMemo } from "./memo.ts"
import { SearchError, type SearchProgress } from "./search.ts"

/** Scores architectures after so many epochs of training. */
export type EvaluatorAt = (epochs: number) => Context.Tag.Service<Evaluator>

/**
 * Run successive halving to its end: like `search` a pure function of plan, seed and evaluators, that evaluates nothing twice over the same store. A
 * candidate keeps its neighbors on every rung. Unique evaluations count a network once for each
 * number of epochs; its seconds are those of the epochs that a rung adds, since trainings go on. A candidate that diverged goes on only where
 * there are no others, and is never the outcome.
 *
 * Source: Jamieson and Talwalkar 2016 (arXiv 1502.07943); over neighborhoods ours.
 */
export const halvingSearch = Effect.fn("halvingSearch")(function* (
  plan: SearchPlan,
  halving: Halving,
  evaluatorAt: EvaluatorAt,
  options: {
    readonly seed: Seed
    readonly repetition: number
    readonly onProgress: (progress: SearchProgress) => Effect.Effect<void>
  }
) {
  const store = yield* RunStore
  const { seed, repetition } = options
  const { candidates, objective, identifier } = plan
  const memos = new Map<number, Memo>()
  const seen = new Set<string>()
  const paid = new Map<number | string, number>()
  let state = start(seed, halving)
  let spent: Spent = { ...NOTHING_SPENT }
  let best: RungObservation | undefined
  let bestJudged: Judged | undefined
  let diverged = 0
  for (;;) {
    const [[proposal], proposed] = propose(candidates, state, 1)
    if (proposal === undefined) break
    state = proposed
    const { architecture, epochs, sequence } = proposal
    const targets = targetsOf(objective, architecture, candidateSeed(seed, proposal.candidate))
    const memo = yield* Effect.gen(function* () {
      const known = memos.get(epochs) ?? (yield* openMemo(candidates.space, identifier))
      memos.set(epochs, known)
      yield* fillMemo(known, [targets.architectures])
      return known
    }).pipe(Effect.provideService(Evaluator, evaluatorAt(epochs)))
    const evaluations = targets.architectures.map((one) => memo.get(one)!)
    let { uniqueEvaluations, simulatedSeconds } = spent
    for (const [i, one] of targets.architectures.entries()) {
      const network = memo.keyOf(one)
      const key = `${epochs}/${network}`
      if (seen.has(key)) continue
      seen.add(key)
      uniqueEvaluations += 1
      simulatedSeconds += evaluations[i]!.seconds - (paid.get(network) ?? 0)
      paid.set(network, evaluations[i]!.seconds)
      if (evaluations[i]!.diverged === true) diverged += 1
    }
    spent = {
      samples: spent.samples + (sequence === proposal.candidate ? 1 : 0),
      evaluations: spent.evaluations + evaluations.length,
      uniqueEvaluations,
      simulatedSeconds
    }
    const judged = judge(objective.objective, targets, evaluations)
    const { loss } = judged
    const observation: RungObservation = { ...proposal, loss }
    state = observe(state, observation)
    if (best !== undefined && epochs > best.epochs) best = undefined
    if (judged.hasScore && (best === undefined || loss < best.loss)) {
      best = observation
      bestJudged = judged
    }
    const { samples: _, ...counts } = spent
    yield* store.journal(repetition, [{ sequence, architecture: architectureKey(architecture), loss, ...counts }])
    yield* options.onProgress({ ...spent, best })
  }
  if (spent.samples < halving.candidates)
    return yield* new SearchError({ problem: "too few candidates meet the constraints" })
  if (best === undefined || bestJudged === undefined) {
    const { uniqueEvaluations } = spent
    return yield* new SearchError(noScore(objective.objective, { diverged, uniqueEvaluations }))
  }
  const outcome: Outcome = {
    version: 3,
    architecture: architectureKey(best.architecture),
    loss: best.loss,
    ownLoss: bestJudged.ownLoss,
    ownDiverged: bestJudged.ownDiverged,
    ...spent,
    diverged,
    stop: "samples"
  }
  yield* store.finish(repetition, outcome)
  return outcome
})
