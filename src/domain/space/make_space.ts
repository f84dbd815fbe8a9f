import * as Either from "effect/Either"
import { decodeDefinition } from "./decode_definition.ts"
import { type Slot, slotsByNode } from "./slots.ts"
import { type Cell, type Space, type SpaceDecision, type SpaceDefinition, SpaceError } from "./space.ts"

/**
 * A space from its definition, which may come straight from `JSON.parse`: checks it against the
 * schema, checks what a schema cannot, and derives the decisions of a cell space. `parseSpace`
 * takes the text.
 *
 * With `EveryEdge` there is one decision per edge, in the order of the edges. With `StrongestEdges`
 * each kept edge is a slot of two decisions, its operation and its input, in the order cell, node,
 * slot.
 */
export function makeSpace(definition: typeof SpaceDefinition.Encoded): Either.Either<Space, SpaceError> {
  return Either.flatMap(decodeDefinition(definition), made)
}

function made(definition: SpaceDefinition): Either.Either<Space, SpaceError> {
  const { name } = definition
  const fail = (path: string, problem: string) => Either.left(new SpaceError({ space: name, path, problem }))
  const fault = "cells" in definition ? cellFault(definition) : undefined
  if (fault !== undefined) return fail(fault.path, fault.problem)
  const space: Space =
    "cells" in definition
      ? { name, cells: definition.cells, reading: definition.reading, decisions: cellDecisions(definition) }
      : {
          name,
          cells: [],
          reading: { _tag: "EveryEdge" },
          decisions: definition.decisions.map((d) => ({ ...d, kind: "operation" }))
        }
  for (const [i, decision] of space.decisions.entries()) {
    const path = "cells" in definition ? `decision "${decision.name}"` : `decisions[${i}]`
    if (space.decisions.findIndex((other) => other.name === decision.name) !== i) {
      return fail(path, `a second decision named "${decision.name}"`)
    }
    const twice = duplicate(decision.choices)
    if (twice !== undefined) return fail(path, `the choice "${twice}" appears twice`)
    if (decision.choices.length === 0) return fail(path, "no operation is left to choose")
    if (decision.choices.length > 36) return fail(path, `${decision.choices.length} choices, at most 36 are supported`)
  }
  const node = slotsByNode(space).find((kept) => usableEdges(space, kept[0]!) < kept.length)
  if (node !== undefined) {
    const { cell, node: to } = node[0]!
    const problem = `node ${to} has ${usableEdges(space, node[0]!)} edges with an operation to keep and needs ${node.length}`
    return fail(`cells[${space.cells.indexOf(cell)}]`, problem)
  }
  return Either.right(space)
}

/** Number of a slot's possible edges that offer an operation which is not excluded. */
function usableEdges(space: Space, { cell, node, operation }: Slot): number {
  const known = space.decisions[operation]!.choices
  return cell.edges.filter((edge) => edge.to === node && edge.operations.some((name) => known.includes(name))).length
}

interface Fault {
  readonly path: string
  readonly problem: string
}

function cellFault(definition: Extract<SpaceDefinition, { cells: unknown }>): Fault | undefined {
  const names = duplicate(definition.cells.map((cell) => cell.name))
  if (names !== undefined) return { path: "cells", problem: `a second cell named "${names}"` }
  for (const [c, cell] of definition.cells.entries()) {
    const last = cell.inputs + cell.nodes - 1
    const seen = new Set<string>()
    for (const [e, edge] of cell.edges.entries()) {
      const path = `cells[${c}].edges[${e}]`
      if (edge.from >= edge.to) return { path, problem: `the edge ${edge.from}->${edge.to} does not point forward` }
      if (edge.to < cell.inputs) return { path, problem: `the edge ${edge.from}->${edge.to} ends in an input` }
      if (edge.to > last) return { path, problem: `node ${edge.to} does not exist: the last node is ${last}` }
      const twice = duplicate(edge.operations)
      if (twice !== undefined) return { path, problem: `the operation "${twice}" appears twice` }
      const unprintable = edge.operations.find((name) => /[|~'"\\\s]/.test(name))
      if (unprintable !== undefined)
        return { path, problem: `the operation "${unprintable}" has a blank or one of | ~ ' " \\ in its name` }
      if (seen.has(`${edge.from}->${edge.to}`)) return { path, problem: `a second edge ${edge.from}->${edge.to}` }
      seen.add(`${edge.from}->${edge.to}`)
    }
    for (let node = cell.inputs; node <= last; node++) {
      const incoming = cell.edges.filter((edge) => edge.to === node).length
      const needed = definition.reading._tag === "StrongestEdges" ? definition.reading.perNode : 1
      if (incoming < needed) {
        return { path: `cells[${c}]`, problem: `node ${node} has ${incoming} incoming edges and needs ${needed}` }
      }
    }
  }
  return undefined
}

function cellDecisions(definition: Extract<SpaceDefinition, { cells: unknown }>): ReadonlyArray<SpaceDecision> {
  const { cells, reading } = definition
  const prefix = (cell: Cell) => (cells.length === 1 ? "" : `${cell.name}:`)
  if (reading._tag === "EveryEdge") {
    return cells.flatMap((cell) =>
      cell.edges.map((edge) => ({
        name: `${prefix(cell)}${edge.from}->${edge.to}`,
        choices: edge.operations,
        kind: "operation" as const
      }))
    )
  }
  return cells.flatMap((cell) =>
    Array.from({ length: cell.nodes }, (_, i) => cell.inputs + i).flatMap((node) => {
      const incoming = cell.edges.filter((edge) => edge.to === node)
      const operations = [...new Set(incoming.flatMap((edge) => edge.operations))]
      return Array.from({ length: reading.perNode }, (_, slot) => slot).flatMap(
        (slot): ReadonlyArray<SpaceDecision> => [
          {
            name: `${prefix(cell)}${node}.${slot}`,
            choices: operations.filter((operation) => !reading.exclude.includes(operation)),
            kind: "operation"
          },
          {
            name: `${prefix(cell)}${node}.${slot}<-`,
            choices: incoming.map((edge) => `${edge.from}`),
            kind: "input"
          }
        ]
      )
    })
  )
}

function duplicate(names: ReadonlyArray<string>): string | undefined {
  return names.find((name, i) => names.indexOf(name) !== i)
}
