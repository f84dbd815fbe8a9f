import * as Schema from "@effect/schema/Schema"
import * as Either from "effect/Either"
import type { Architecture } from "../architecture/architecture.ts"
import type { Space } from "../space/space.ts"

const Comparison = Schema.Literal("<=", ">=", "<", ">", "=")

/**
 * A condition on an architecture: a column of its table, or how many of its decisions take a
 * choice.
 */
const Constraint = Schema.Union(
  Schema.TaggedStruct("Column", { column: Schema.String, comparison: Comparison, bound: Schema.Number }),
  Schema.TaggedStruct("Count", { choice: Schema.String, comparison: Comparison, bound: Schema.Number })
).annotations({ identifier: "Constraint" })
type Constraint = typeof Constraint.Type

const FORM = /^\s*(?:count\(\s*([^()]+?)\s*\)|([^<>=()]+?))\s*(<=|>=|<|>|=)\s*(\S+)\s*$/

/**
 * A constraint from `params<=500000` (a column) or `count(skip_connect)<=2` (a choice). The error
 * is one sentence.
 */
export function parseConstraint(text: string): Either.Either<Constraint, string> {
  const match = FORM.exec(text)
  const bound = Number(match?.[4])
  if (match === null || !Number.isFinite(bound)) {
    return Either.left(`"${text}" is no constraint: write a column or count(choice), one of <= >= < > =, and a number`)
  }
  const comparison = match[3] as typeof Comparison.Type
  if (match[1] !== undefined) return Either.right({ _tag: "Count", choice: match[1], comparison, bound })
  return Either.right({ _tag: "Column", column: match[2]!, comparison, bound })
}

/** Whether a number meets a comparison; NaN meets none. */
export function compares(value: number, comparison: Constraint["comparison"], bound: number): boolean {
  switch (comparison) {
    case "<=":
      return value <= bound
    case ">=":
      return value >= bound
    case "<":
      return value < bound
    case ">":
      return value > bound
    case "=":
      return value === bound
  }
}

/** How many decisions of an architecture take a choice of this name. */
export function countChoice(space: Space, architecture: Architecture, choice: string): number {
  let count = 0
  for (const [i, decision] of space.decisions.entries()) if (decision.choices[architecture[i]!] === choice) count += 1
  return count
}
