import * as Schema from "@effect/schema/Schema"

/** One of a few words; the message names them all. */
export function oneOf<const Words extends readonly [string, ...ReadonlyArray<string>]>(...words: Words) {
  return Schema.Literal(...words).annotations({
    message: (issue) => ({
      message: `Expected ${words.join(", ")}, actual ${JSON.stringify(issue.actual)}`,
      override: true
    })
  })
}

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

/** A switch, as flags and files write it. */
export const YesNo = Schema.Boolean.annotations({
  message: (issue) => ({
    message: `Expected yes or no (true or false in a file), actual ${JSON.stringify(issue.actual)}`,
    override: true
  })
})

/** How many neighbors take part: a number from 0, or all of them. */
export const NeighborCount = Schema.Union(Schema.Literal("all"), Schema.Int.pipe(Schema.nonNegative())).annotations({
  message: (issue) => ({
    message: `Expected "all" or a number of neighbors, actual ${JSON.stringify(issue.actual)}`,
    override: true
  })
})
