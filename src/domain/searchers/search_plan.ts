import type { Candidates } from "../architecture/candidates.ts"
import type { Identifier } from "../architecture/identity.ts"
import type { PreparedObjective } from "../objective/targets.ts"
import type { Budget } from "./budget.ts"
import type { Searcher } from "./searcher.ts"

/** Everything that decides a search's result, together with its seed and its evaluator. */
export interface SearchPlan {
  readonly candidates: Candidates
  readonly searcher: Searcher
  /** The searcher's own settings. */
  readonly settings: Readonly<Record<string, unknown>>
  readonly objective: PreparedObjective
  readonly budget: Budget
  /** Which architectures are the same network, and share one evaluation. */
  readonly identifier: Identifier
}
