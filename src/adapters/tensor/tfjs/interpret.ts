import type { Operation, Shape } from "../../../domain/program/operation.ts"
import { elementCount, type Program, sameShape } from "../../../domain/program/program.ts"
import { lastReaders } from "../../../domain/program/rewrite.ts"
import { convolution, convolutionFilter, convolutionImage } from "./convolution.ts"
import type { Kernels } from "./kernels.ts"
import { pooling } from "./pooling.ts"
import { HWIO, inOrder, NHWC, type Order, rowMajor, Value } from "./value.ts"

/**
 * The outputs of a program, node by node; each value is freed right after its last reader. Nothing
 * is left behind where a kernel fails. Runs without interruption: no other program's tensors can
 * get between.
 */
export function interpret(
  k: Kernels,
  program: Program,
  last: Int32Array,
  inputs: ReadonlyMap<string, Value>
): ReadonlyMap<string, Value> {
  const values: Array<Value | undefined> = []
  const free = (at: number) => {
    values[at]?.free()
    values[at] = undefined
  }
  try {
    for (const [at, { operation, operands, shape }] of program.nodes.entries()) {
      k.core.tidy(() => {
        const given = operands.map((operand) => values[operand]!)
        values[at] = owned(
          k,
          operation._tag === "Input" ? inputs.get(operation.name)! : node(k, operation, given, shape)
        )
      })
      for (const operand of operands) if (last[operand] === at) free(operand)
      if (last[at] === -1) free(at)
    }
    const outputs = new Map<string, Value>()
    for (const [name, { node: at }] of program.outputs) outputs.set(name, owned(k, values[at]!))
    return outputs
  } finally {
    for (const at of values.keys()) free(at)
  }
}

/** When each node's value can be freed. */
export { lastReaders }

/** The value under tensors of its own: what an operand or an input owns stays theirs. */
function owned(k: Kernels, value: Value): Value {
  const { shape, order, tensor } = value
  return (tensor.kept ? new Value(shape, order, k.alias(tensor)) : value).keep(k)
}

const UNARY = { negate: "Neg", exp: "Exp", log: "Log", sqrt: "Sqrt", relu: "Relu" } as const
const BINARY = { add: "Add", subtract: "Sub", multiply: "Multiply", divide: "RealDiv" } as const

function node(
  k: Kernels,
  operation: Exclude<Operation, { _tag: "Input" }>,
  operands: ReadonlyArray<Value>,
  shape: Shape
): Value {
  const [a, b] = operands as readonly [Value, Value]
  switch (operation._tag) {
    case "Constant":
      return new Value(
        shape,
        rowMajor(shape.length),
        k.fill(
          shape.map(() => 1),
          operation.value
        )
      )
    case "Unary":
      return new Value(shape, a.order, unary(k, operation.kind, a))
    case "Binary": {
      const order = common(operands)
      const inputs = { a: a.narrow(k, order), b: b.narrow(k, order) }
      return new Value(shape, order, k.run(BINARY[operation.kind], inputs))
    }
    case "Detach":
    case "Broadcast":
      return new Value(shape, a.order, a.tensor)
    case "Sum": {
      const sum = k.sum(a.tensor, axesInMemory(a, operation.axes))
      const repeated = elementCount(a.shape) / elementCount(shape) / (a.tensor.size / sum.size)
      const total = repeated === 1 ? sum : k.multiply(sum, k.fill([], repeated))
      return new Value(shape, a.order, total)
    }
    case "Max": {
      const reductionIndices = axesInMemory(a, operation.axes)
      if (reductionIndices.length === 0) return new Value(shape, a.order, a.tensor)
      return new Value(shape, a.order, k.run("Max", { x: a.tensor }, { reductionIndices, keepDims: true }))
    }
    case "Reshape": {
      const order = rowMajor(shape.length)
      return new Value(shape, order, k.reshape(a.whole(k, rowMajor(a.shape.length)), shape))
    }
    case "Transpose": {
      const order = a.order.map((axis) => operation.permutation.indexOf(axis))
      return new Value(shape, order, a.tensor)
    }
    case "Slice": {
      const within = (perAxis: ReadonlyArray<number>, single: number) =>
        inOrder(perAxis, a.order).map((value, i) => (a.tensor.shape[i] === 1 ? single : value))
      const [starts, ends, steps] = [within(operation.starts, 0), within(operation.ends, 1), within(operation.steps, 1)]
      return new Value(shape, a.order, k.slice(a.tensor, starts, ends, steps))
    }
    case "Pad": {
      const axes = operation.before.map((before, axis) => ({
        before,
        after: operation.after[axis]!,
        between: operation.between[axis]!
      }))
      return new Value(shape, a.order, k.pad(a.whole(k, a.order), inOrder(axes, a.order)))
    }
    case "Concatenate": {
      const order = common(operands)
      const tensors = operands.map((operand) => operand.whole(k, order))
      return new Value(shape, order, k.concatenate(tensors, order.indexOf(operation.axis)))
    }
    case "MatMul":
      return matMul(k, a, b, shape)
    case "Convolution": {
      const y = convolution(k, operation, a.whole(k, NHWC), b.whole(k, HWIO))
      return new Value(shape, NHWC, y)
    }
    case "ConvolutionImage": {
      const x = convolutionImage(k, operation, operation.size, a.whole(k, NHWC), b.whole(k, HWIO))
      return new Value(shape, NHWC, x)
    }
    case "ConvolutionFilter": {
      const filter = convolutionFilter(k, operation, operation.kernel, a.whole(k, NHWC), b.whole(k, NHWC))
      return new Value(shape, HWIO, filter)
    }
    default:
      return new Value(shape, NHWC, pooling(k, operation, a.whole(k, NHWC), b?.whole(k, NHWC)))
  }
}

