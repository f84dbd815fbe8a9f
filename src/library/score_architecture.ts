import * as Effect from "effect/Effect"
import * as NoRunStore from "../adapters/run_store/none.ts"
import { identifier } from "../domain/architecture/identity.ts"
import { parseArchitecture } from "../domain/architecture/text.ts"
import { Evaluator } from "../effects/ports/evaluator.ts"
import { type ScoredArchitecture, scoreNeighborhood } from "../effects/programs/score_neighborhood.ts"
import { evaluatorOf } from "./evaluate.ts"
import { readyObjective } from "./objective.ts"
import { type ReadableArchitecture, readable } from "./readable.ts"
import type { SearchOptions } from "./search_architectures.ts"

/** Which neighborhood is scored, and by what. */
export interface ScoreOptions<E = never, R = never>
  extends Pick<SearchOptions<E, R>, "space" | "evaluate" | "seed" | "admits" | "concurrency"> {
  /** Any text of the architecture, or its choices as indices. */
  readonly architecture: string | ReadonlyArray<number>
  readonly objective?: Exclude<SearchOptions["objective"], "own" | undefined>
}

/** An architecture with its loss and its distance from the one in the middle. */
export interface ScoredReadable extends ReadableArchitecture, Pick<ScoredArchitecture, "loss" | "distance"> {}

/** How good a neighborhood is, and what that was aggregated from. */
export interface NeighborhoodScore {
  /** The aggregate. */
  readonly loss: number
  readonly center: ScoredReadable
  /** Nearest first. */
  readonly neighbors: ReadonlyArray<ScoredReadable>
}

/**
 * Score one architecture by its neighborhood, as a search would: how flat the losses are around it.
 *
 * @example
 * ```ts
 * import { builtinSpace, runPromise, scoreArchitecture } from "na-nas"
 *
 * const space = builtinSpace("nas-bench-201")
 * const { loss, neighbors } = await runPromise(
 *   scoreArchitecture({
 *     space,
 *     evaluate: ({ choices }) => Object.values(choices).filter((name) => name === "none").length,
 *     architecture: "333333"
 *   })
 * )
 * console.log(`${neighbors.length} neighbors, mean ${loss}`) // 24 neighbors, mean 0.24
 * ```
 */
export const scoreArchitecture = Effect.fn("scoreArchitecture")(function* <E = never, R = never>(
  options: ScoreOptions<E, R>
) {
  const { space, evaluate, architecture, objective = {}, seed = 0 } = options
  const center = typeof architecture === "string" ? yield* parseArchitecture(space, architecture) : architecture
  const prepared = yield* readyObjective(space, objective, identifier(space, "exact"), () => true)
  const evaluator = yield* evaluatorOf(space, evaluate, options)
  const scored = yield* scoreNeighborhood(prepared, center, `${seed}`).pipe(
    Effect.provideService(Evaluator, evaluator),
    Effect.provide(NoRunStore.layer),
    Effect.catchTag("RunStoreError", Effect.die)
  )
  const shown = ({ architecture, loss, distance }: ScoredArchitecture): ScoredReadable => ({
    ...readable(space, architecture),
    loss,
    distance
  })
  const score: NeighborhoodScore = {
    loss: scored.loss,
    center: shown(scored.center),
    neighbors: scored.neighbors.map(shown)
  }
  return score
})
