import type * as FileSystem from "@effect/platform/FileSystem"
import * as Effect from "effect/Effect"
import { type Architecture, ArchitectureError } from "../../domain/architecture/architecture.ts"
import type { Genotype } from "../../domain/architecture/genotype.ts"
import { toGenotype } from "../../domain/architecture/genotype_architecture.ts"
import { PUBLISHED_GENOTYPES } from "../../domain/architecture/published_genotypes.ts"
import { genotypeOfText, parseArchitecture, stringOfText } from "../../domain/architecture/text.ts"
import { genotypeFault } from "../../domain/network/genotype_fault.ts"
import { SettingsError } from "../../domain/setting/settings_error.ts"
import type { Space, SpaceError } from "../../domain/space/space.ts"
import { loadSpace } from "./file.ts"

/**
 * An architecture of a space, or a genotype of the DARTS space or beyond it, as NASNet's. `place`
 * is the space's name or file.
 */
type ReadArchitecture =
  | { readonly _tag: "Genotype"; readonly genotype: Genotype }
  | { readonly _tag: "Member"; readonly place: string; readonly space: Space; readonly architecture: Architecture }

/**
 * The architecture of a text in any form that `architectureParser` knows. Without a space, the name
 * of a published genotype, a genotype and NAS-Bench-201's string tell theirs. The DARTS space also
 * takes genotypes beyond it that a network can be built of: with `none`, or NASNet's.
 */
export const readArchitecture = Effect.fn("readArchitecture")(function* (
  text: string,
  spaceName: string | undefined
): Effect.fn.Return<ReadArchitecture, ArchitectureError | SettingsError | SpaceError, FileSystem.FileSystem> {
  const trimmed = text.trim()
  const known = spaceName === undefined || spaceName === "darts" ? genotypeOfText(trimmed) : undefined
  if (known !== undefined) {
    const genotype = yield* known
    const fault = genotypeFault(genotype)
    if (fault === undefined) return { _tag: "Genotype", genotype }
    const position = Math.max(0, trimmed.search(new RegExp(`\\b${fault.part}\\b`)))
    return yield* new ArchitectureError({ text: trimmed, position, problem: fault.problem })
  }
  const place = spaceName ?? (stringOfText(trimmed) === undefined ? undefined : "nas-bench-201")
  if (place === undefined) {
    const names = Object.keys(PUBLISHED_GENOTYPES).join(", ")
    const problem = `"${trimmed.slice(0, 40)}" does not say its space: add --space, or name one of ${names}; Genotype(…), the same as JSON or a Python dict, and |op~0|+|op~0|op~1|+… do say it`
    return yield* new SettingsError({ problem })
  }
  const space = yield* loadSpace(place)
  const architecture = yield* parseArchitecture(space, trimmed)
  if (place === "darts") return { _tag: "Genotype", genotype: toGenotype(space, architecture) }
  return { _tag: "Member", place, space, architecture }
})
