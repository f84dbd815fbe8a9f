import type { Node, NodeId } from "./node.ts"
import type { Operation, Shape } from "./operation.ts"

/** What an identity needs of the program that is being built. */
export interface Growing {
  readonly node: (at: NodeId) => Node
  readonly constant: (value: number, shape: Shape) => NodeId
  readonly add: (
    operation: Exclude<Operation, { _tag: "Input" | "Constant" }>,
    ...operands: ReadonlyArray<NodeId>
  ) => NodeId
}
