import { slots } from "../space/slots.ts"
import type { Cell, Space } from "../space/space.ts"
import { type Architecture, architectureKey } from "./architecture.ts"

/**
 * A convolution with one normalization behind it, of nothing. A separable one pads a constant
 * between its two.
 */
const CONSTANT = /^(nor|dil)_conv_\dx\d\(\)$/

interface ChosenEdge {
  readonly from: number
  readonly to: number
  readonly operation: string
}

type Terms = ReadonlyArray<string>

/**
 * A text that is equal for architectures that are the same function of the same weights.
 *
 * A node is the multiset of the terms that it sums: `none` adds nothing, `skip_connect` all terms
 * of its input, `avg_pool_3x3` (linear, padding not counted) the pooled form of each term, another
 * operation one term of its input's multiset, also of the empty one. A convolution of nothing is
 * its normalization's bias, a constant, and a pool of a constant is that constant. At stride 2 a
 * skip connection is a factorized reduction, an operation like others. The nodes of a concatenated
 * output count as a set: their order only renames weights that follow. 5,170 classes in
 * NAS-Bench-201, which are exactly its functions.
 *
 * Source: ours. A space without cells is its own form.
 */
export function functionalForm(space: Space, architecture: Architecture): string {
  if (space.cells.length === 0) return architectureKey(architecture)
  let first = 0
  return space.cells
    .map((cell) => {
      const edges =
        space.reading._tag === "EveryEdge"
          ? everyEdge(space, cell, architecture, first)
          : selected(space, cell, architecture)
      first += cell.edges.length
      return cellForm(cell, edges)
    })
    .join(";")
}

function everyEdge(space: Space, cell: Cell, architecture: Architecture, first: number): ReadonlyArray<ChosenEdge> {
  return cell.edges.map((edge, i) => ({
    from: edge.from,
    to: edge.to,
    operation: space.decisions[first + i]!.choices[architecture[first + i]!]!
  }))
}

function selected(space: Space, cell: Cell, architecture: Architecture): ReadonlyArray<ChosenEdge> {
  return slots(space)
    .filter((slot) => slot.cell === cell)
    .map((slot) => ({
      from: Number(space.decisions[slot.input]!.choices[architecture[slot.input]!]),
      to: slot.node,
      operation: space.decisions[slot.operation]!.choices[architecture[slot.operation]!]!
    }))
}

function cellForm(cell: Cell, edges: ReadonlyArray<ChosenEdge>): string {
  const nodes: Array<Terms> = Array.from({ length: cell.inputs }, (_, i) => [`${i}`])
  for (let node = cell.inputs; node < cell.inputs + cell.nodes; node++) {
    const incoming = edges.filter((edge) => edge.to === node)
    nodes.push(
      combined(
        cell,
        incoming.map((edge) => edgeTerms(cell, edge, nodes[edge.from]!))
      )
    )
  }
  if (cell.output === "last") return nodes[nodes.length - 1]!.join("+")
  return nodes
    .slice(cell.inputs)
    .map((terms) => terms.join("+"))
    .sort()
    .join("|")
}

function combined(cell: Cell, incoming: ReadonlyArray<Terms>): Terms {
  if (cell.combine === "sum") return incoming.flat().sort()
  const parts = incoming.map((terms) => terms.join("+"))
  return [cell.combine === "mean" ? `mean(${parts.sort().join(",")})` : `concatenate(${parts.join(",")})`]
}

function edgeTerms(cell: Cell, edge: ChosenEdge, input: Terms): Terms {
  const halves = cell.stride === 2 && edge.from < cell.inputs
  if (edge.operation === "none") return []
  if (edge.operation === "skip_connect" && !halves) return input
  if (edge.operation === "avg_pool_3x3")
    return input.map((term) => (CONSTANT.test(term) ? term : `avg_pool_3x3(${term})`))
  return [`${edge.operation}(${input.join("+")})`]
}
