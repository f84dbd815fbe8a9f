import type { Genotype } from "../architecture/genotype.ts"
import type { Cell } from "../space/space.ts"
import { cellOperation } from "./cell_operations.ts"
import type { OperationOptions } from "./darts_operations.ts"
import { type Network, reluConvBn } from "./layers.ts"
import { mixture } from "./mixture.ts"

/** An edge as a network needs it: where it comes from, and its position among the cell's edges, part of its parameters' names. */
export interface GraphEdge {
  readonly from: number
  readonly position: number
}

/** How a cell joins what its edges carry, whatever that is. */
export interface CellGraph {
  /** Per node after the inputs its incoming edges. */
  readonly nodes: ReadonlyArray<ReadonlyArray<GraphEdge>>
  readonly combine: Cell["combine"]
  /** The nodes that are concatenated to the output. */
  readonly output: ReadonlyArray<number>
  readonly stride: Cell["stride"]
}

/** The graph of a space's cell with all its edges, or with the kept ones: per node, in the order of their positions. */
export function graphOf(cell: Cell, kept?: ReadonlyArray<ReadonlyArray<GraphEdge>>): CellGraph {
  const nodes = Array.from({ length: cell.nodes }, (_, i) => cell.inputs + i)
  const incoming = nodes.map((node) =>
    cell.edges.flatMap(({ from, to }, position) => (to === node ? [{ from, position }] : []))
  )
  const output = cell.output === "concatenate" ? nodes : nodes.slice(-1)
  return { nodes: kept ?? incoming, combine: cell.combine, output, stride: cell.stride }
}

/** The graph of a genotype's cell: two edges a node, which are summed. */
export function graphOfGenotype(genotype: Genotype, reduction: boolean): CellGraph {
  const edges = reduction ? genotype.reduce : genotype.normal
  return {
    nodes: Array.from({ length: Math.ceil(edges.length / 2) }, (_, node) =>
      edges.slice(2 * node, 2 * node + 2).map(([, from], i) => ({ from, position: 2 * node + i }))
    ),
    combine: "sum",
    output: reduction ? genotype.reduceConcat : genotype.normalConcat,
    stride: reduction ? 2 : 1
  }
}

/**
 * A cell from its inputs, all of one shape. `edge` gives what an edge carries, or `undefined` where it adds nothing; `stride` is 2 on the
 * edges from the inputs of a cell that halves the image. Concatenated edges are brought back to the cell's channels by
 * ReLU, 1×1 convolution and normalization, named `<name>.nodes.<node>` (ours); a mean divides by the number of edges.
 */
export function buildCell(
  net: Network,
  name: string,
  graph: CellGraph,
  inputs: ReadonlyArray<number>,
  affine: boolean,
  edge: (edge: GraphEdge, x: number, stride: 1 | 2) => number | undefined
): number {
  const { b } = net
  const [batch, channels, height, width] = b.shape(inputs[0]!) as readonly [number, number, number, number]
  const shape = [batch, channels, Math.ceil(height / graph.stride), Math.ceil(width / graph.stride)]
  const nodes = [...inputs]
  const join = (node: number, carried: ReadonlyArray<number | undefined>) => {
    if (graph.combine === "concatenate") {
      const joined = b.concatenate(
        carried.map((x) => x ?? b.constant(0, shape)),
        1
      )
      return reluConvBn(net, `${name}.nodes.${node}`, joined, channels, { kernel: 1, affine })
    }
    const terms = carried.filter((x) => x !== undefined)
    if (terms.length === 0) return b.constant(0, shape)
    const sum = terms.reduce((total, x) => b.plus(total, x))
    return graph.combine === "mean" ? b.scale(sum, 1 / carried.length) : sum
  }
  for (const incoming of graph.nodes) {
    const carried = incoming.map((one) => {
      const x = nodes[one.from]
      if (x === undefined)
        throw b.error(
          { _tag: "Detach" },
          `edge ${one.position} of ${name} comes from node ${one.from}, which is not there`
        )
      return edge(one, x, graph.stride === 2 && one.from < inputs.length ? 2 : 1)
    })
    nodes.push(join(nodes.length, carried))
  }
  return b.concatenate(
    graph.output.map((node) => nodes[node]!),
    1
  )
}

/** The sum of all operations of an edge, weighted by a row of `weights` [edges, width]. Operation k is named `<place>.<k>`. */
export function searchedEdge(
  net: Network,
  place: string,
  operations: ReadonlyArray<string>,
  x: number,
  options: OperationOptions & { readonly weights: number; readonly row: number }
): number | undefined {
  const made = operations.map((operation, k) => cellOperation(net, `${place}.${k}`, operation, x, options))
  return mixture(net, made, options.weights, options.row)
}

/**
 * The one operation of an edge. With `dropPath` it is multiplied by the input `drop/<place>` [batch, 1, 1, 1], which holds per image 0 or, where
 * the path is kept, the inverse of the probability of that; a skip connection that changes nothing is exempt.
 *
 * Source: DARTS's `drop_path`; Larsson, Maire, Shakhnarovich 2017 (arXiv 1605.07648).
 */
export function discreteEdge(
  net: Network,
  place: string,
  operation: string,
  x: number,
  options: OperationOptions & { readonly dropPath: boolean }
): number | undefined {
  const made = cellOperation(net, place, operation, x, options)
  const exempt = operation === "skip_connect" && options.stride === 1
  if (made === undefined || !options.dropPath || exempt) return made
  return net.b.times(made, net.b.input(`drop/${place}`, [net.b.shape(x)[0]!, 1, 1, 1]))
}
