import * as Either from "effect/Either"
import { simplified } from "./identities.ts"
import { type Node, type NodeId, pushNode } from "./node.ts"
import type { BinaryKind, ConvolutionGeometry, Operation, Pair, PoolGeometry, Shape, UnaryKind } from "./operation.ts"
import { fullName, type Label, type Named, type Port } from "./port.ts"
import { elementCount, type Program, ProgramError, sameShape } from "./program.ts"
import { arity, inferShape } from "./shape.ts"

/**
 * Grows a program node by node; lives only within `buildProgram`, `differentiate` and the rewrites.
 * Equal nodes are made once, and algebraic identities are applied as nodes are added. A method
 * throws `ProgramError` where shapes do not fit.
 */
export class ProgramBuilder {
  readonly #nodes: Array<Node> = []
  readonly #known = new Map<string, NodeId>()
  readonly #inputs = new Map<string, Port>()
  readonly #outputs = new Map<string, Port>()
  #place = ""

  /** The nodes so far. */
  get nodes(): ReadonlyArray<Node> {
    return this.#nodes
  }

  /** A node by its handle. */
  node(at: NodeId): Node {
    return this.#nodes[at]!
  }

  /** The shape of a node. */
  shape(at: NodeId): Shape {
    return this.node(at).shape
  }

  /** Do what `make` does; errors of its nodes say that they belong to `place`. */
  within<A>(place: string, make: () => A): A {
    const outer = this.#place
    this.#place = this.#inner(place)
    const made = make()
    this.#place = outer
    return made
  }

