import * as FileSystem from "@effect/platform/FileSystem"
import * as Effect from "effect/Effect"
import { parseSpace } from "../../domain/space/parse_space.ts"
import { SpaceError } from "../../domain/space/space.ts"
import { builtinSpace, SPACE_NAMES, type SpaceName } from "../../domain/space/spaces.ts"

/**
 * A space by the name of one that comes with the library, or from a JSON file of the
 * `SpaceDefinition` schema.
 */
export const loadSpace = Effect.fn("loadSpace")(function* (nameOrPath: string) {
  if (isBuiltin(nameOrPath)) return builtinSpace(nameOrPath)
  const fail = (path: string, problem: string) => new SpaceError({ space: nameOrPath, path, problem })
  const files = yield* FileSystem.FileSystem
  const text = yield* Effect.mapError(files.readFileString(nameOrPath), () =>
    fail(nameOrPath, `it is neither a readable file nor one of ${SPACE_NAMES.join(", ")}`)
  )
  return yield* parseSpace(nameOrPath, text)
})

function isBuiltin(name: string): name is SpaceName {
  return SPACE_NAMES.some((known) => known === name)
}
