import * as Effect from "effect/Effect"
import { type Seed, split } from "../../domain/random.ts"
import type { SearchPlan } from "../../domain/searchers/search_plan.ts"
import { type Outcome, RunStore } from "../ports/run_store.ts"
import { openMemo } from "./memo.ts"
import { type SearchProgress, search } from "./search.ts"

/** How far a repeated search has come. */
export interface RepeatProgress extends SearchProgress {
  /** The repetition under way, from 0, of `repeat`. */
  readonly repetition: number
  readonly repeat: number
}

/** The seed of a repetition: the seed itself where there is but one, so that each can be run alone. */
export function repetitionSeed(seed: Seed, repetition: number, repeat: number): Seed {
  return repeat === 1 ? seed : split(seed, repetition)
}

/** How a search is repeated. */
export interface RepeatOptions {
  readonly seed: Seed
  readonly repeat: number
  readonly onProgress: (progress: RepeatProgress) => Effect.Effect<void>
}

/** Run something `repeat` times with seeds of their own. Repetitions that the run store holds are not run again. */
export const repeated = Effect.fn("repeated")(function* <E, R>(
  { seed, repeat, onProgress }: RepeatOptions,
  once: (options: {
    readonly seed: Seed
    readonly repetition: number
    readonly onProgress: (progress: SearchProgress) => Effect.Effect<void>
  }) => Effect.Effect<Outcome, E, R>
) {
  const done = yield* (yield* RunStore).outcomes
  const outcomes: Array<Outcome> = []
  for (let repetition = 0; repetition < repeat; repetition++) {
    const known = done.get(repetition)
    outcomes.push(
      known ??
        (yield* once({
          seed: repetitionSeed(seed, repetition, repeat),
          repetition,
          onProgress: (progress) => onProgress({ ...progress, repetition, repeat })
        }))
    )
  }
  return outcomes
})

/** Run a search `repeat` times with seeds of their own. Repetitions that the run store holds are not run again. */
export const repeatSearch = Effect.fn("repeatSearch")(function* (plan: SearchPlan, options: RepeatOptions) {
  const memo = yield* openMemo(plan.candidates.space, plan.identifier)
  return yield* repeated(options, (once) => search(plan, memo, once))
})
