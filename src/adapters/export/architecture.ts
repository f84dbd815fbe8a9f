import type * as FileSystem from "@effect/platform/FileSystem"
import * as Effect from "effect/Effect"
import type { Architecture, ArchitectureError } from "../../domain/architecture/architecture.ts"
import { stringCell } from "../../domain/architecture/cell_string.ts"
import type { Genotype } from "../../domain/architecture/genotype.ts"
import { hasGenotype, toGenotype } from "../../domain/architecture/genotype_architecture.ts"
import { genotypeFault } from "../../domain/network/genotype_fault.ts"
import { SettingsError } from "../../domain/setting/settings_error.ts"
import { NAS_BENCH_201_OPERATIONS } from "../../domain/space/nas_bench_201.ts"
import type { Space, SpaceError } from "../../domain/space/space.ts"
import { hasNoise } from "../../domain/training/subject.ts"
import { readArchitecture } from "../space/read_architecture.ts"

/**
 * An architecture that a network can be built of: a genotype, the six operations of a NAS-Bench-201
 * cell, as indices, or one of another space of cells.
 */
export type Exportable =
  | { readonly _tag: "Genotype"; readonly genotype: Genotype }
  | { readonly _tag: "Cell"; readonly operations: Architecture }
  | { readonly _tag: "Space"; readonly space: Space; readonly architecture: Architecture }

/**
 * Whether a file can hold the network: not where it takes noise, which is drawn anew for every
 * image.
 */
export function isFixed(exportable: Exportable): boolean {
  if (exportable._tag !== "Space") return true
  return !hasNoise(exportable.space, exportable.architecture)
}

const operationNames: ReadonlyArray<string> = NAS_BENCH_201_OPERATIONS

/**
 * The network's architecture from text, in any form that `readArchitecture` takes. Errors: a space
 * without cells, and what it refuses.
 */
export const readExportable = Effect.fn("readExportable")(function* (
  text: string,
  spaceName: string | undefined
): Effect.fn.Return<Exportable, ArchitectureError | SettingsError | SpaceError, FileSystem.FileSystem> {
  const read = yield* readArchitecture(text, spaceName)
  if (read._tag === "Genotype") return read
  const { space, architecture } = read
  if (space.cells.length === 0) {
    const problem = `there is no network for the space "${space.name}", which has decisions only: give one that has cells (--space)`
    return yield* new SettingsError({ problem })
  }
  const operations = benchmarkOperations(space, architecture)
  if (operations !== undefined) return { _tag: "Cell", operations }
  if (hasGenotype(space)) {
    const genotype = toGenotype(space, architecture)
    if (genotypeFault(genotype) === undefined) return { _tag: "Genotype", genotype }
  }
  return { _tag: "Space", space, architecture }
})

/**
 * The operations in NAS-Bench-201's order, where the space has its form (4 nodes, an edge from each
 * to every later one) and the architecture none but its operations.
 */
function benchmarkOperations(space: Space, architecture: Architecture): Architecture | undefined {
  const cell = stringCell(space)
  if (cell?.nodes !== 3 || cell.edges.length !== 6 || cell.output !== "last") return undefined
  const chosen = cell.edges.map(({ from, to }, edge) => {
    const operation = space.decisions[edge]!.choices[architecture[edge]!]!
    return { place: 3 * to + from, operation: operationNames.indexOf(operation) }
  })
  const operations = chosen.sort((a, b) => a.place - b.place).map(({ operation }) => operation)
  return operations.includes(-1) ? undefined : operations
}
