import * as Effect from "effect/Effect"
import { type Architecture, architectureKey } from "../../domain/architecture/architecture.ts"
import { type PreparedObjective, targetsOf } from "../../domain/objective/targets.ts"
import type { Seed } from "../../domain/random.ts"
import type { Evaluation } from "../../domain/score/score.ts"
import { EvaluationError, Evaluator } from "../ports/evaluator.ts"
import { fillMemo, openMemo } from "./memo.ts"

/** An architecture that was scored, at its distance from the center. */
export interface ScoredArchitecture extends Pick<Evaluation, "loss" | "diverged"> {
  readonly architecture: Architecture
  readonly distance: number
}

/** A neighborhood's loss and what it was aggregated from; losses: lower is better. */
interface ScoredNeighborhood {
  /** The aggregate. */
  readonly loss: number
  /** The architecture itself, whether or not it counts. */
  readonly center: ScoredArchitecture
  /**
   * Those that can be evaluated, nearest first; drawn by the seed where the objective asks for
   * fewer than there are.
   */
  readonly neighbors: ReadonlyArray<ScoredArchitecture>
}

/**
 * Score an architecture by its neighborhood, as a search would. Fails where the architecture itself
 * cannot be evaluated.
 *
 * Source: Wang et al. 2021 (arXiv 2105.06369), g({f(a') : a' in N(a)}).
 */
export const scoreNeighborhood = Effect.fn("scoreNeighborhood")(function* (
  prepared: PreparedObjective,
  center: Architecture,
  seed: Seed
) {
  const evaluator = yield* Evaluator
  const { admits } = evaluator
  if (!admits(center)) {
    return yield* new EvaluationError({ architecture: architectureKey(center), reason: "unknown_architecture" })
  }
  const targets = targetsOf(
    { ...prepared, admits: (architecture) => prepared.admits(architecture) && admits(architecture) },
    center,
    seed
  )
  const memo = yield* openMemo(prepared.ball.space, prepared.identifier, evaluator)
  yield* fillMemo(memo, [[center], targets.architectures])
  const at = (distance: number, architecture: Architecture): ScoredArchitecture => {
    const { seconds: _, ...evaluation } = memo.get(architecture)!
    return { architecture, distance, ...evaluation }
  }
  const known = targets.architectures.map((architecture, i) => at(targets.distances[i]!, architecture))
  const scored: ScoredNeighborhood = {
    loss: prepared.aggregate(
      known.map(({ loss }) => loss),
      targets.distances
    ),
    center: at(0, center),
    neighbors: known.filter(({ distance }) => distance > 0)
  }
  return scored
})
