import * as Either from "effect/Either"
import { slots } from "../space/slots.ts"
import type { Cell, Space } from "../space/space.ts"
import { type Architecture, ArchitectureError } from "./architecture.ts"
import { type Genotype, printGenotype } from "./genotype.ts"
import { hasLegalSlots } from "./membership.ts"

/**
 * Whether architectures of a space have a genotype: a normal and a reduction cell whose strongest
 * edges are kept.
 */
export function hasGenotype(space: Space): boolean {
  const [normal, reduction] = space.cells
  return (
    space.reading._tag === "StrongestEdges" &&
    space.cells.length === 2 &&
    normal?.stride === 1 &&
    reduction?.stride === 2
  )
}

function outputNodes(cell: Cell): ReadonlyArray<number> {
  const nodes = Array.from({ length: cell.nodes }, (_, i) => cell.inputs + i)
  return cell.output === "concatenate" ? nodes : nodes.slice(-1)
}

/** The genotype of an architecture; slots keep their order. The space `hasGenotype`. */
export function toGenotype(space: Space, architecture: Architecture): Genotype {
  const edges = (cell: Cell) =>
    slots(space)
      .filter((slot) => slot.cell === cell)
      .map(
        (slot) =>
          [
            space.decisions[slot.operation]!.choices[architecture[slot.operation]!]!,
            Number(space.decisions[slot.input]!.choices[architecture[slot.input]!])
          ] as const
      )
  const [normal, reduction] = space.cells
  return {
    normal: edges(normal!),
    normalConcat: outputNodes(normal!),
    reduce: edges(reduction!),
    reduceConcat: outputNodes(reduction!)
  }
}

/**
 * The architecture of a genotype, or why the space does not hold it. `text` is what an error shows.
 */
export function fromGenotype(
  space: Space,
  genotype: Genotype,
  text = printGenotype(genotype)
): Either.Either<Architecture, ArchitectureError> {
  const fail = (part: string, problem: string) =>
    Either.left(
      new ArchitectureError({ text, position: Math.max(0, text.search(new RegExp(`\\b${part}\\b`))), problem })
    )
  const parts = [
    ["normal", genotype.normal, genotype.normalConcat],
    ["reduce", genotype.reduce, genotype.reduceConcat]
  ] as const
  const choices = space.decisions.map(() => 0)
  for (const [c, [part, edges, concat]] of parts.entries()) {
    const cell = space.cells[c]!
    const own = slots(space).filter((slot) => slot.cell === cell)
    if (edges.length !== own.length)
      return fail(part, `${part} has ${edges.length} edges, the space "${space.name}" ${own.length}`)
    const nodes = outputNodes(cell)
    if (concat.length !== nodes.length || nodes.some((node) => !concat.includes(node))) {
      return fail(
        `${part}_concat`,
        `the output joins nodes ${concat.join(", ")}, in the space "${space.name}" ${nodes.join(", ")}`
      )
    }
    for (const [i, [operation, input]] of edges.entries()) {
      const slot = own[i]!
      const place = `edge ${i + 1} of ${part}`
      choices[slot.operation] = space.decisions[slot.operation]!.choices.indexOf(operation)
      if (choices[slot.operation]! < 0) {
        const left = space.reading._tag === "StrongestEdges" && space.reading.exclude.includes(operation)
        const why = left ? "which no architecture of the space keeps:" : "which is not in the space"
        return fail(part, `${place} has the operation "${operation}", ${why} "${space.name}"`)
      }
      choices[slot.input] = space.decisions[slot.input]!.choices.indexOf(`${input}`)
      if (choices[slot.input]! < 0)
        return fail(part, `${place} comes from node ${input}, which does not lead to node ${slot.node}`)
    }
  }
  if (!hasLegalSlots(space, choices)) {
    return fail(
      "normal",
      `a node takes one input twice, or an operation that its edge does not offer in the space "${space.name}"`
    )
  }
  return Either.right(choices)
}
