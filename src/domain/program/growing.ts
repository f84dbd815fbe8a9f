import type { Operation, Shape } from "./operation.ts"
import type { Node } from "./program.ts"

/** What an identity needs of the program that is being built. */
export interface Growing {
  readonly node: (at: number) => Node
  readonly constant: (value: number, shape: Shape) => number
  readonly add: (
    operation: Exclude<Operation, { _tag: "Input" | "Constant" }>,
    ...operands: ReadonlyArray<number>
  ) => number
}
