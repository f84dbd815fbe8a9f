import * as Either from "effect/Either"
import type { Architecture } from "../domain/architecture/architecture.ts"
import { parseArchitecture, printArchitecture } from "../domain/architecture/text.ts"
import { decodeDefinition } from "../domain/space/decode_definition.ts"
import { makeSpace } from "../domain/space/make_space.ts"
import { parseSpace } from "../domain/space/parse_space.ts"
import type { Space } from "../domain/space/space.ts"

/** An architecture as a program and a person read it. */
export interface ReadableArchitecture {
  /** Per decision of the space, the index of the chosen alternative. */
  readonly architecture: Architecture
  /** Per decision of the space, by its name, the chosen alternative. */
  readonly choices: Readonly<Record<string, string>>
  /** The text that papers and files write; `readArchitecture` reads it. */
  readonly text: string
}

/** An architecture with its choices by name and its text. */
export function readable(space: Space, architecture: Architecture): ReadableArchitecture {
  const choices = space.decisions.map(({ name, choices }, i) => [name, choices[architecture[i]!]!] as const)
  return { architecture, choices: Object.fromEntries(choices), text: printArchitecture(space, architecture) }
}

/**
 * A space from its definition: the text of a JSON file, or what `JSON.parse` gives.
 *
 * @example
 * ```ts
 * import { readSpace } from "na-nas"
 *
 * const space = readSpace({ name: "mine", decisions: [{ name: "depth", choices: ["2", "4", "8"] }] })
 * console.log(space.decisions.length) // 1
 * ```
 *
 * @throws SpaceError - its message names the place at fault and what is wrong there
 */
export function readSpace(definition: unknown): Space {
  const made =
    typeof definition === "string"
      ? parseSpace("its definition", definition)
      : Either.flatMap(decodeDefinition(definition), makeSpace)
  return Either.getOrThrowWith(made, (error) => error)
}

/**
 * An architecture of a space from any of its texts.
 *
 * @example
 * ```ts
 * import { builtinSpace, readArchitecture } from "na-nas"
 *
 * console.log(readArchitecture(builtinSpace("nas-bench-201"), "333333").choices["0->1"]) // nor_conv_3x3
 * ```
 *
 * @throws ArchitectureError - its message points at the fault and shows the forms that the space
 * takes
 */
export function readArchitecture(space: Space, text: string): ReadableArchitecture {
  return readable(
    space,
    Either.getOrThrowWith(parseArchitecture(space, text), (error) => error)
  )
}
