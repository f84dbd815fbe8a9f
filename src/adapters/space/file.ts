import * as FileSystem from "@effect/platform/FileSystem"
import * as ArrayFormatter from "@effect/schema/ArrayFormatter"
import type * as ParseResult from "@effect/schema/ParseResult"
import * as Schema from "@effect/schema/Schema"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import { makeSpace } from "../../domain/space/make_space.ts"
import { CellSpace, DecisionSpace, type Space, type SpaceDefinition, SpaceError } from "../../domain/space/space.ts"
import { builtinSpace, SPACE_NAMES, type SpaceName } from "../../domain/space/spaces.ts"

/** A space by the name of one that comes with the library, or from a JSON file of the `SpaceDefinition` schema. */
export const loadSpace = Effect.fn("loadSpace")(function* (nameOrPath: string) {
  if (isBuiltin(nameOrPath)) return builtinSpace(nameOrPath)
  const fail = (path: string, problem: string) => new SpaceError({ space: nameOrPath, path, problem })
  const files = yield* FileSystem.FileSystem
  const text = yield* Effect.mapError(files.readFileString(nameOrPath), () =>
    fail(nameOrPath, `it is none of ${SPACE_NAMES.join(", ")} and no readable file`)
  )
  return yield* parseSpace(nameOrPath, text)
})

function isBuiltin(name: string): name is SpaceName {
  return SPACE_NAMES.some((known) => known === name)
}

const decodeCells = Schema.decodeUnknownEither(CellSpace, { onExcessProperty: "error" })
const decodeDecisions = Schema.decodeUnknownEither(DecisionSpace, { onExcessProperty: "error" })

/** A space from the JSON text of its definition; errors name the place. */
export function parseSpace(name: string, text: string): Either.Either<Space, SpaceError> {
  const fail = (path: string, problem: string) => Either.left(new SpaceError({ space: name, path, problem }))
  const json = Either.try((): unknown => JSON.parse(text))
  if (Either.isLeft(json)) return fail("the file", "it is not JSON")
  const shape = typeof json.right === "object" && json.right !== null ? json.right : {}
  if (!("decisions" in shape) && !("cells" in shape))
    return fail("the top level", `it has neither "decisions" nor "cells"`)
  const definition: Either.Either<SpaceDefinition, ParseResult.ParseError> =
    "cells" in shape ? decodeCells(shape) : decodeDecisions(shape)
  if (Either.isLeft(definition)) {
    const issues = ArrayFormatter.formatErrorSync(definition.left)
    const issue = issues.reduce((a, b) => (b.path.length > a.path.length ? b : a))
    return fail(issue.path.length === 0 ? "the top level" : pathText(issue.path), issue.message.replace(/\s+/g, " "))
  }
  return makeSpace(definition.right)
}

function pathText(path: ReadonlyArray<PropertyKey>): string {
  return path.map((part, i) => (typeof part === "number" ? `[${part}]` : `${i > 0 ? "." : ""}${String(part)}`)).join("")
}
