import type { Shape } from "../../../domain/program/operation.ts"
import { elementCount, sameShape } from "../../../domain/program/program.ts"
import type { OnnxGraph } from "./model.ts"

/** Which operators a graph may use. */
export interface OnnxTarget {
  /**
   * Channels per block of ONNX Runtime's blocked convolution kernels (16 or 8 on CPUs that have
   * them), 0 where only the standard's operators may be used.
   */
  readonly block: number
  /** Whether ONNX Runtime's own matrix product with transposed operands may be used. */
  readonly fusedProducts: boolean
}

/** A value of the graph and its shape. */
export interface Value {
  readonly name: string
  readonly shape: Shape
}

/** Rows and columns up to which zeros are put between elements by matrix products. */
const LARGEST_SELECTION = 64

/** Whether a list of counts concerns the last two axes alone. */
function isFlat(counts: ReadonlyArray<number>, plane: number): boolean {
  return counts.slice(0, plane).every((count) => count === 0)
}

/**
 * Writes the moves that several translations share. All of them leave nothing behind where nothing
 * moves.
 */
export class Emitter {
  readonly graph: OnnxGraph
  readonly target: OnnxTarget
  /** What a reshaped value was before, by its name. */
  readonly #reshaped = new Map<string, Value>()

  constructor(graph: OnnxGraph, target: OnnxTarget) {
    this.graph = graph
    this.target = target
  }

  /** The same elements in another shape; what was reshaped before is taken as it was. */
  reshape(value: Value, to: Shape): Value {
    const from = this.#reshaped.get(value.name) ?? value
    if (sameShape(from.shape, to)) return from
    const made = { name: this.graph.operator("Reshape", [from.name, this.graph.integers(to)]), shape: to }
    this.#reshaped.set(made.name, from)
    return made
  }

  /** Axes in another order. */
  transpose({ name, shape }: Value, permutation: ReadonlyArray<number>): Value {
    if (permutation.every((axis, i) => axis === i)) return { name, shape }
    return {
      name: this.graph.operator("Transpose", [name], { attributes: { perm: permutation } }),
      shape: permutation.map((axis) => shape[axis]!)
    }
  }

  /** Elements start, start + step, … below end of each axis. */
  slice(value: Value, starts: ReadonlyArray<number>, ends: ReadonlyArray<number>, steps: ReadonlyArray<number>): Value {
    const axes = value.shape.flatMap((size, i) => (starts[i] === 0 && steps[i] === 1 && ends[i] === size ? [] : [i]))
    if (axes.length === 0) return value
    const of = (list: ReadonlyArray<number>) => this.graph.integers(axes.map((i) => list[i]!))
    const name = this.graph.operator("Slice", [value.name, of(starts), of(ends), this.graph.integers(axes), of(steps)])
    return { name, shape: value.shape.map((_, i) => Math.ceil((ends[i]! - starts[i]!) / steps[i]!)) }
  }

  /** The order of elements reversed along axes. */
  reversed({ name, shape }: Value, axes: ReadonlyArray<number>): Value {
    const moving = axes.filter((axis) => shape[axis]! > 1)
    if (moving.length === 0) return { name, shape }
    const list = (value: number) => this.graph.integers(moving.map(() => value))
    const first = Number.MIN_SAFE_INTEGER
    return {
      name: this.graph.operator("Slice", [name, list(-1), list(first), this.graph.integers(moving), list(-1)]),
      shape
    }
  }

  /**
   * Elements of `fill` before, after and between those of each axis. Negative numbers before and
   * after cut elements off.
   */
  pad(
    value: Value,
    before: ReadonlyArray<number>,
    after: ReadonlyArray<number>,
    between: ReadonlyArray<number> = before.map(() => 0),
    fill = 0
  ): Value {
    const plane = value.shape.length - 2
    const small = plane >= 0 && value.shape.slice(plane).every((size) => size <= LARGEST_SELECTION)
    if (small && between.some((count) => count > 0) && [before, after, between].every((list) => isFlat(list, plane)))
      return this.#selected(value, before, after, between)
    const { spread, trailing } = this.#spread(value, between)
    const ends = after.map((count, i) => count - trailing[i]!)
    const cut = (count: number) => Math.max(0, -count)
    const kept = this.slice(
      spread,
      before.map(cut),
      spread.shape.map((size, i) => size - cut(ends[i]!)),
      before.map(() => 1)
    )
    const pads = [...before, ...ends].map((count) => Math.max(0, count))
    if (pads.every((count) => count === 0)) return kept
    const name = this.graph.operator("Pad", [kept.name, this.graph.integers(pads), this.graph.floats([], [fill])])
    const rank = before.length
    return { name, shape: kept.shape.map((size, i) => pads[i]! + size + pads[rank + i]!) }
  }

  /**
   * Elements moved by a distance along an axis, in memory order: what leaves a line enters the next
   * one, and zeros enter the first. Right for tensors that are zero, or are not read, where
   * elements cross from line to line.
   */
  shift(value: Value, axis: number, distance: number): Value {
    if (distance === 0) return value
    const count = elementCount(value.shape)
    const step = distance * elementCount(value.shape.slice(axis + 1))
    if (Math.abs(step) >= count) return this.binary("Mul", value, { name: this.graph.floats([], [0]), shape: [] })
    const flat = this.reshape(value, [count])
    const name = this.graph.operator("Pad", [flat.name, this.graph.integers([step, -step]), this.graph.floats([], [0])])
    return this.reshape({ name, shape: [count] }, value.shape)
  }

