import * as Either from "effect/Either"
import { DARTS, S1, S2, S3, S4 } from "./darts.ts"
import { makeSpace } from "./make_space.ts"
import { NAS_BENCH_201 } from "./nas_bench_201.ts"
import type { Space, SpaceDefinition } from "./space.ts"

const DEFINITIONS = { "nas-bench-201": NAS_BENCH_201, darts: DARTS, s1: S1, s2: S2, s3: S3, s4: S4 } as const

/** Names of the spaces that come with the library. */
export const SPACE_NAMES = Object.keys(DEFINITIONS) as ReadonlyArray<keyof typeof DEFINITIONS>

/** One of `SPACE_NAMES`. */
export type SpaceName = keyof typeof DEFINITIONS

/** A space that comes with the library, made anew at each call. */
export function builtinSpace(name: SpaceName): Space {
  return Either.getOrThrow(makeSpace(DEFINITIONS[name]))
}

/**
 * The definition of a space that comes with the library: the JSON that a user would write for it.
 */
export function builtinDefinition(name: SpaceName): SpaceDefinition {
  return DEFINITIONS[name]
}
