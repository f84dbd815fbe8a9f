import type * as FileSystem from "@effect/platform/FileSystem"
import * as Schema from "@effect/schema/Schema"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import { type Architecture, ArchitectureError } from "../../domain/architecture/architecture.ts"
import { stringCell } from "../../domain/architecture/cell_string.ts"
import { type Genotype, parseGenotype } from "../../domain/architecture/genotype.ts"
import { hasGenotype, toGenotype } from "../../domain/architecture/genotype_architecture.ts"
import { PUBLISHED_GENOTYPES } from "../../domain/architecture/published_genotypes.ts"
import { parseArchitecture } from "../../domain/architecture/text.ts"
import { DARTS_LAYERS } from "../../domain/network/darts_operations.ts"
import { SettingsError } from "../../domain/search/settings.ts"
import { NAS_BENCH_201_OPERATIONS } from "../../domain/space/nas_bench_201.ts"
import type { Space, SpaceError } from "../../domain/space/space.ts"
import { loadSpace } from "../space/file.ts"

/** An architecture that a network can be built of: a genotype, the six operations of a NAS-Bench-201 cell, as indices, or one of another space of cells. */
export type Exportable =
  | { readonly _tag: "Genotype"; readonly genotype: Genotype }
  | { readonly _tag: "Cell"; readonly operations: Architecture }
  | { readonly _tag: "Space"; readonly space: Space; readonly architecture: Architecture }

/** Whether a file can hold the network: not where it takes noise, which is drawn anew for every image. */
export function isFixed(exportable: Exportable): boolean {
  if (exportable._tag !== "Space") return true
  const { space, architecture } = exportable
  return space.decisions.every(({ choices }, i) => choices[architecture[i]!] !== "noise")
}

const operationNames: ReadonlyArray<string> = NAS_BENCH_201_OPERATIONS

const Edges = Schema.Array(Schema.Tuple(Schema.String, Schema.Int.pipe(Schema.nonNegative())))
const Nodes = Schema.Array(Schema.Int.pipe(Schema.nonNegative()))
const decodeGenotype = Schema.decodeUnknownEither(
  Schema.parseJson(Schema.Struct({ normal: Edges, normal_concat: Nodes, reduce: Edges, reduce_concat: Nodes }))
)

/**
 * The network's architecture from text: a published genotype's name, a `Genotype(…)` literal, the same as JSON, NAS-Bench-201's string, or any form
 * of the space. Without a space, the first three forms and the string tell theirs. The DARTS space also takes genotypes beyond it, as NASNet's.
 */
export const readExportable = Effect.fn("readExportable")(function* (
  text: string,
  spaceName: string | undefined
): Effect.fn.Return<Exportable, ArchitectureError | SettingsError | SpaceError, FileSystem.FileSystem> {
  const trimmed = text.trim()
  const wide = spaceName === undefined || spaceName === "darts" ? wideGenotype(trimmed) : undefined
  if (wide !== undefined) {
    const genotype = yield* wide
    yield* checkGenotype(trimmed, genotype)
    return { _tag: "Genotype", genotype }
  }
  const name = spaceName ?? (trimmed.startsWith("|") ? "nas-bench-201" : undefined)
  if (name === undefined) {
    const known = Object.keys(PUBLISHED_GENOTYPES).join(", ")
    return yield* new SettingsError({
      problem: `"${trimmed.slice(0, 40)}" tells no space: add --space, or name one of ${known}`
    })
  }
  const space = yield* loadSpace(name)
  if (space.cells.length === 0) {
    const problem = `no network is known for the space "${space.name}", which has decisions alone: give one that has cells (--space)`
    return yield* new SettingsError({ problem })
  }
  const architecture = yield* parseArchitecture(space, trimmed)
  const operations = benchmarkOperations(space, architecture)
  if (operations !== undefined) return { _tag: "Cell", operations }
  if (hasGenotype(space)) {
    const genotype = toGenotype(space, architecture)
    if (Either.isRight(checkGenotype(trimmed, genotype))) return { _tag: "Genotype", genotype }
  }
  return { _tag: "Space", space, architecture }
})

/** The operations in NAS-Bench-201's order, where the space has its form (4 nodes, an edge from each to every later one) and the architecture none but its operations. */
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

/** A genotype by name, as a literal or as JSON; `undefined` where the text is neither. */
function wideGenotype(text: string): Either.Either<Genotype, ArchitectureError> | undefined {
  const published = Object.hasOwn(PUBLISHED_GENOTYPES, text) ? PUBLISHED_GENOTYPES[text] : undefined
  if (published !== undefined) return Either.right(published)
  if (text.startsWith("Genotype")) return parseGenotype(text)
  const json = decodeGenotype(text)
  if (Either.isLeft(json)) return undefined
  const { normal, normal_concat: normalConcat, reduce, reduce_concat: reduceConcat } = json.right
  return Either.right({ normal, normalConcat, reduce, reduceConcat })
}

/** What `dartsEvaluationNetwork` relies on: two edges per node, from earlier nodes, with operations that have a layer; nodes to join. */
function checkGenotype(text: string, genotype: Genotype): Either.Either<void, ArchitectureError> {
  const parts = [
    ["normal", genotype.normal, genotype.normalConcat],
    ["reduce", genotype.reduce, genotype.reduceConcat]
  ] as const
  for (const [part, edges, concat] of parts) {
    const fail = (problem: string) =>
      Either.left(new ArchitectureError({ text, position: Math.max(0, text.indexOf(part)), problem }))
    if (edges.length === 0 || edges.length % 2 === 1)
      return fail(`${part} has ${edges.length} edges instead of two per node`)
    for (const [i, [operation, input]] of edges.entries()) {
      const place = `edge ${i + 1} of ${part}`
      if (operation === "none" || !DARTS_LAYERS.has(operation))
        return fail(`${place} has the operation "${operation}", which no network is built of`)
      const node = 2 + Math.floor(i / 2)
      if (input >= node) return fail(`${place} comes from node ${input}, which does not lead to node ${node}`)
    }
    const nodes = 2 + edges.length / 2
    const unknown = concat.find((node) => node >= nodes)
    if (concat.length === 0 || unknown !== undefined)
      return fail(`${part}_concat joins ${unknown === undefined ? "no node" : `node ${unknown} of ${nodes}`}`)
  }
  return Either.right(undefined)
}
