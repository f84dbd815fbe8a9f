import * as Schema from "@effect/schema/Schema"

const Count = Schema.Int.pipe(Schema.positive())

/**
 * What a search may spend; it ends before a limit is passed. `samples` counts proposals, `evaluations` every architecture
 * that an objective asked for, `uniqueEvaluations` each network once, `simulatedSeconds` the cost of those.
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

const LIMITS = ["samples", "evaluations", "uniqueEvaluations", "simulatedSeconds"] as const

/** The name of a limit of a budget. */
export type Limit = (typeof LIMITS)[number]

/** The first limit that an expense passes, if any. */
export function passedLimit(budget: Budget, spent: Spent): Limit | undefined {
  return LIMITS.find((limit) => spent[limit] > (budget[limit] ?? Number.POSITIVE_INFINITY))
}