  #inner(place: string): string {
    return this.#place === "" ? place : `${this.#place}.${place}`
  }

  /** An error about a part of what is being built, as a layer of a network. */
  fault(place: string, problem: string): ProgramError {
    return new ProgramError({ place: this.#inner(place), problem })
  }

  /** An error about the next node. */
  error({ _tag }: Operation, problem: string): ProgramError {
    const place = this.#place === "" ? "" : ` in ${this.#place}`
    return new ProgramError({ place: `program node ${this.#nodes.length} (${_tag}${place})`, problem })
  }

  /** A tensor from outside; the same name is the same input, of the same shape and role. */
  input(named: Named, shape: Shape): NodeId {
    const name = fullName(named)
    const label = typeof named === "string" ? { role: "batch" as const, name } : named
    const known = this.#inputs.get(name)
    const operation: Operation = { _tag: "Input", name }
    if (known === undefined) {
      const node = pushNode(this.#nodes, { operation, operands: [], shape })
      this.#inputs.set(name, port(label, node, shape))
      return node
    }
    if (!sameShape(known.shape, shape))
      throw this.error(operation, `"${name}" has the shape [${known.shape.join(", ")}] already`)
    if (typeof named !== "string" && known.role !== named.role)
      throw this.error(operation, `"${name}" has the role "${known.role}" already`)
    return known.node
  }

  /** Give a node as an output. A full name that is an input's too has its role. */
  output(named: Named, node: NodeId): void {
    const name = fullName(named)
    const label = typeof named === "string" ? (this.#inputs.get(name) ?? { role: "result", name }) : named
    this.#outputs.set(name, port(label, node, this.shape(node)))
  }

  /** A tensor whose elements are all `value`. */
  constant(value: number, shape: Shape = []): NodeId {
    return this.#shared({ _tag: "Constant", value }, [], shape)
  }

  /** Add a node, or find the one that equals it. */
  add(operation: Exclude<Operation, { _tag: "Input" | "Constant" }>, ...operands: ReadonlyArray<NodeId>): NodeId {
    const shapes = operands.map((operand) => this.shape(operand))
    const count = arity(operation)
    if (count !== undefined && count !== operands.length)
      throw this.error(operation, `it takes ${count} operands, not ${operands.length}`)
    const shape = inferShape(operation, shapes)
    if (typeof shape === "string") throw this.error(operation, shape)
    return simplified(this, operation, operands, shape) ?? this.#shared(operation, operands, shape)
  }

  /** The finished program. */
  build(): Program {
    return { nodes: [...this.#nodes], inputs: new Map(this.#inputs), outputs: new Map(this.#outputs) }
  }

  #shared(operation: Operation, operands: ReadonlyArray<NodeId>, shape: Shape): NodeId {
    const key = `${JSON.stringify(operation)}|${operands.join()}|${operation._tag === "Constant" ? shape.join() : ""}`
    const known = this.#known.get(key)
    if (known !== undefined) return known
    const at = pushNode(this.#nodes, { operation, operands, shape })
    this.#known.set(key, at)
    return at
  }

  /** A function of each element. */
  unary(kind: UnaryKind, x: NodeId): NodeId {
    return this.add({ _tag: "Unary", kind }, x)
  }

  /** A function of two tensors' elements; axes of size 1 are repeated to the other's. */
  binary(kind: BinaryKind, a: NodeId, b: NodeId): NodeId {
    const [left, right] = [this.shape(a), this.shape(b)]
    if (sameShape(left, right)) return this.add({ _tag: "Binary", kind }, a, b)
    const rank = Math.max(left.length, right.length)
    const [x, y] = [this.#ranked(a, rank), this.#ranked(b, rank)]
    const shape = this.shape(x).map((size, axis) => Math.max(size, this.shape(y)[axis]!))
    return this.add({ _tag: "Binary", kind }, this.broadcast(x, shape), this.broadcast(y, shape))
  }

  #ranked(at: NodeId, rank: number): NodeId {
    const shape = this.shape(at)
    return shape.length === rank
      ? at
      : this.reshape(at, [...Array.from({ length: rank - shape.length }, () => 1), ...shape])
  }

  /** x + y, with repeated axes. */
  plus(a: NodeId, b: NodeId): NodeId {
    return this.binary("add", a, b)
  }

  /** x − y, with repeated axes. */
  minus(a: NodeId, b: NodeId): NodeId {
    return this.binary("subtract", a, b)
  }

  /** x · y, with repeated axes. */
  times(a: NodeId, b: NodeId): NodeId {
    return this.binary("multiply", a, b)
  }

  /** x / y, with repeated axes. */
  over(a: NodeId, b: NodeId): NodeId {
    return this.binary("divide", a, b)
  }

  /** x · number. */
  scale(x: NodeId, factor: number): NodeId {
    return this.times(x, this.constant(factor, this.shape(x)))
  }

  /** Repeat axes of size 1 up to a shape of the same rank. */
  broadcast(x: NodeId, shape: Shape): NodeId {
    return this.add({ _tag: "Broadcast", shape }, x)
  }

  /** Sum along axes, which stay with size 1. */
  sum(x: NodeId, axes: ReadonlyArray<number>): NodeId {
    return this.add({ _tag: "Sum", axes }, x)
  }

  /** Mean along axes, which stay with size 1. */
  mean(x: NodeId, axes: ReadonlyArray<number>): NodeId {
    const count = elementCount(axes.map((axis) => this.shape(x)[axis]!))
    return this.scale(this.sum(x, axes), 1 / count)
  }

  /** The same elements in another shape. */
  reshape(x: NodeId, shape: Shape): NodeId {
    return this.add({ _tag: "Reshape", shape }, x)
  }

  /** Axes in another order. */
  transpose(x: NodeId, permutation: ReadonlyArray<number>): NodeId {
    return this.add({ _tag: "Transpose", permutation }, x)
  }

  /** Tensors joined along an axis. */
  concatenate(tensors: ReadonlyArray<NodeId>, axis: number): NodeId {
    return this.add({ _tag: "Concatenate", axis }, ...tensors)
  }

  /** Part of a tensor; axes beyond the given ones are kept whole. */
  slice(
    x: NodeId,
    ranges: ReadonlyArray<{ readonly start?: number; readonly end?: number; readonly step?: number }>
  ): NodeId {
    const shape = this.shape(x)
    const starts = shape.map((_, axis) => ranges[axis]?.start ?? 0)
    const ends = shape.map((size, axis) => ranges[axis]?.end ?? size)
    const steps = shape.map((_, axis) => ranges[axis]?.step ?? 1)
    return this.add({ _tag: "Slice", starts, ends, steps }, x)
  }

  /** Matrices with rows and columns exchanged: the last two axes. */
  flip(x: NodeId): NodeId {
    const rank = this.shape(x).length
    return this.transpose(x, [...Array.from({ length: rank - 2 }, (_, axis) => axis), rank - 1, rank - 2])
  }

  /** The products of matrices; the leading axes are equal. */
  matMul(a: NodeId, b: NodeId): NodeId {
    return this.add({ _tag: "MatMul" }, a, b)
  }

  /** A convolution; see `square` for its usual geometry. */
  convolution(image: NodeId, filter: NodeId, geometry: Partial<ConvolutionGeometry> = {}): NodeId {
    return this.add({ _tag: "Convolution", ...convolutionGeometry(geometry) }, image, filter)
  }

  /** Max pooling. */
  maxPool(image: NodeId, geometry: PoolGeometry): NodeId {
    return this.add({ _tag: "MaxPool", ...geometry }, image)
  }

  /** Average pooling. */
  averagePool(image: NodeId, geometry: PoolGeometry, countPadding: boolean): NodeId {
    return this.add({ _tag: "AveragePool", countPadding, ...geometry }, image)
  }
}

function port({ role, name }: Label, node: NodeId, shape: Shape): Port {
  return { role, name, node, shape }
}

/**
 * A full geometry from part of one: stride 1, dilation 1, no padding, one group. Its keys have a
 * fixed order.
 */
export function convolutionGeometry(geometry: Partial<ConvolutionGeometry>): ConvolutionGeometry {
  const { stride = [1, 1], dilation = [1, 1], padding = square(0), groups = 1 } = geometry
  return { stride, dilation, padding, groups }
}

/** The same padding on all sides. */
export function square(size: number): { readonly before: Pair; readonly after: Pair } {
  return { before: [size, size], after: [size, size] }
}

/**
 * A program from what `make` adds to a builder, or the error of its first node that does not fit.
 */
export function buildProgram(make: (builder: ProgramBuilder) => void): Either.Either<Program, ProgramError> {
  const builder = new ProgramBuilder()
  try {
    make(builder)
    return Either.right(builder.build())
  } catch (error) {
    if (error instanceof ProgramError) return Either.left(error)
    throw error
  }
}
