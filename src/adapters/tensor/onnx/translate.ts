import { entriesOf, type Node } from "../../../domain/program/node.ts"
import type { Operation, Shape, UnaryKind } from "../../../domain/program/operation.ts"
import { elementCount, type Program, sameShape } from "../../../domain/program/program.ts"
import { convolution, convolutionFilter, convolutionImage } from "./convolutions.ts"
import { Emitter, type OnnxTarget, type Value } from "./emitter.ts"
import { OnnxGraph } from "./model.ts"
import { partitionsOf } from "./partitions.ts"
import { averagePool, averagePoolTranspose, maxPool, maxPoolGather, maxPoolScatter } from "./pooling.ts"

/** A program as an ONNX model. */
export interface OnnxModel {
  readonly bytes: Uint8Array
  /** The model's name of each output; those that have an input's name too are called otherwise. */
  readonly outputs: ReadonlyMap<string, string>
  /** Number of ONNX operators. */
  readonly operators: number
}

/** A tensor that a model holds itself, under a name of its own. */
interface HeldTensor {
  readonly name: string
  /** Elements in row-major order. */
  readonly data: ArrayLike<number>
}

const UNARY: Readonly<Record<Exclude<UnaryKind, "step">, string>> = {
  negate: "Neg",
  exp: "Exp",
  log: "Log",
  sqrt: "Sqrt",
  relu: "Relu"
}

const BINARY = { add: "Add", subtract: "Sub", multiply: "Mul", divide: "Div" } as const

/** Constants up to this many elements are stored, larger ones repeated when the program runs. */
const STORED_ELEMENTS = 64

/**
 * The program as one ONNX graph. Elements are repeated by ONNX's own broadcasting where an operator has it, and transposed matrices
 * are read where they lie; the other operations are written with the operators of `target`. Inputs in `held` are no inputs of the model but
 * tensors that it holds; their names may not be those of other values.
 */
