import * as Schema from "@effect/schema/Schema"

/** A setting that may be left out, and what it is then. */
export function withDefault<A, I>(
  schema: Schema.Schema<A, I>,
  value: A
): Schema.optionalWith<Schema.Schema<A, I>, { default: () => A }> {
  return Schema.optionalWith(schema, { default: () => value })
}

/** What became of a setting of earlier versions: the names of those that took its place. */
export function formerSetting(name: string): readonly [string, ...ReadonlyArray<string>] | undefined {
  return name === "none" ? ["readNone", "neighborNone"] : undefined
}

/** How many neighbors take part: a number from 0, or all of them. */
export const NeighborCount = Schema.Union(Schema.Literal("all"), Schema.Int.pipe(Schema.nonNegative())).annotations({
  message: (issue) => ({
    message: `Expected "all" or a number of neighbors, actual ${JSON.stringify(issue.actual)}`,
    override: true
  })
})