  /**
   * Zeros around and between the rows and columns of matrices, as products with matrices of zeros
   * and ones: faster than moving the elements.
   */
  #selected(
    value: Value,
    before: ReadonlyArray<number>,
    after: ReadonlyArray<number>,
    between: ReadonlyArray<number>
  ): Value {
    const rank = value.shape.length
    const [height, width] = value.shape.slice(-2) as [number, number]
    const grown = (axis: number) =>
      before[axis]! + value.shape[axis]! + (value.shape[axis]! - 1) * between[axis]! + after[axis]!
    const place = (axis: number, i: number) => before[axis]! + i * (between[axis]! + 1)
    const [rows, columns] = [grown(rank - 2), grown(rank - 1)]
    const ones = (shape: Shape, at: (i: number) => readonly [number, number], count: number) => {
      const matrix = new Float32Array(elementCount(shape))
      for (let i = 0; i < count; i++) {
        const [row, column] = at(i)
        if (row >= 0 && row < shape[0]! && column >= 0 && column < shape[1]!) matrix[row * shape[1]! + column] = 1
      }
      return this.graph.floats(shape, matrix)
    }
    const right = ones([width, columns], (i) => [i, place(rank - 1, i)], width)
    const left = ones([rows, height], (i) => [place(rank - 2, i), i], height)
    const lines = this.reshape(value, [elementCount(value.shape) / width, width])
    const wide = this.reshape(
      { name: this.graph.operator("MatMul", [lines.name, right]), shape: [lines.shape[0]!, columns] },
      [...value.shape.slice(0, -1), columns]
    )
    return {
      name: this.graph.operator("MatMul", [left, wide.name]),
      shape: [...value.shape.slice(0, -2), rows, columns]
    }
  }

  /**
   * Zeros after every element of an axis, which ONNX's padding cannot put between them; `trailing`
   * follow the last one.
   */
  #spread(value: Value, between: ReadonlyArray<number>): { spread: Value; trailing: ReadonlyArray<number> } {
    const { shape } = value
    const trailing = between.map((count, i) => (shape[i]! > 1 ? count : 0))
    if (trailing.every((count) => count === 0)) return { spread: value, trailing }
    const split = shape.flatMap((size, i) => (trailing[i]! > 0 ? [size, 1] : [size]))
    const zeros = shape.flatMap((_, i) => (trailing[i]! > 0 ? [0, trailing[i]!] : [0]))
    const padded = this.pad(
      this.reshape(value, split),
      split.map(() => 0),
      zeros
    )
    const joined = shape.map((size, i) => size * (trailing[i]! + 1))
    return { spread: this.reshape(padded, joined), trailing }
  }

  /** A function of two tensors of one shape, or of shapes that repeat to it. */
  binary(type: "Add" | "Sub" | "Mul" | "Div" | "Max", a: Value, b: Value): Value {
    const shape = elementCount(a.shape) >= elementCount(b.shape) ? a.shape : b.shape
    return { name: this.graph.operator(type, [a.name, b.name]), shape }
  }

  /** Sums along axes, which stay with size 1 where `keep` says so. */
  sum({ name, shape }: Value, axes: ReadonlyArray<number>, keep: boolean): Value {
    return {
      name: this.graph.operator("ReduceSum", [name, this.graph.integers(axes)], {
        attributes: { keepdims: keep ? 1 : 0 }
      }),
      shape: shape.flatMap((size, axis) => (axes.includes(axis) ? (keep ? [1] : []) : [size]))
    }
  }

  /** 1 where the elements of two tensors are equal, else 0. */
  equal(a: Value, b: Value): Value {
    return this.#mask("Equal", a.name, b.name, a.shape)
  }

  /** 1 where an element is positive, else 0. */
  positive(x: Value): Value {
    return this.#mask("Greater", x.name, this.graph.floats([], [0]), x.shape)
  }

  #mask(type: string, a: string, b: string, shape: Shape): Value {
    const mask = this.graph.operator(type, [a, b])
    return { name: this.graph.operator("Cast", [mask], { attributes: { to: 1 } }), shape }
  }

  /** Products of matrices; `flipped` says which operands come with rows and columns exchanged. */
  product(a: Value, b: Value, flipped: { readonly a?: boolean; readonly b?: boolean } = {}): Value {
    const rank = a.shape.length
    const flip = (value: Value) =>
      this.transpose(value, [...Array.from({ length: rank - 2 }, (_, axis) => axis), rank - 1, rank - 2])
    const rows = a.shape.at(flipped.a === true ? -1 : -2)!
    const columns = b.shape.at(flipped.b === true ? -2 : -1)!
    const shape = [...a.shape.slice(0, -2), rows, columns]
    if (!this.target.fusedProducts) {
      const [left, right] = [flipped.a === true ? flip(a) : a, flipped.b === true ? flip(b) : b]
      return { name: this.graph.operator("MatMul", [left.name, right.name]), shape }
    }
    if (flipped.a !== true && flipped.b !== true)
      return { name: this.graph.operator("MatMul", [a.name, b.name]), shape }
    const attributes = { transA: flipped.a === true ? 1 : 0, transB: flipped.b === true ? 1 : 0 }
    return {
      name: this.graph.operator("FusedMatMul", [a.name, b.name], { attributes, domain: "com.microsoft" }),
      shape
    }
  }
}
