import type { Genotype } from "../architecture/genotype.ts"
import type { NodeId } from "../program/node.ts"
import type { Cell } from "../space/space.ts"
import { cellOperation } from "./cell_operations.ts"
import type { OperationOptions } from "./darts_operations.ts"
import { alone, type Network, reluConvBn, type Staged, together } from "./layers.ts"
import { mixture } from "./mixture.ts"

/**
 * An edge as a network needs it: where it comes from, and its position among the cell's edges, part
 * of its parameters' names.
 */
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

/**
 * The graph of a space's cell with all its edges, or with the kept ones: per node, in the order of
 * their positions.
 */
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

/** The operations of an edge, built side by side, and what the edge makes of their results. */
export interface BuiltEdge {
  readonly parts: ReadonlyArray<Staged<NodeId | undefined>>
  /** `undefined` where the edge adds nothing. */
  readonly join: (results: ReadonlyArray<NodeId | undefined>) => NodeId | undefined
}

/**
 * A cell from its inputs, all of one shape. `edge` gives what an edge is made of; `stride` is 2 on
 * the edges from the inputs of a cell that halves the image. Concatenated edges are brought back to
 * the cell's channels by ReLU, 1×1 convolution and normalization, named `<name>.nodes.<node>`
 * (ours); a mean divides by the number of edges. All operations that read one node are built
 * together: see `together`.
 */
export function buildCell(
  net: Network,
  name: string,
  graph: CellGraph,
  inputs: ReadonlyArray<NodeId>,
  affine: boolean,
  edge: (edge: GraphEdge, x: NodeId, stride: 1 | 2) => BuiltEdge
): NodeId {
  const { b } = net
  const [batch, channels, height, width] = b.shape(inputs[0]!) as readonly [number, number, number, number]
  const shape = [batch, channels, Math.ceil(height / graph.stride), Math.ceil(width / graph.stride)]
  const nodes: Array<NodeId> = []
  const carried = new Map<GraphEdge, NodeId | undefined>()
  const edges = graph.nodes.flat()
  for (const [place, incoming] of graph.nodes.entries()) {
    const late = incoming.find(({ from }) => from >= inputs.length + place)
    if (late !== undefined)
      throw b.fault(name, `edge ${late.position} comes from node ${late.from}, which is not there`)
  }
  const add = (x: NodeId) => {
    const from = nodes.push(x) - 1
    const own = edges.filter((one) => one.from === from)
    const built = own.map((one) => edge(one, x, graph.stride === 2 && from < inputs.length ? 2 : 1))
    const results = together(
      net,
      built.flatMap(({ parts }) => parts)
    )
    let start = 0
    for (const [i, { parts, join }] of built.entries()) {
      carried.set(own[i]!, join(results.slice(start, start + parts.length)))
      start += parts.length
    }
  }
  const join = (node: number, incoming: ReadonlyArray<GraphEdge>) => {
    const all = incoming.map((one) => carried.get(one))
    if (graph.combine === "concatenate") {
      const joined = b.concatenate(
        all.map((x) => x ?? b.constant(0, shape)),
        1
      )
      return alone(net, reluConvBn(net, `${name}.nodes.${node}`, joined, channels, { kernel: 1, affine }))
    }
    const terms = all.filter((x) => x !== undefined)
    if (terms.length === 0) return b.constant(0, shape)
    const sum = terms.reduce((total, x) => b.plus(total, x))
    return graph.combine === "mean" ? b.scale(sum, 1 / all.length) : sum
  }
  for (const input of inputs) add(input)
  for (const incoming of graph.nodes) add(join(nodes.length, incoming))
  return b.concatenate(
    graph.output.map((node) => nodes[node]!),
    1
  )
}

/**
 * The sum of all operations of an edge, weighted by a row of `weights` [edges, width]. Operation k
 * is named `<place>.<k>`.
 */
export function searchedEdge(
  net: Network,
  place: string,
  operations: ReadonlyArray<string>,
  x: NodeId,
  options: OperationOptions & { readonly weights: NodeId; readonly row: number }
): BuiltEdge {
  return {
    parts: operations.map((operation, k) => cellOperation(net, `${place}.${k}`, operation, x, options)),
    join: (made) => mixture(net, made, options.weights, options.row)
  }
}

/**
 * The one operation of an edge. With `dropPath` it is multiplied by the input `drop/<place>`
 * [batch, 1, 1, 1], which holds per image 0 or, where the path is kept, the inverse of the
 * probability of that; a skip connection that changes nothing is exempt.
 *
 * Source: DARTS's `drop_path`; Larsson, Maire, Shakhnarovich 2017 (arXiv 1605.07648).
 */
export function discreteEdge(
  net: Network,
  place: string,
  operation: string,
  x: NodeId,
  options: OperationOptions & { readonly dropPath: boolean }
): BuiltEdge {
  const exempt = !options.dropPath || (operation === "skip_connect" && options.stride === 1)
  return {
    parts: [cellOperation(net, place, operation, x, options)],
    join: ([made]) =>
      made === undefined || exempt
        ? made
        : net.b.times(made, net.b.input({ role: "mask", name: place }, [net.b.shape(x)[0]!, 1, 1, 1]))
  }
}
