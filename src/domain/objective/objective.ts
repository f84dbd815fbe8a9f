import * as Schema from "@effect/schema/Schema"
import { field, grouped } from "../setting/field.ts"
import { orWord, whole, yesNo } from "../setting/kind.ts"
import { NeighborCount } from "../setting/schemas.ts"
import { Aggregate } from "./aggregate.ts"
import { aggregateKind } from "./aggregate_text.ts"

/**
 * What a searcher minimizes: the loss of an architecture alone, or an aggregate over its
 * neighborhood.
 */
export const Objective = Schema.Union(
  Schema.TaggedStruct("Own", {}),
  Schema.TaggedStruct("Neighborhood", {
    aggregate: Aggregate,
    /** Number of neighbors, drawn anew for each candidate. */
    neighbors: NeighborCount,
    /** The neighbors are all architectures at the distances from 1 to `radius`. */
    radius: Schema.Int.pipe(Schema.positive()),
    /** Whether they are those at the distance `radius` alone; by default they are not. */
    exactRadius: Schema.optional(Schema.Boolean),
    /** Whether the architecture itself counts in the aggregate. */
    center: Schema.Boolean,
    /** Whether the inputs of a genotype's edges may move, besides their operations. */
    moveInputs: Schema.Boolean,
    /** Whether each network counts once, by the run's identity. */
    quotient: Schema.Boolean,
    /** Whether neighbors must meet the constraints too. */
    constrainNeighbors: Schema.Boolean
  })
).annotations({ identifier: "Objective" })
export type Objective = typeof Objective.Type

/** Settings of the neighborhood objective. */
export const neighborhoodFields = grouped("Neighborhood", {
  aggregate: field(aggregateKind, { _tag: "Mean" }, "mean, median, worst, best, cvar:0.25, quantile:0.9, …"),
  neighbors: field(orWord("all", whole(0)), "all", "neighbors of a candidate, drawn by the seed"),
  radius: field(whole(1), 1, "largest distance of a neighbor, in decisions"),
  exactRadius: field(yesNo, false, "leave out neighbors that are nearer than the radius"),
  center: field(yesNo, true, "whether the architecture itself counts"),
  moveInputs: field(yesNo, false, "let neighbors differ in an input of a genotype too"),
  quotient: field(yesNo, false, "count each network once, by the identity"),
  constrainNeighbors: field(yesNo, false, "leave out neighbors that break a constraint")
})
