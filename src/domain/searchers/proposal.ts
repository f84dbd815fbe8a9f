import type { Architecture } from "../architecture/architecture.ts"
import type { ValidationLoss } from "../score/score.ts"

/**
 * An architecture that a searcher asks to be scored; `sequence` counts the proposals of a search
 * from 0.
 */
export interface Proposal {
  readonly sequence: number
  readonly architecture: Architecture
  /**
   * Of an architecture that is proposed again: the sequence of its first proposal, whose neighbors
   * it keeps.
   */
  readonly candidate?: number
  /**
   * Epochs that its trainings take; those of the evaluator where absent. A score by more epochs
   * outdoes one by fewer.
   */
  readonly epochs?: number
}

/** The number of a proposal's candidate: the sequence of its first proposal. */
export function candidateOf({ candidate, sequence }: Proposal): number {
  return candidate ?? sequence
}

/** A proposal and its score under the search's objective. */
export interface Observation extends Proposal {
  readonly loss: ValidationLoss
}
