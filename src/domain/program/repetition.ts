import type { Growing } from "./growing.ts"
import type { NodeId } from "./node.ts"
import type { Operation, Shape } from "./operation.ts"
import { elementCount, sameShape } from "./program.ts"

const MULTIPLY = { _tag: "Binary", kind: "multiply" } as const

/** A number, or a small tensor that is repeated: what a factor of a large tensor can be. */
type Factor = { readonly value: number } | { readonly at: NodeId; readonly shape: Shape }

function factorOf(program: Growing, at: NodeId): Factor | undefined {
  const { operation, operands } = program.node(at)
  if (operation._tag === "Constant") return { value: operation.value }
  if (operation._tag !== "Broadcast") return undefined
  return { at: operands[0]!, shape: program.node(operands[0]!).shape }
}

/** The node of a factor, repeated to a shape. */
function repeated(program: Growing, factor: Factor, shape: Shape): NodeId {
  return "value" in factor
    ? program.constant(factor.value, shape)
    : program.add({ _tag: "Broadcast", shape }, factor.at)
}

/** The smallest shape that both factors repeat to, where both have a rank. */
function joinedShape(a: Factor, b: Factor): Shape | undefined {
  if ("value" in a) return "value" in b ? undefined : b.shape
  if ("value" in b) return a.shape
  return a.shape.map((size, axis) => Math.max(size, b.shape[axis]!))
}

/** A function of repeated elements is the repeated function of the elements: less work. */
export function repeatedLater(
  program: Growing,
  operation: Extract<Operation, { _tag: "Unary" | "Binary" }>,
  operands: ReadonlyArray<NodeId>,
  shape: Shape
): NodeId | undefined {
  const factors = operands.flatMap((operand) => factorOf(program, operand) ?? [])
  const [a, b = a] = factors
  if (factors.length < operands.length || a === undefined || b === undefined) return undefined
  const small = joinedShape(a, b)
  if (small === undefined || sameShape(small, shape)) return undefined
  const before = factors.map((factor) => repeated(program, factor, small))
  return program.add({ _tag: "Broadcast", shape }, program.add(operation, ...before))
}

/** A product with repeated elements, split into the other operand and the factor. */
function splitProduct(program: Growing, at: NodeId): readonly [NodeId, Factor] | undefined {
  const { operation, operands } = program.node(at)
  const [a, b] = operands
  if (operation._tag !== "Binary" || operation.kind !== "multiply" || a === undefined || b === undefined)
    return undefined
  const right = factorOf(program, b)
  if (right !== undefined) return [a, right]
  const left = factorOf(program, a)
  return left === undefined ? undefined : [b, left]
}

/** A large tensor times two factors is the tensor times the product of the factors. */
export function factorsJoined(program: Growing, [a, b]: readonly [NodeId, NodeId], shape: Shape): NodeId | undefined {
  for (const [large, small] of [
    [a, b],
    [b, a]
  ] as const) {
    const outer = factorOf(program, small)
    const inner = outer === undefined ? undefined : splitProduct(program, large)
    if (outer === undefined || inner === undefined) continue
    const [x, factor] = inner
    if ("value" in outer && "value" in factor)
      return program.add(MULTIPLY, x, program.constant(nearlyOne(outer.value * factor.value), shape))
    const joint = joinedShape(outer, factor)
    if (joint === undefined || sameShape(joint, shape)) continue
    const product = program.add(MULTIPLY, repeated(program, factor, joint), repeated(program, outer, joint))
    return program.add(MULTIPLY, x, program.add({ _tag: "Broadcast", shape }, product))
  }
  return undefined
}

/** 1 for what the rounding of 1 / n · n leaves. */
function nearlyOne(value: number): number {
  return Math.abs(value - 1) < 1e-14 ? 1 : value
}

/**
 * The sum of a tensor with structure: of repeated elements, of multiples, of deviations from their
 * mean (0), of sums of multiples. What remains to be summed is smaller, or is needed elsewhere.
 */
export function simplifiedSum(
  program: Growing,
  operation: Extract<Operation, { _tag: "Sum" }>,
  at: NodeId,
  shape: Shape
): NodeId | undefined {
  const node = program.node(at)
  const { operands } = node
  const sum = (operand: NodeId) => program.add(operation, operand)
  if (node.operation._tag === "Broadcast") return sumOfRepeated(program, operation, at)
  if (node.operation._tag === "Unary" && node.operation.kind === "negate")
    return program.add(node.operation, sum(operands[0]!))
  if (node.operation._tag !== "Binary") return undefined
  switch (node.operation.kind) {
    case "multiply": {
      const split = splitSum(program, operation, at)
      return split && program.add(MULTIPLY, sum(split[0]), repeated(program, split[1], shape))
    }
    case "add":
    case "subtract": {
      if (isDeviation(program, operation, at)) return program.constant(0, shape)
      const easy = operands.every((operand) => splitSum(program, operation, operand) !== undefined)
      return easy ? program.add(node.operation, sum(operands[0]!), sum(operands[1]!)) : undefined
    }
    case "divide":
      return undefined
  }
}

/** A product whose factor is the same along the summed axes. */
function splitSum(
  program: Growing,
  { axes }: Extract<Operation, { _tag: "Sum" }>,
  at: NodeId
): readonly [NodeId, Factor] | undefined {
  const split = splitProduct(program, at)
  if (split === undefined) return undefined
  const [, factor] = split
  return "value" in factor || axes.every((axis) => factor.shape[axis] === 1) ? split : undefined
}

/** Whether a node is x − mean of x along just these axes, or x + the negated mean. */
function isDeviation(program: Growing, { axes }: Extract<Operation, { _tag: "Sum" }>, at: NodeId): boolean {
  const { operation, operands } = program.node(at)
  if (operation._tag !== "Binary" || operation.kind !== "subtract") return false
  const mean = factorOf(program, operands[1]!)
  if (mean === undefined || "value" in mean) return false
  const split = splitProduct(program, mean.at)
  if (split === undefined || !("value" in split[1])) return false
  const total = program.node(split[0])
  const count = elementCount(axes.map((axis) => program.node(operands[0]!).shape[axis]!))
  return (
    total.operation._tag === "Sum" &&
    total.operands[0] === operands[0] &&
    total.operation.axes.length === axes.length &&
    total.operation.axes.every((axis) => axes.includes(axis)) &&
    nearlyOne(split[1].value * count) === 1
  )
}

/** The sum of repeated elements is a multiple of the sum of the elements. */
function sumOfRepeated(
  program: Growing,
  { axes }: Extract<Operation, { _tag: "Sum" }>,
  at: NodeId
): NodeId | undefined {
  const { operands, shape } = program.node(at)
  const from = program.node(operands[0]!).shape
  const times = axes.reduce((count, axis) => count * (from[axis] === 1 ? shape[axis]! : 1), 1)
  if (times === 1) return undefined
  const kept = shape.map((size, axis) => (axes.includes(axis) ? from[axis]! : size))
  const sum = program.add({ _tag: "Sum", axes }, program.add({ _tag: "Broadcast", shape: kept }, operands[0]!))
  const factor = program.constant(times, program.node(sum).shape)
  return program.add(MULTIPLY, sum, factor)
}