export function translate(
  program: Program,
  target: OnnxTarget,
  held: ReadonlyMap<string, HeldTensor> = new Map()
): OnnxModel {
  const graph = new OnnxGraph()
  const e = new Emitter(graph, target)
  const values: Array<Value | undefined> = []
  const inputs = new Map([...program.inputs].map(([name, port]) => [port.node, name]))
  const partitions = partitionsOf(program)
  /** Per tensor that is split, the names of its parts by their starts. */
  const parts = new Map<number, ReadonlyMap<number, string>>()
  const node = (at: number) => program.nodes[at]!

  /** The value with all its elements; repeated ones and flipped matrices are made when first asked for. */
  function whole(at: number): Value {
    const known = values[at]
    if (known !== undefined) return known
    const made = make(node(at))
    values[at] = made
    return made
  }

  function make({ operation, operands, shape }: Node): Value {
    if (operation._tag === "Constant") return constant(operation.value, shape)
    if (operation._tag === "Broadcast") {
      const name = graph.operator("Expand", [whole(operands[0]!).name, graph.integers(shape)])
      return { name, shape }
    }
    return compute(operation, operands, shape)
  }

  function constant(value: number, shape: Shape): Value {
    const count = elementCount(shape)
    if (count <= STORED_ELEMENTS) return { name: graph.floats(shape, new Float32Array(count).fill(value)), shape }
    return { name: graph.operator("Expand", [graph.floats([], [value]), graph.integers(shape)]), shape }
  }

  /** A value that the operator itself repeats. */
  function repeatable(at: number): Value {
    const { operation, operands, shape } = node(at)
    if (operation._tag === "Constant") return { name: graph.floats([], [operation.value]), shape: [] }
    if (operation._tag !== "Broadcast" || values[at] !== undefined) return whole(at)
    const from = repeatable(operands[0]!)
    return from.shape.length === 0 || from.shape.length === shape.length ? from : whole(at)
  }

  function binary(kind: keyof typeof BINARY, [a, b]: ReadonlyArray<number>, shape: Shape): Value {
    const right = repeatable(b!)
    let left = repeatable(a!)
    if (!sameShape(joined(left.shape, right.shape), shape)) left = whole(a!)
    return { name: graph.operator(BINARY[kind], [left.name, right.name]), shape }
  }

  /** A matrix, and whether its rows and columns are to be exchanged. */
  function matrix(at: number): readonly [Value, boolean] {
    const { operation, operands } = node(at)
    if (operation._tag !== "Transpose") return [whole(at), false]
    const { permutation } = operation
    const rank = permutation.length
    const flips = permutation.every((axis, i) => axis === (i < rank - 2 ? i : 2 * rank - 3 - i))
    return flips ? [whole(operands[0]!), true] : [whole(at), false]
  }

  /** A slice that is made together with others of its tensor. */
  function part({ starts }: Extract<Operation, { _tag: "Slice" }>, at: number, shape: Shape): Value | undefined {
    const partition = partitions.get(at)
    if (partition === undefined) return undefined
    const { axis, bounds } = partition
    let made = parts.get(at)
    if (made === undefined) {
      const sizes = bounds.slice(1).map((bound, i) => bound - bounds[i]!)
      made = new Map(graph.split(whole(at).name, axis, sizes).map((name, i) => [bounds[i]!, name]))
      parts.set(at, made)
    }
    return { name: made.get(starts[axis]!)!, shape }
  }

  function compute(operation: Operation, operands: ReadonlyArray<number>, shape: Shape): Value {
    const operand = (i: number) => whole(operands[i]!)
    switch (operation._tag) {
      case "Input":
      case "Constant":
      case "Broadcast":
        throw new RangeError(`Cannot compute ${operation._tag}`)
      case "Detach":
        return operand(0)
      case "Unary":
        if (operation.kind === "step") return e.positive(operand(0))
        return { name: graph.operator(UNARY[operation.kind], [operand(0).name]), shape }
      case "Binary":
        return binary(operation.kind, operands, shape)
      case "Sum":
        return e.sum(operand(0), operation.axes, true)
      case "Max": {
        const axes = graph.integers(operation.axes)
        return { name: graph.operator("ReduceMax", [operand(0).name, axes], { attributes: { keepdims: 1 } }), shape }
      }
      case "Reshape":
        return e.reshape(operand(0), shape)
      case "Transpose":
        return e.transpose(operand(0), operation.permutation)
      case "Slice":
        return (
          part(operation, operands[0]!, shape) ?? e.slice(operand(0), operation.starts, operation.ends, operation.steps)
        )
      case "Pad":
        return e.pad(operand(0), operation.before, operation.after, operation.between)
      case "Concatenate": {
        const names = operands.map((at) => whole(at).name)
        return { name: graph.operator("Concat", names, { attributes: { axis: operation.axis } }), shape }
      }
      case "MatMul": {
        const [[a, flipA], [b, flipB]] = [matrix(operands[0]!), matrix(operands[1]!)]
        return e.product(a, b, { a: flipA, b: flipB })
      }
      case "Convolution":
        return convolution(e, operand(0), operand(1), operation)
      case "ConvolutionImage":
        return convolutionImage(e, operand(0), operand(1), operation, operation.size)
      case "ConvolutionFilter":
        return convolutionFilter(e, operand(0), operand(1), operation, operation.kernel)
      case "MaxPool":
        return maxPool(e, operand(0), operation)
      case "MaxPoolScatter":
        return maxPoolScatter(e, operand(0), operand(1), operation)
      case "MaxPoolGather":
        return maxPoolGather(e, operand(0), operand(1), operation)
      case "AveragePool":
        return averagePool(e, operand(0), operation, operation.countPadding)
      case "AveragePoolTranspose":
        return averagePoolTranspose(e, operand(0), operation, operation.countPadding, operation.size)
    }
  }

  for (const [at, { operation, shape }] of entriesOf(program.nodes)) {
    const name = inputs.get(at)
    const own = name === undefined ? undefined : held.get(name)
    if (own !== undefined) values[at] = { name: graph.initializer(own.name, shape, own.data), shape }
    else if (name !== undefined) values[at] = { name: graph.input(name, shape), shape }
    else if (!isLazy(operation)) whole(at)
  }
  const outputs = new Map<string, string>()
  for (const [name, { node: at, shape }] of program.outputs) {
    const own = program.inputs.has(name) ? `${name}#next` : name
    outputs.set(name, own)
    graph.output(own, whole(at).name, shape)
  }
  return { bytes: graph.encode(), outputs, operators: graph.size }
}

/** Operations that are only made where a reader cannot do without. */
function isLazy({ _tag }: Operation): boolean {
  return _tag === "Constant" || _tag === "Broadcast" || _tag === "Transpose"
}

/** The shape to which two shapes of one rank, or a scalar, repeat. */
function joined(a: Shape, b: Shape): Shape {
  if (a.length === 0) return b
  if (b.length === 0) return a
  return a.map((size, axis) => Math.max(size, b[axis]!))
}
