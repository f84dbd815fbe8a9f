import * as Schema from "@effect/schema/Schema"
import type { Operation, Shape } from "./operation.ts"

/** One step of a program: an operation on earlier nodes, and the shape of its result. */
export interface Node {
  readonly operation: Operation
  /** Positions of the operands among the program's nodes; all smaller than the node's own. */
  readonly operands: ReadonlyArray<number>
  readonly shape: Shape
}

/** A tensor program: an immutable graph in topological order. It is deterministic; whatever is random comes in as an input. */
export interface Program {
  readonly nodes: ReadonlyArray<Node>
  /** Position of each named input. */
  readonly inputs: ReadonlyMap<string, number>
  /** Position of each named output. */
  readonly outputs: ReadonlyMap<string, number>
}

/** A program cannot be built or differentiated. `node` names the operation, and where it was asked for. */
export class ProgramError extends Schema.TaggedError<ProgramError>()("ProgramError", {
  node: Schema.String,
  problem: Schema.String
}) {
  override get message(): string {
    return `Cannot build program node ${this.node}: ${this.problem}`
  }
}

/** Number of elements of a shape. */
export function elementCount(shape: Shape): number {
  return shape.reduce((product, size) => product * size, 1)
}

/** Whether two shapes are equal. */
export function sameShape(a: Shape, b: Shape): boolean {
  return a.length === b.length && a.every((size, axis) => size === b[axis])
}
