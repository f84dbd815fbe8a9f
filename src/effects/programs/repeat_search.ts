import * as Effect from "effect/Effect"
import { type Seed, split } from "../../domain/random.ts"
import type { SearchPlan } from "../../domain/searchers/search_plan.ts"
import { type Outcome, RunStore } from "../ports/run_store.ts"
import { openMemos } from "./memo.ts"
import { type SearchProgress, search } from "./search.ts"

/** How far a repeated search has come. */
export interface RepeatProgress extends SearchProgress {
  /** The repetition under way, from 0, of `repeat`. */
  readonly repetition: number
  readonly repeat: number
}

/**
 * The seed of a repetition: the seed itself where there is but one, so that each can be run alone.
 */
export function repetitionSeed(seed: Seed, repetition: number, repeat: number): Seed {
  return repeat === 1 ? seed : split(seed, repetition)
}

/** The repetition with the lowest loss, the first among equals. */
export function bestRepetition(outcomes: ReadonlyArray<Outcome>): number {
  return outcomes.reduce((best, outcome, i) => (outcome.loss < outcomes[best]!.loss ? i : best), 0)
}

/** How a search is repeated. */
export interface RepeatOptions {
  readonly seed: Seed
  readonly repeat: number
  readonly onProgress: (progress: RepeatProgress) => Effect.Effect<void>
}

/**
 * Run a search `repeat` times with seeds of their own. Repetitions that the run store holds are not
 * run again.
 */
export const repeatSearch = Effect.fn("repeatSearch")(function* (
  plan: SearchPlan,
  { seed, repeat, onProgress }: RepeatOptions
) {
  const memos = yield* openMemos(plan.candidates.space, plan.identifier)
  const done = yield* (yield* RunStore).outcomes
  const outcomes: Array<Outcome> = []
  for (let repetition = 0; repetition < repeat; repetition++) {
    const known = done.get(repetition)
    outcomes.push(
      known ??
        (yield* search(plan, memos, {
          seed: repetitionSeed(seed, repetition, repeat),
          repetition,
          onProgress: (progress) => onProgress({ ...progress, repetition, repeat })
        }))
    )
  }
  return outcomes
})
