import * as Schema from "@effect/schema/Schema"
import { grouped, optional } from "../setting/field.ts"
import { real, whole } from "../setting/kind.ts"

const Count = Schema.Int.pipe(Schema.positive())

/**
 * What a search may spend. `samples` counts proposals, `evaluations` every architecture that an
 * objective asked for, `uniqueEvaluations` those that were evaluated, each once: no count is ever
 * passed. `simulatedSeconds` is the cost of the unique evaluations, known only behind them: the
 * proposal that reaches it is the last, and counts.
 */
export const Budget = Schema.Struct({
  samples: Schema.optional(Count),
  evaluations: Schema.optional(Count),
  uniqueEvaluations: Schema.optional(Count),
  simulatedSeconds: Schema.optional(Schema.Number.pipe(Schema.positive()))
}).annotations({ identifier: "Budget" })
export interface Budget extends Schema.Schema.Type<typeof Budget> {}

/** What a search has spent. */
export interface Spent {
  readonly samples: number
  readonly evaluations: number
  readonly uniqueEvaluations: number
  readonly simulatedSeconds: number
}

/** Nothing spent. */
export const NOTHING_SPENT: Spent = { samples: 0, evaluations: 0, uniqueEvaluations: 0, simulatedSeconds: 0 }

const COUNTS = ["samples", "evaluations", "uniqueEvaluations"] as const

/** The name of a count that a budget limits. */
export type CountLimit = (typeof COUNTS)[number]

/** The first count that an expense passes, if any. */
export function passedLimit(budget: Budget, spent: Spent): CountLimit | undefined {
  return COUNTS.find((limit) => spent[limit] > (budget[limit] ?? Number.POSITIVE_INFINITY))
}

/** Settings of a budget. */
export const budgetFields = grouped("Budget", {
  samples: optional(whole(1), "candidates that are proposed", "100, where no budget is named"),
  evaluations: optional(whole(1), "evaluations, repeated ones included", "no limit"),
  uniqueEvaluations: optional(whole(1), "evaluations, each architecture once", "no limit"),
  simulatedSeconds: optional(real({ above: 0 }, "seconds"), "seconds of the cost column", "no limit")
})
