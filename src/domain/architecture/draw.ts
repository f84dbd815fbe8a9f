import { slotsByNode } from "../space/slots.ts"
import type { Cell, Space } from "../space/space.ts"
import type { Architecture } from "./architecture.ts"

/**
 * An architecture as lines of text: per cell its nodes, each with the operations that lead to it
 * and, in brackets, the node that each reads. Inputs of a cell are numbered first. A space without
 * cells has a line per decision.
 */
export function drawArchitecture(space: Space, architecture: Architecture): ReadonlyArray<string> {
  const choice = (i: number) => space.decisions[i]!.choices[architecture[i]!]!
  if (space.cells.length === 0) return space.decisions.map(({ name }, i) => `${name}: ${choice(i)}`)
  const incoming = new Map<string, Array<string>>()
  const add = (cell: string, node: number, text: string) => {
    const key = `${cell} ${node}`
    incoming.set(key, [...(incoming.get(key) ?? []), text])
  }
  if (space.reading._tag === "EveryEdge") {
    let decision = 0
    for (const { name, edges } of space.cells)
      for (const { from, to } of edges) add(name, to, `${choice(decision++)}(${from})`)
  } else {
    for (const node of slotsByNode(space))
      for (const { cell, node: to, operation, input } of node)
        add(cell.name, to, `${choice(operation)}(${choice(input)})`)
  }
  const combined = (combine: Cell["combine"], texts: ReadonlyArray<string>) =>
    combine === "sum" ? texts.join(" + ") : `${combine} of ${texts.join(", ")}`
  return space.cells.flatMap(({ name, inputs, nodes, combine, output }) => [
    `${name}: inputs ${Array.from({ length: inputs }, (_, i) => i).join(", ")}`,
    ...Array.from({ length: nodes }, (_, i) => i + inputs).map(
      (node) => `  node ${node} = ${combined(combine, incoming.get(`${name} ${node}`) ?? ["nothing"])}`
    ),
    `  output = ${output === "last" ? `node ${inputs + nodes - 1}` : "nodes joined"}`
  ])
}
