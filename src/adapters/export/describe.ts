import * as Either from "effect/Either"
import { programCost } from "../../domain/program/cost.ts"
import { elementCount, type ProgramError } from "../../domain/program/program.ts"
import type { Exportable } from "./architecture.ts"
import { buildNetwork, type NetworkSizes } from "./network.ts"

/** A part of a network: its stem, a cell, a head. */
export interface NetworkPart {
  readonly name: string
  readonly kind: "stem" | "cell" | "reduction cell" | "residual block" | "auxiliary head" | "head"
  readonly parameters: number
  /** Multiplications with an addition, for one image. */
  readonly multiplyAdds: number
}

/** The size of a network, and of its parts in the order in which an image passes them. */
export interface NetworkDescription {
  readonly parameters: number
  /** Multiplications with an addition, for one image. */
  readonly multiplyAdds: number
  readonly parts: ReadonlyArray<NetworkPart>
}

/** What a network consists of; no weights are needed. */
export function describeExport(
  exportable: Exportable,
  sizes: NetworkSizes
): Either.Either<NetworkDescription, ProgramError> {
  return Either.map(buildNetwork(exportable, sizes, 1), ({ program, parameters }) => {
    const starts = new Map<string, number>()
    const counts = new Map<string, number>()
    for (const [name, shape] of parameters) {
      const part = partOf(name)
      if (!starts.has(part)) starts.set(part, program.inputs.get(`param/${name}`)!)
      counts.set(part, (counts.get(part) ?? 0) + elementCount(shape))
    }
    const costBefore = (at: number) => programCost({ ...program, nodes: program.nodes.slice(0, at) }).multiplyAdds
    const bounds = [...[...starts.values()].map(costBefore), programCost(program).multiplyAdds]
    const parts = [...counts].map(([name, count], i) => ({
      name,
      kind: kindOf(name, exportable, sizes, parameters),
      parameters: count,
      multiplyAdds: bounds[i + 1]! - bounds[i]!
    }))
    return {
      parameters: parts.reduce((sum, part) => sum + part.parameters, 0),
      multiplyAdds: bounds.at(-1)!,
      parts
    }
  })
}

/** The part of a parameter, by the beginning of its name. */
function partOf(name: string): string {
  const [first, second] = name.split(".") as [string, string]
  if (first === "cells") return `cells.${second}`
  if (first.startsWith("stem")) return "stem"
  return first === "auxiliary_head" ? first : "head"
}

function kindOf(
  part: string,
  exportable: Exportable,
  { cells }: NetworkSizes,
  parameters: ReadonlyMap<string, unknown>
): NetworkPart["kind"] {
  if (part === "auxiliary_head") return "auxiliary head"
  if (part === "stem" || part === "head") return part
  if (exportable._tag === "Cell") return parameters.has(`${part}.conv_a.op.1.weight`) ? "residual block" : "cell"
  const cell = Number(part.slice("cells.".length))
  return cell === Math.floor(cells / 3) || cell === Math.floor((2 * cells) / 3) ? "reduction cell" : "cell"
}

/** The same as a table for people. */
export function descriptionText({ parameters, multiplyAdds, parts }: NetworkDescription): string {
  const count = (value: number) => value.toLocaleString("en-US")
  const rows = [
    ["part", "kind", "parameters", "multiply-adds"],
    ...parts.map((part) => [part.name, part.kind, count(part.parameters), count(part.multiplyAdds)]),
    ["total", "", count(parameters), count(multiplyAdds)]
  ] as const
  const widths = [0, 1, 2, 3].map((column) => Math.max(...rows.map((row) => row[column]!.length)))
  return rows
    .map((row) => row.map((cell, i) => (i < 2 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!))).join("  "))
    .join("\n")
}