function unary(k: Kernels, kind: Extract<Operation, { _tag: "Unary" }>["kind"], { tensor: x }: Value) {
  if (kind !== "step") return k.run(UNARY[kind], { x })
  if (k.runtime === "tfjs-cpu" || k.runtime === "tfjs-wasm") return k.run("Step", { x }, { alpha: 0 })
  const positive = k.run("Greater", { a: x, b: k.fill([], 0) })
  return k.run("Cast", { x: positive }, { dtype: "float32" })
}

/** The positions in memory of axes that are more than one element there. */
function axesInMemory({ order, tensor }: Value, axes: ReadonlyArray<number>): Array<number> {
  return axes.map((axis) => order.indexOf(axis)).filter((position) => tensor.shape[position] !== 1)
}

/** The order of the largest operand; of equals, the one that is not row-major. */
function common(operands: ReadonlyArray<Value>): Order {
  const [first, ...others] = operands as readonly [Value, ...ReadonlyArray<Value>]
  let best = first
  for (const other of others) {
    const sizes = other.tensor.size - best.tensor.size
    if (sizes > 0 || (sizes === 0 && best.order.every((axis, i) => axis === i))) best = other
  }
  return best.order
}

/** A product of matrices, alone or in batches; a transposed matrix stays as it lies in memory. */
function matMul(k: Kernels, a: Value, b: Value, shape: Shape): Value {
  const rank = shape.length
  const operand = (value: Value) => {
    const straight = rowMajor(rank)
    const turned = [...straight.slice(0, -2), rank - 1, rank - 2]
    const transposed = value.order.every((axis, i) => axis === turned[i])
    const tensor = value.whole(k, transposed ? turned : straight)
    const [rows, columns] = tensor.shape.slice(-2) as [number, number]
    return { transposed, tensor: k.reshape(tensor, [tensor.size / rows / columns, rows, columns]) }
  }
  const [left, right] = [operand(a), operand(b)]
  const product = k.run(
    "BatchMatMul",
    { a: left.tensor, b: right.tensor },
    { transposeA: left.transposed, transposeB: right.transposed }
  )
  return new Value(shape, rowMajor(rank), k.reshape(product, shape))
}

/**
 * Whether tensors have the shapes of a program's inputs: the first that is missing or differs, if
 * any.
 */
export function misfit(program: Program, given: ReadonlyMap<string, { readonly shape: Shape }>) {
  for (const [name, { shape }] of program.inputs) {
    const tensor = given.get(name)
    if (tensor === undefined) return { reason: "missing_input", detail: `the input "${name}" is missing` } as const
    if (!sameShape(shape, tensor.shape)) {
      const detail = `the input "${name}" has the shape [${tensor.shape.join(", ")}] instead of [${shape.join(", ")}]`
      return { reason: "wrong_shape", detail } as const
    }
  }
}
