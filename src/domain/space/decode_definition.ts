import * as ArrayFormatter from "@effect/schema/ArrayFormatter"
import type * as ParseResult from "@effect/schema/ParseResult"
import * as Schema from "@effect/schema/Schema"
import * as Either from "effect/Either"
import { CellSpace, DecisionSpace, type SpaceDefinition, SpaceError } from "./space.ts"

const decodeCells = Schema.decodeUnknownEither(CellSpace, { onExcessProperty: "error" })
const decodeDecisions = Schema.decodeUnknownEither(DecisionSpace, { onExcessProperty: "error" })

/**
 * A space definition from a value of any kind, its defaults filled in. An error names the place
 * that is nested deepest; it calls the space `name`, by default the name that the definition has.
 */
export function decodeDefinition(value: unknown, name?: string): Either.Either<SpaceDefinition, SpaceError> {
  const shape: object = typeof value === "object" && value !== null ? value : {}
  const own = "name" in shape && typeof shape.name === "string" ? shape.name : "without a name"
  const fail = (path: string, problem: string) => Either.left(new SpaceError({ space: name ?? own, path, problem }))
  if (!("decisions" in shape) && !("cells" in shape))
    return fail("the top level", `it has neither "decisions" nor "cells"`)
  const definition: Either.Either<SpaceDefinition, ParseResult.ParseError> =
    "cells" in shape ? decodeCells(shape) : decodeDecisions(shape)
  if (Either.isRight(definition)) return Either.right(definition.right)
  const issues = ArrayFormatter.formatErrorSync(definition.left)
  const issue = issues.reduce((a, b) => (b.path.length > a.path.length ? b : a))
  return fail(issue.path.length === 0 ? "the top level" : pathText(issue.path), issue.message.replace(/\s+/g, " "))
}

function pathText(path: ReadonlyArray<PropertyKey>): string {
  return path.map((part, i) => (typeof part === "number" ? `[${part}]` : `${i > 0 ? "." : ""}${String(part)}`)).join("")
}
