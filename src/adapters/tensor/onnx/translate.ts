import { entriesOf, type Node, type NodeId } from "../../../domain/program/node.ts"
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
 * The program as one ONNX graph. Elements are repeated by ONNX's own broadcasting where an operator
 * has it, and transposed matrices are read where they lie; the other operations are written with
 * the operators of `target`. Inputs in `held` are no inputs of the model but tensors that it holds;
 * their names may not be those of other values.
 */
export function translate(
  program: Program,
  target: OnnxTarget,
  held: ReadonlyMap<string, HeldTensor> = new Map()
): OnnxModel {
  const translation = new Translation(program, target)
  const { graph } = translation
  for (const [at, { operation, shape }] of entriesOf(program.nodes)) {
    const own = operation._tag === "Input" ? held.get(operation.name) : undefined
    if (own !== undefined) translation.set(at, { name: graph.initializer(own.name, shape, own.data), shape })
    else if (operation._tag === "Input") translation.set(at, { name: graph.input(operation.name, shape), shape })
    else if (!isLazy(operation)) translation.whole(at)
  }
  const outputs = new Map<string, string>()
  for (const [name, { node, shape }] of program.outputs) {
    const own = program.inputs.has(name) ? `${name}#next` : name
    outputs.set(name, own)
    graph.output(own, translation.whole(node).name, shape)
  }
  return { bytes: graph.encode(), outputs, operators: graph.size }
}

/** The values of a program's nodes in a graph that grows. */
class Translation {
  readonly graph = new OnnxGraph()
  readonly #emitter: Emitter
  readonly #nodes: ReadonlyArray<Node>
  readonly #values = new Map<NodeId, Value>()
  readonly #partitions: ReturnType<typeof partitionsOf>
  /** Per tensor that is split, the names of its parts by their starts. */
  readonly #parts = new Map<NodeId, ReadonlyMap<number, string>>()

  constructor(program: Program, target: OnnxTarget) {
    this.#emitter = new Emitter(this.graph, target)
    this.#nodes = program.nodes
    this.#partitions = partitionsOf(program)
  }

  set(at: NodeId, value: Value): void {
    this.#values.set(at, value)
  }

  /**
   * The value with all its elements; repeated ones and flipped matrices are made when first asked
   * for.
   */
  whole(at: NodeId): Value {
    const known = this.#values.get(at)
    if (known !== undefined) return known
    const made = this.#make(this.#node(at))
    this.#values.set(at, made)
    return made
  }

