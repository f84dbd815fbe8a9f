import * as Brand from "effect/Brand"
import type { Operation, Shape } from "./operation.ts"

/** A node's handle: its position among its program's nodes. Only this file makes one. */
export type NodeId = number & Brand.Brand<"NodeId">

const nodeId = Brand.nominal<NodeId>()

/** One step of a program: an operation on earlier nodes, and the shape of its result. */
export interface Node {
  readonly operation: Operation
  /** All earlier than the node itself. */
  readonly operands: ReadonlyArray<NodeId>
  readonly shape: Shape
}

/** The operands of a node whose operation takes two. */
export function pairOf([a, b]: ReadonlyArray<NodeId>): readonly [NodeId, NodeId] {
  // Builders refuse another number of operands, so this is a fault of this code.
  if (a === undefined || b === undefined) throw new RangeError("Cannot read two operands of a node that has fewer")
  return [a, b]
}

/** Append a node; gives its handle. */
export function pushNode(nodes: Array<Node>, node: Node): NodeId {
  return nodeId(nodes.push(node) - 1)
}

/** The nodes with their handles, operands before what reads them. */
export function* entriesOf(nodes: ReadonlyArray<Node>): Generator<readonly [NodeId, Node]> {
  for (const [at, node] of nodes.entries()) yield [nodeId(at), node]
}

/** A node and those before it with their handles, the last first. */
export function* entriesBackFrom(nodes: ReadonlyArray<Node>, end: NodeId): Generator<readonly [NodeId, Node]> {
  for (let at = end as number; at >= 0; at--) yield [nodeId(at), nodes[at]!]
}
