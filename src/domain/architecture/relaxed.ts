import { slotsByNode } from "../space/slots.ts"
import type { Space } from "../space/space.ts"
import type { Architecture } from "./architecture.ts"

/**
 * A relaxed architecture: per edge of the supernet (cell by cell, in edge order) a distribution
 * over its candidate operations, non-negative, summing to 1. DARTS: 28 rows of 8. A space without
 * cells has one row per decision.
 */
export type RelaxedArchitecture = ReadonlyArray<ReadonlyArray<number>>

/** The candidates of each row of a relaxed architecture. */
export function relaxedRows(space: Space): ReadonlyArray<ReadonlyArray<string>> {
  if (space.cells.length === 0) return space.decisions.map((decision) => decision.choices)
  return space.cells.flatMap((cell) => cell.edges.map((edge) => edge.operations))
}

/**
 * The discrete architecture of a relaxed one. `EveryEdge`: the largest entry of each row.
 * `StrongestEdges`: per node the incoming edges with the largest entry outside `exclude`, in edge
 * order, each with that operation. Ties go to the first.
 *
 * Source: Liu, Simonyan, Yang 2019 (arXiv 1806.09055) 2.4; the argmax of NAS-Bench-201's DARTS.
 */
export function readOff(space: Space, relaxed: RelaxedArchitecture): Architecture {
  const { reading } = space
  if (reading._tag === "EveryEdge") return relaxed.map((row) => largest(row, () => true))
  const choices = space.decisions.map(() => 0)
  for (const node of slotsByNode(space)) {
    const { cell, node: to } = node[0]!
    const first = space.cells.slice(0, space.cells.indexOf(cell)).reduce((sum, other) => sum + other.edges.length, 0)
    const strengths = cell.edges.flatMap((edge, i) => {
      if (edge.to !== to) return []
      const row = relaxed[first + i]!
      const best = largest(row, (k) => !reading.exclude.includes(edge.operations[k]!))
      if (best < 0) return []
      return [{ from: edge.from, operation: edge.operations[best]!, strength: row[best]! }]
    })
    const kept = [...strengths]
      .sort((a, b) => b.strength - a.strength)
      .slice(0, node.length)
      .sort((a, b) => a.from - b.from)
    for (const [i, slot] of node.entries()) {
      choices[slot.operation] = space.decisions[slot.operation]!.choices.indexOf(kept[i]!.operation)
      choices[slot.input] = space.decisions[slot.input]!.choices.indexOf(`${kept[i]!.from}`)
    }
  }
  return choices
}

function largest(row: ReadonlyArray<number>, allowed: (index: number) => boolean): number {
  let best = -1
  for (let k = 0; k < row.length; k++) if (allowed(k) && (best < 0 || row[k]! > row[best]!)) best = k
  return best
}
