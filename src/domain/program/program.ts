import * as Schema from "@effect/schema/Schema"
import type { Node } from "./node.ts"
import type { Shape } from "./operation.ts"
import type { Port } from "./port.ts"

/**
 * A tensor program: an immutable graph in topological order. It is deterministic; whatever is
 * random comes in as an input.
 */
export interface Program {
  readonly nodes: ReadonlyArray<Node>
  /** What it takes, by full name. */
  readonly inputs: ReadonlyMap<string, Port>
  /** What it gives, by full name. */
  readonly outputs: ReadonlyMap<string, Port>
}

/**
 * A program cannot be built or differentiated. `place` names the layer or the operation that does
 * not fit.
 */
export class ProgramError extends Schema.TaggedError<ProgramError>()("ProgramError", {
  place: Schema.String,
  problem: Schema.String
}) {
  override get message(): string {
    return `Cannot build ${this.place}: ${this.problem}`
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
