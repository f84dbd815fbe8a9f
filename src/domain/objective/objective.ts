import * as Schema from "@effect/schema/Schema"
import { NeighborCount } from "../setting/schemas.ts"
import { Aggregate } from "./aggregate.ts"

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
