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
