import * as ArrayFormatter from "@effect/schema/ArrayFormatter"
import * as Schema from "@effect/schema/Schema"
import * as Either from "effect/Either"
import type { Architecture } from "../domain/architecture/architecture.ts"
import type { Identifier } from "../domain/architecture/identity.ts"
import type { Aggregate } from "../domain/objective/aggregate.ts"
import { parseAggregate } from "../domain/objective/aggregate_text.ts"
import { Objective } from "../domain/objective/objective.ts"
import { type PreparedObjective, prepareObjective } from "../domain/objective/targets.ts"
import { SettingsError } from "../domain/setting/settings_error.ts"
import type { Space } from "../domain/space/space.ts"

/**
 * One number from the losses of a neighborhood, and their distances from the architecture in the
 * middle.
 */
export type AggregateFunction = (losses: ReadonlyArray<number>, distances: ReadonlyArray<number>) => number

/** What a search minimizes, where that is an aggregate over neighborhoods. */
export interface NeighborhoodObjective {
  /**
   * `"mean"`, `"cvar:0.25"` and the others of `AGGREGATE_TEXTS`, or a function of your own.
   *
   * @defaultValue "mean"
   */
  readonly aggregate?: string | Aggregate | AggregateFunction
  /** How many neighbors count, drawn anew for each architecture. @defaultValue "all" */
  readonly neighbors?: number | "all"
  /** In how many decisions a neighbor may differ. @defaultValue 1 */
  readonly radius?: number
  /** Whether neighbors differ in exactly `radius` decisions. @defaultValue false */
  readonly exactRadius?: boolean
  /** Whether the architecture itself counts. @defaultValue true */
  readonly center?: boolean
  /**
   * Whether the inputs of a cell's edges may move, besides their operations.
   *
   * @defaultValue false
   */
  readonly moveInputs?: boolean
}

const decode = Schema.decodeUnknownEither(Objective, { onExcessProperty: "error" })
const fail = (problem: string) => Either.left(new SettingsError({ problem }))

/** The objective made ready for a space: the own loss, or a neighborhood's. */
export function readyObjective(
  space: Space,
  objective: "own" | NeighborhoodObjective,
  identifier: Identifier,
  admits: (architecture: Architecture) => boolean
): Either.Either<PreparedObjective, SettingsError> {
  if (objective === "own") return Either.right(prepareObjective(space, { _tag: "Own" }, identifier, admits))
  return Either.gen(function* () {
    const { aggregate = "mean", ...shape } = objective
    const known =
      typeof aggregate === "string"
        ? yield* Either.mapLeft(
            parseAggregate(aggregate),
            (problem) => new SettingsError({ problem: `\`objective.aggregate\`: ${problem}` })
          )
        : aggregate
    const given = {
      ...{ _tag: "Neighborhood", neighbors: "all", radius: 1, center: true, moveInputs: false, ...shape },
      ...{
        aggregate: typeof known === "function" ? { _tag: "Mean" } : known,
        quotient: false,
        constrainNeighbors: true
      }
    }
    const checked = yield* Either.mapLeft(decode(given), (error) => {
      const [issue] = ArrayFormatter.formatErrorSync(error).toSorted((a, b) => b.path.length - a.path.length)
      const problem = issue?.message.replace(/\s+/g, " ") ?? "another value"
      return new SettingsError({ problem: `\`${["objective", ...(issue?.path ?? [])].join(".")}\`: ${problem}` })
    })
    if (shape.neighbors === 0 && shape.center === false)
      return yield* fail("`objective`: no neighbors and no center leave nothing to aggregate")
    const prepared = prepareObjective(space, checked, identifier, admits)
    return typeof known === "function" ? { ...prepared, aggregate: checkedAggregate(known) } : prepared
  })
}

/** An aggregate of one's own: NaN would make every comparison of a search false. */
function checkedAggregate(own: AggregateFunction): AggregateFunction {
  return (losses, distances) => {
    const loss = own(losses, distances)
    if (typeof loss === "number" && !Number.isNaN(loss)) return loss
    throw new TypeError(`\`objective.aggregate\` returned ${loss} for ${losses.length} losses; return a number`)
  }
}
