import { disjointSum } from "./disjoint.ts"
import type { Growing } from "./growing.ts"
import type { Operation, Shape } from "./operation.ts"
import { elementCount, sameShape } from "./program.ts"
import { factorsJoined, repeatedLater, simplifiedSum } from "./repetition.ts"

/**
 * A node that equals the one asked for and is simpler, if an identity knows one: neutral and absorbing constants, constants
 * of constants, double negation, moves that undo or follow each other. All are exact but for infinities times 0.
 */
export function simplified(
  program: Growing,
  operation: Operation,
  operands: ReadonlyArray<number>,
  shape: Shape
): number | undefined {
  const values = operands.map((operand) => constantOf(program, operand))
  switch (operation._tag) {
    case "Unary":
      if (values[0] !== undefined) return program.constant(unaryValue(operation.kind, values[0]), shape)
      return (
        (operation.kind === "negate" ? undone(program, operands[0]!, "negate") : undefined) ??
        repeatedLater(program, operation, operands, shape)
      )
    case "Binary":
      return (
        simplifiedBinary(program, operation.kind, operands, values, shape) ??
        repeatedLater(program, operation, operands, shape) ??
        (operation.kind === "add" ? disjointSum(program, operands[0]!, operands[1]!, shape) : undefined) ??
        (operation.kind === "multiply" ? factorsJoined(program, operands, shape) : undefined)
      )
    case "Detach":
    case "Max":
      return values[0] === undefined ? undefined : program.constant(values[0], shape)
    case "Broadcast":
    case "Reshape":
      return simplifiedMove(program, operation, operands[0]!, values[0], shape)
    case "Sum": {
      const before = program.node(operands[0]!).shape
      if (values[0] !== undefined)
        return program.constant((values[0] * elementCount(before)) / elementCount(shape), shape)
      return sameShape(before, shape) ? operands[0] : simplifiedSum(program, operation, operands[0]!, shape)
    }
    case "Transpose": {
      if (values[0] !== undefined) return program.constant(values[0], shape)
      const inner = program.node(operands[0]!)
      if (operation.permutation.every((axis, i) => axis === i)) return operands[0]
      if (inner.operation._tag !== "Transpose") return undefined
      const { permutation } = inner.operation
      return program.add(
        { _tag: "Transpose", permutation: operation.permutation.map((axis) => permutation[axis]!) },
        inner.operands[0]!
      )
    }
    case "Slice":
      if (values[0] !== undefined) return program.constant(values[0], shape)
      return sameShape(program.node(operands[0]!).shape, shape) ? operands[0] : undefined
    case "Pad":
      if (values[0] === 0) return program.constant(0, shape)
      return sameShape(program.node(operands[0]!).shape, shape) ? operands[0] : undefined
    case "Concatenate":
      return operands.length === 1 ? operands[0] : undefined
    case "MatMul":
    case "Convolution":
    case "ConvolutionImage":
    case "ConvolutionFilter":
      return values.includes(0) ? program.constant(0, shape) : undefined
    case "MaxPoolScatter":
    case "MaxPoolGather":
      return values[1] === 0 ? program.constant(0, shape) : undefined
    case "AveragePool":
    case "AveragePoolTranspose":
      return values[0] === 0 ? program.constant(0, shape) : undefined
    case "MaxPool":
      return values[0] === undefined ? undefined : program.constant(values[0], shape)
    case "Input":
    case "Constant":
      return undefined
  }
}

function constantOf(program: Growing, at: number): number | undefined {
  const { operation } = program.node(at)
  return operation._tag === "Constant" ? operation.value : undefined
}

function undone(program: Growing, at: number, kind: "negate"): number | undefined {
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

function simplifiedBinary(
  program: Growing,
  kind: Extract<Operation, { _tag: "Binary" }>["kind"],
  [a, b]: ReadonlyArray<number>,
  [x, y]: ReadonlyArray<number | undefined>,
  shape: Shape
): number | undefined {
  if (x !== undefined && y !== undefined) {
    return program.constant(
      kind === "add" ? x + y : kind === "subtract" ? x - y : kind === "multiply" ? x * y : x / y,
      shape
    )
  }
  switch (kind) {
    case "add":
      if (a === b) return program.add({ _tag: "Binary", kind: "multiply" }, a!, program.constant(2, shape))
      return x === 0 ? b : y === 0 ? a : undefined
    case "subtract":
      if (y === 0) return a
      if (a === b) return program.constant(0, shape)
      return x === 0 ? program.add({ _tag: "Unary", kind: "negate" }, b!) : undefined
    case "multiply":
      if (x === 0 || y === 0) return program.constant(0, shape)
      if (x === 1 || y === 1) return x === 1 ? b : a
      if (x === -1 || y === -1) return program.add({ _tag: "Unary", kind: "negate" }, x === -1 ? b! : a!)
      return scaledNegation(program, x === undefined ? a! : b!, x ?? y, shape)
    case "divide":
      if (x === 0) return program.constant(0, shape)
      return y === 1
        ? a
        : y === undefined
          ? undefined
          : program.add({ _tag: "Binary", kind: "multiply" }, a!, program.constant(1 / y, shape))
  }
}

/** A multiple of −x is another multiple of x. */
function scaledNegation(program: Growing, at: number, factor: number | undefined, shape: Shape): number | undefined {
  const positive = factor === undefined ? undefined : undone(program, at, "negate")
  if (factor === undefined || positive === undefined) return undefined
  return program.add({ _tag: "Binary", kind: "multiply" }, positive, program.constant(-factor, shape))
}

function simplifiedMove(
  program: Growing,
  operation: Extract<Operation, { _tag: "Broadcast" | "Reshape" }>,
  at: number,
  value: number | undefined,
  shape: Shape
): number | undefined {
  if (value !== undefined) return program.constant(value, shape)
  const inner = program.node(at)
  if (sameShape(inner.shape, shape)) return at
  return inner.operation._tag === operation._tag ? program.add(operation, inner.operands[0]!) : undefined
}
