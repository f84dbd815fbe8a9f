import type { Architecture } from "../architecture/architecture.ts"
import type { ValidationLoss } from "../score/score.ts"

/** An architecture that a searcher asks to be scored; `sequence` counts the proposals of a search from 0. */
export interface Proposal {
  readonly sequence: number
  readonly architecture: Architecture
}

/** A proposal and its score under the search's objective. */
export interface Observation extends Proposal {
  readonly loss: ValidationLoss
}
