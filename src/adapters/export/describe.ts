import * as Either from "effect/Either"
import { describeNetwork, type NetworkCount } from "../../domain/network/describe_network.ts"
import type { ProgramError } from "../../domain/program/program.ts"
import type { Exportable } from "./architecture.ts"
import { addNetwork, imageShape, isStaged, type NetworkSizes } from "./network.ts"

/** A part of a network: its stem, a cell, a head. */
interface ExportPart extends NetworkCount {
  readonly name: string
  readonly kind: "stem" | "cell" | "reduction cell" | "residual block" | "head" | "auxiliary head"
}

/** The size of a network, and of its parts. The totals leave the auxiliary head out. */
interface ExportDescription extends NetworkCount {
  /** `stem`, `cells.0` and on, `head`, `auxiliary`. */
  readonly parts: ReadonlyArray<ExportPart>
}

/** What a network consists of; no weights are needed. */
export function describeExport(
  exportable: Exportable,
  sizes: NetworkSizes
): Either.Either<ExportDescription, ProgramError> {
  const described = describeNetwork(imageShape(sizes, 1), (net, image) => addNetwork(net, image, exportable, sizes))
  return Either.map(described, ({ parts, ...total }) => ({
    ...total,
    parts: parts.map(({ name, ...count }) => ({ name, kind: kindOf(name, exportable, sizes), ...count }))
  }))
}

function kindOf(part: string, exportable: Exportable, { cells }: NetworkSizes): ExportPart["kind"] {
  if (part === "stem" || part === "head") return part
  if (part === "auxiliary") return "auxiliary head"
  const position = Number(part.slice("cells.".length))
  if (isStaged(exportable)) return position % (cells + 1) === cells ? "residual block" : "cell"
  return position === Math.floor(cells / 3) || position === Math.floor((2 * cells) / 3) ? "reduction cell" : "cell"
}

/** The same as a table for people. */
export function descriptionText({ parameters, multiplyAdds, parts }: ExportDescription): string {
  const count = (value: number) => value.toLocaleString("en-US")
  const auxiliary = parts.some(({ kind }) => kind === "auxiliary head")
  const rows = [
    ["part", "kind", "parameters", "multiply-adds"],
    ...parts.map((part) => [part.name, part.kind, count(part.parameters), count(part.multiplyAdds)]),
    ["total", auxiliary ? "without auxiliary head" : "", count(parameters), count(multiplyAdds)]
  ] as const
  const widths = [0, 1, 2, 3].map((column) => Math.max(...rows.map((row) => row[column]!.length)))
  return rows
    .map((row) => row.map((cell, i) => (i < 2 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!))).join("  "))
    .join("\n")
}
