import { entriesOf, type NodeId } from "../../domain/program/node.ts"
import type { BinaryKind, Shape } from "../../domain/program/operation.ts"
import type { Program } from "../../domain/program/program.ts"
import { lastReaders } from "../../domain/program/rewrite.ts"

/** x · scale + shift, channel by channel (axis 1), of what a node gives. */
export interface Affine {
  readonly base: NodeId
  readonly scale: Float64Array
  readonly shift: Float64Array
}

/** What of a program depends on one of its inputs, and how often it is read. */
interface Dependence {
  readonly isDependent: (at: NodeId) => boolean
  /** Whether one node alone reads a node, which is no output. */
  readonly isReadOnce: (at: NodeId) => boolean
  readonly isNeeded: (at: NodeId) => boolean
}

/** The nodes that depend on an input, and how often those are read that an output needs. */
export function dependenceOn(program: Program, input: string): Dependence {
  const { nodes } = program
  const dependent = new Uint8Array(nodes.length)
  const needed = new Uint8Array(nodes.length)
  const readers = new Int32Array(nodes.length)
  const isOutput = lastReaders(program)
  const from = program.inputs.get(input)?.node
  for (const [at, { operands }] of entriesOf(nodes))
    dependent[at] = at === from || operands.some((operand) => dependent[operand] === 1) ? 1 : 0
  for (const { node } of program.outputs.values()) needed[node] = 1
  for (let at = nodes.length - 1; at >= 0; at--) {
    if (needed[at] === 0) continue
    for (const operand of nodes[at]!.operands) {
      needed[operand] = 1
      readers[operand] = readers[operand]! + 1
    }
  }
  return {
    isDependent: (at) => dependent[at] === 1,
    isReadOnce: (at) => readers[at] === 1 && isOutput[at]! < nodes.length,
    isNeeded: (at) => needed[at] === 1
  }
}

/** A node that only repeats the elements of another one, followed to it. */
export function unrepeated({ nodes }: Pick<Program, "nodes">, at: NodeId): NodeId {
  const { operation, operands } = nodes[at]!
  const [from] = operands
  const repeats = operation._tag === "Broadcast" || operation._tag === "Detach"
  return repeats && from !== undefined ? unrepeated({ nodes }, from) : at
}

/** Whether a tensor has one number per channel, or one alone. */
export function isPerChannel(shape: Shape): boolean {
  return shape.every((size, axis) => axis === 1 || size === 1)
}

/**
 * An affine function followed by an operation with one number per channel, or one alone; none where
 * it stays no affine function.
 */
export function composed(
  { base, scale, shift }: Affine,
  kind: BinaryKind,
  by: ArrayLike<number>,
  isLeft: boolean
): Affine | undefined {
  const at = (channel: number) => by[by.length === 1 ? 0 : channel]!
  const made = (of: (scale: number, shift: number, by: number) => readonly [number, number]): Affine => {
    const results = Array.from(scale, (factor, channel) => of(factor, shift[channel]!, at(channel)))
    return {
      base,
      scale: Float64Array.from(results, ([factor]) => factor),
      shift: Float64Array.from(results, ([, term]) => term)
    }
  }
  switch (kind) {
    case "add":
      return made((factor, term, b) => [factor, term + b])
    case "subtract":
      return isLeft ? made((factor, term, b) => [factor, term - b]) : made((factor, term, b) => [-factor, b - term])
    case "multiply":
      return made((factor, term, b) => [factor * b, term * b])
    case "divide":
      return isLeft ? made((factor, term, b) => [factor / b, term / b]) : undefined
  }
}
