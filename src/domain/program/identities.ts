import { disjointSum } from "./disjoint.ts"
import type { Growing } from "./growing.ts"
import type { NodeId } from "./node.ts"
import type { Operation, Shape } from "./operation.ts"
import { elementCount, sameShape } from "./program.ts"
import { factorsJoined, repeatedLater, simplifiedSum } from "./repetition.ts"

/**
 * A node that equals the one asked for and is simpler, if an identity knows one: neutral and
 * absorbing constants, constants of constants, double negation, moves that undo or follow each
 * other. All are exact but for infinities times 0.
 */
export function simplified(
  program: Growing,
  operation: Operation,
  operands: ReadonlyArray<NodeId>,
  shape: Shape
): NodeId | undefined {
  const [a, b = a] = operands
  if (a === undefined || b === undefined) return undefined
  const [x, y] = [constantOf(program, a), constantOf(program, b)]
  const counts = [elementCount(program.node(a).shape), elementCount(shape)] as const
  const value = commonValue(operation, x, y, counts)
  return value === undefined ? rewritten(program, operation, operands, shape) : program.constant(value, shape)
}

/**
 * The value of all elements, where those of the operands tell it. Element counts are those of the
 * first and the result.
 */
function commonValue(
  operation: Operation,
  x: number | undefined,
  y: number | undefined,
  [before, after]: readonly [number, number]
): number | undefined {
  switch (operation._tag) {
    case "Unary":
      return x === undefined ? undefined : unaryValue(operation.kind, x)
    case "Binary":
      return binaryValue(operation.kind, x, y)
    case "Sum":
      return x === undefined ? undefined : (x * before) / after
    case "Detach":
    case "Max":
    case "Broadcast":
    case "Reshape":
    case "Transpose":
    case "Slice":
    case "MaxPool":
      return x
    case "Pad":
    case "AveragePool":
    case "AveragePoolTranspose":
      return x === 0 ? 0 : undefined
    case "MatMul":
    case "Convolution":
    case "ConvolutionImage":
    case "ConvolutionFilter":
      return x === 0 || y === 0 ? 0 : undefined
    case "MaxPoolScatter":
    case "MaxPoolGather":
      return y === 0 ? 0 : undefined
    case "Concatenate":
    case "Input":
    case "Constant":
      return undefined
  }
}

/** A simpler node that equals one whose elements differ. */
function rewritten(
  program: Growing,
  operation: Operation,
  operands: ReadonlyArray<NodeId>,
  shape: Shape
): NodeId | undefined {
  const [a, b = a] = operands
  if (a === undefined || b === undefined) return undefined
  const inner = program.node(a)
  switch (operation._tag) {
    case "Unary":
      return (
        (operation.kind === "negate" ? undone(program, a, "negate") : undefined) ??
        repeatedLater(program, operation, operands, shape)
      )
    case "Binary":
      return (
        simplifiedBinary(program, operation.kind, [a, b], shape) ??
        repeatedLater(program, operation, operands, shape) ??
        (operation.kind === "add" ? disjointSum(program, a, b, shape) : undefined) ??
        (operation.kind === "multiply" ? factorsJoined(program, [a, b], shape) : undefined)
      )
    case "Broadcast":
    case "Reshape": {
      if (sameShape(inner.shape, shape)) return a
      const [from] = inner.operands
      return inner.operation._tag === operation._tag && from !== undefined ? program.add(operation, from) : undefined
    }
    case "Sum":
      return sameShape(inner.shape, shape) ? a : simplifiedSum(program, operation, a, shape)
    case "Transpose": {
      if (operation.permutation.every((axis, i) => axis === i)) return a
      const [from] = inner.operands
      if (inner.operation._tag !== "Transpose" || from === undefined) return undefined
      const { permutation } = inner.operation
      return program.add(
        { _tag: "Transpose", permutation: operation.permutation.map((axis) => permutation[axis]!) },
        from
      )
    }
    case "Slice":
    case "Pad":
      return sameShape(inner.shape, shape) ? a : undefined
    case "Concatenate":
      return operands.length === 1 ? a : undefined
    default:
      return undefined
  }
}

function constantOf(program: Growing, at: NodeId): number | undefined {
  const { operation } = program.node(at)
  return operation._tag === "Constant" ? operation.value : undefined
}

function undone(program: Growing, at: NodeId, kind: "negate"): NodeId | undefined {
  const { operation, operands } = program.node(at)
  return operation._tag === "Unary" && operation.kind === kind ? operands[0] : undefined
}

function unaryValue(kind: Extract<Operation, { _tag: "Unary" }>["kind"], x: number): number {
  switch (kind) {
    case "negate":
      return -x
    case "exp":
      return Math.exp(x)
    case "log":
      return Math.log(x)
    case "sqrt":
      return Math.sqrt(x)
    case "relu":
      return Math.max(x, 0)
    case "step":
      return x > 0 ? 1 : 0
  }
}

function binaryValue(
  kind: Extract<Operation, { _tag: "Binary" }>["kind"],
  x: number | undefined,
  y: number | undefined
): number | undefined {
  if (x !== undefined && y !== undefined)
    return kind === "add" ? x + y : kind === "subtract" ? x - y : kind === "multiply" ? x * y : x / y
  const isZero = kind === "multiply" ? x === 0 || y === 0 : kind === "divide" && x === 0
  return isZero ? 0 : undefined
}

function simplifiedBinary(
  program: Growing,
  kind: Extract<Operation, { _tag: "Binary" }>["kind"],
  [a, b]: readonly [NodeId, NodeId],
  shape: Shape
): NodeId | undefined {
  const [x, y] = [constantOf(program, a), constantOf(program, b)]
  switch (kind) {
    case "add":
      if (a === b) return program.add({ _tag: "Binary", kind: "multiply" }, a, program.constant(2, shape))
      return x === 0 ? b : y === 0 ? a : undefined
    case "subtract":
      if (y === 0) return a
      if (a === b) return program.constant(0, shape)
      return x === 0 ? program.add({ _tag: "Unary", kind: "negate" }, b) : undefined
    case "multiply":
      if (x === 1 || y === 1) return x === 1 ? b : a
      if (x === -1 || y === -1) return program.add({ _tag: "Unary", kind: "negate" }, x === -1 ? b : a)
      return scaledNegation(program, x === undefined ? a : b, x ?? y, shape)
    case "divide":
      if (y === undefined) return undefined
      return y === 1 ? a : program.add({ _tag: "Binary", kind: "multiply" }, a, program.constant(1 / y, shape))
  }
}

/** A multiple of −x is another multiple of x. */
function scaledNegation(program: Growing, at: NodeId, factor: number | undefined, shape: Shape): NodeId | undefined {
  const positive = factor === undefined ? undefined : undone(program, at, "negate")
  if (factor === undefined || positive === undefined) return undefined
  return program.add({ _tag: "Binary", kind: "multiply" }, positive, program.constant(-factor, shape))
}