  #node(at: NodeId): Node {
    return this.#nodes[at]!
  }

  #constant(value: number, shape: Shape): Value {
    const { graph } = this
    const count = elementCount(shape)
    if (count <= STORED_ELEMENTS) return { name: graph.floats(shape, new Float32Array(count).fill(value)), shape }
    return { name: graph.operator("Expand", [graph.floats([], [value]), graph.integers(shape)]), shape }
  }

  /** A value that the operator itself repeats. */
  #repeatable(at: NodeId): Value {
    const { operation, operands, shape } = this.#node(at)
    if (operation._tag === "Constant") return { name: this.graph.floats([], [operation.value]), shape: [] }
    if (operation._tag !== "Broadcast" || this.#values.has(at)) return this.whole(at)
    const from = this.#repeatable(operands[0]!)
    return from.shape.length === 0 || from.shape.length === shape.length ? from : this.whole(at)
  }

  #binary(kind: keyof typeof BINARY, [a, b]: ReadonlyArray<NodeId>, shape: Shape): Value {
    const right = this.#repeatable(b!)
    let left = this.#repeatable(a!)
    if (!sameShape(joined(left.shape, right.shape), shape)) left = this.whole(a!)
    return { name: this.graph.operator(BINARY[kind], [left.name, right.name]), shape }
  }

  /** A matrix, and whether its rows and columns are to be exchanged. */
  #matrix(at: NodeId): readonly [Value, boolean] {
    const { operation, operands } = this.#node(at)
    if (operation._tag !== "Transpose") return [this.whole(at), false]
    const { permutation } = operation
    const rank = permutation.length
    const flips = permutation.every((axis, i) => axis === (i < rank - 2 ? i : 2 * rank - 3 - i))
    return flips ? [this.whole(operands[0]!), true] : [this.whole(at), false]
  }

  #product([x, y]: ReadonlyArray<NodeId>): Value {
    const [[a, flipA], [b, flipB]] = [this.#matrix(x!), this.#matrix(y!)]
    return this.#emitter.product(a, b, { a: flipA, b: flipB })
  }

  /** A slice that is made together with others of its tensor. */
  #part({ starts }: Extract<Operation, { _tag: "Slice" }>, at: NodeId, shape: Shape): Value | undefined {
    const partition = this.#partitions.get(at)
    if (partition === undefined) return undefined
    const { axis, bounds } = partition
    let made = this.#parts.get(at)
    if (made === undefined) {
      const sizes = bounds.slice(1).map((bound, i) => bound - bounds[i]!)
      made = new Map(this.graph.split(this.whole(at).name, axis, sizes).map((name, i) => [bounds[i]!, name]))
      this.#parts.set(at, made)
    }
    return { name: made.get(starts[axis]!)!, shape }
  }

  /** Operations that depend on how their operands are made; the others take these as they are. */
  #make({ operation, operands, shape }: Node): Value {
    switch (operation._tag) {
      case "Constant":
        return this.#constant(operation.value, shape)
      case "Binary":
        return this.#binary(operation.kind, operands, shape)
      case "MatMul":
        return this.#product(operands)
      case "Slice": {
        const part = this.#part(operation, operands[0]!, shape)
        if (part !== undefined) return part
      }
    }
    const values = operands.map((operand) => this.whole(operand))
    return emit(this.#emitter, this.graph, operation, values, shape)
  }
}

/** The operators of an operation on values that are there. */
function emit(e: Emitter, graph: OnnxGraph, operation: Operation, values: ReadonlyArray<Value>, shape: Shape): Value {
  const [x, y = x] = values
  if (x === undefined || y === undefined) throw new RangeError(`Cannot compute ${operation._tag} of nothing`)
  switch (operation._tag) {
    case "Detach":
      return x
    case "Broadcast":
      return { name: graph.operator("Expand", [x.name, graph.integers(shape)]), shape }
    case "Unary":
      if (operation.kind === "step") return e.positive(x)
      return { name: graph.operator(UNARY[operation.kind], [x.name]), shape }
    case "Sum":
      return e.sum(x, operation.axes, true)
    case "Max": {
      const axes = graph.integers(operation.axes)
      return { name: graph.operator("ReduceMax", [x.name, axes], { attributes: { keepdims: 1 } }), shape }
    }
    case "Reshape":
      return e.reshape(x, shape)
    case "Transpose":
      return e.transpose(x, operation.permutation)
    case "Slice":
      return e.slice(x, operation.starts, operation.ends, operation.steps)
    case "Pad":
      return e.pad(x, operation.before, operation.after, operation.between)
    case "Concatenate": {
      const names = values.map(({ name }) => name)
      return { name: graph.operator("Concat", names, { attributes: { axis: operation.axis } }), shape }
    }
    case "Convolution":
      return convolution(e, x, y, operation)
    case "ConvolutionImage":
      return convolutionImage(e, x, y, operation, operation.size)
    case "ConvolutionFilter":
      return convolutionFilter(e, x, y, operation, operation.kernel)
    case "MaxPool":
      return maxPool(e, x, operation)
    case "MaxPoolScatter":
      return maxPoolScatter(e, x, y, operation)
    case "MaxPoolGather":
      return maxPoolGather(e, x, y, operation)
    case "AveragePool":
      return averagePool(e, x, operation, operation.countPadding)
    case "AveragePoolTranspose":
      return averagePoolTranspose(e, x, operation, operation.countPadding, operation.size)
    case "Input":
    case "Constant":
    case "Binary":
    case "MatMul":
      // `Translation` makes these itself.
      throw new RangeError(`Cannot compute ${operation._tag}`)
  }
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
