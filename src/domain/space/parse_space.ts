import * as Either from "effect/Either"
import { decodeDefinition } from "./decode_definition.ts"
import { makeSpace } from "./make_space.ts"
import { type Space, SpaceError } from "./space.ts"

/**
 * A space from the JSON text of its definition, as in a file. Errors name the place at fault and
 * call the space `name`: the file's name, say.
 *
 * @example
 * ```ts
 * import * as Either from "effect/Either"
 * import { parseSpace } from "na-nas"
 *
 * const text = '{"name": "mine", "decisions": [{"name": "depth", "choices": ["2", "4", "8"]}]}'
 * const space = Either.getOrThrowWith(parseSpace("mine.json", text), (error) => error)
 * console.log(space.name) // mine
 * ```
 */
export function parseSpace(name: string, text: string): Either.Either<Space, SpaceError> {
  const json = Either.try((): unknown => JSON.parse(text))
  if (Either.isLeft(json))
    return Either.left(new SpaceError({ space: name, path: "the file", problem: "it is not JSON" }))
  return Either.flatMap(decodeDefinition(json.right, name), makeSpace)
}
