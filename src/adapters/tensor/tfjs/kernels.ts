import type * as Core from "@tensorflow/tfjs-core"
import type { Shape } from "../../../domain/program/operation.ts"
import type { RuntimeName } from "./runtimes.ts"

/**
 * How many kernels ran: those that compute, and views, which give a tensor's elements another shape
 * or owner.
 */
export interface KernelCount {
  readonly kernels: number
  readonly views: number
}

/**
 * Zeros before, after and between the elements of an axis; negative numbers before and after cut
 * elements off.
 */
export interface AxisPadding {
  readonly before: number
  readonly after: number
  readonly between: number
}

/**
 * The kernels of one runtime, by the public engine. Whatever they make belongs to the caller's
 * `tidy`.
 */
export class Kernels {
  readonly core: typeof Core
  readonly runtime: RuntimeName
  #kernels = 0
  #views = 0

  constructor(core: typeof Core, runtime: RuntimeName) {
    this.core = core
    this.runtime = runtime
  }

  /** Kernels run so far. */
  get count(): KernelCount {
    return { kernels: this.#kernels, views: this.#views }
  }

  /** The result of a kernel. */
  run(name: string, inputs: Readonly<Record<string, Core.Tensor>>, attributes: Core.NamedAttrMap = {}): Core.Tensor {
    if (name === "Reshape" || name === "Identity") this.#views += 1
    else this.#kernels += 1
    return this.core.engine().runKernel<Core.Tensor>(name, inputs, attributes)
  }

  /** The same elements under a name of their own, to be freed apart. */
  alias(x: Core.Tensor): Core.Tensor {
    return this.run("Identity", { x })
  }

  /** A tensor whose elements are all `value`. */
  fill(shape: Shape, value: number): Core.Tensor {
    return this.run("Fill", {}, { shape: [...shape], value, dtype: "float32" })
  }

  /** The same elements in another shape. */
  reshape(x: Core.Tensor, shape: Shape): Core.Tensor {
    return sameSizes(x.shape, shape) ? x : this.run("Reshape", { x }, { shape: [...shape] })
  }

  /** Axes in another order; a reshape where only axes of size 1 move. */
  transpose(x: Core.Tensor, permutation: ReadonlyArray<number>): Core.Tensor {
    const moving = permutation.filter((axis) => x.shape[axis] !== 1)
    return moving.every((axis, i) => i === 0 || axis > moving[i - 1]!)
      ? this.reshape(
          x,
          permutation.map((axis) => x.shape[axis]!)
        )
      : this.run("Transpose", { x }, { perm: [...permutation] })
  }

  /** Axes of size 1 repeated to a shape of the same rank. */
  repeat(x: Core.Tensor, shape: Shape): Core.Tensor {
    if (sameSizes(x.shape, shape)) return x
    return this.run("Tile", { x }, { reps: shape.map((size, axis) => (x.shape[axis] === size ? 1 : size)) })
  }

  /** Every `steps`-th element from `starts` on, below `ends`. */
  slice(
    x: Core.Tensor,
    starts: ReadonlyArray<number>,
    ends: ReadonlyArray<number>,
    steps: ReadonlyArray<number>
  ): Core.Tensor {
    if (steps.every((step) => step === 1)) {
      const size = ends.map((end, axis) => end - starts[axis]!)
      return sameSizes(size, x.shape) ? x : this.run("Slice", { x }, { begin: [...starts], size })
    }
    return this.run(
      "StridedSlice",
      { x },
      {
        begin: [...starts],
        end: [...ends],
        strides: [...steps],
        beginMask: 0,
        endMask: 0,
        ellipsisMask: 0,
        newAxisMask: 0,
        shrinkAxisMask: 0
      }
    )
  }

  /**
   * Zeros, or `value` outside, around and between elements. Zeros between are a reshape, a padding
   * at the end of each element, a reshape.
   */
  pad(x: Core.Tensor, axes: ReadonlyArray<AxisPadding>, value = 0): Core.Tensor {
    let spread = x
    for (const [axis, { between }] of axes.entries()) {
      const { shape } = spread
      if (between === 0 || shape[axis] === 1) continue
      const [outer, inner] = [shape.slice(0, axis + 1), shape.slice(axis + 1)].map((sizes) =>
        sizes.reduce((product, size) => product * size, 1)
      ) as [number, number]
      const rows = this.reshape(spread, [outer, 1, inner])
      const padded = this.#padded(rows, [none, { before: 0, after: between, between: 0 }, none], 0)
      const longer = this.reshape(padded, shape.with(axis, shape[axis]! * (between + 1)))
      const kept = longer.shape.with(axis, (shape[axis]! - 1) * (between + 1) + 1)
      spread = this.slice(
        longer,
        shape.map(() => 0),
        kept,
        shape.map(() => 1)
      )
    }
    const starts = axes.map(({ before }) => Math.max(0, -before))
    const ends = axes.map(({ after }, axis) => spread.shape[axis]! + Math.min(0, after))
    if (ends.some((end, axis) => end <= starts[axis]!)) {
      const shape = axes.map(({ before, after }, axis) => before + spread.shape[axis]! + after)
      return this.fill(shape, value)
    }
    const every = axes.map(() => 1)
    const cut = this.slice(spread, starts, ends, every)
    return this.#padded(cut, axes, value)
  }

  #padded(x: Core.Tensor, axes: ReadonlyArray<AxisPadding>, value: number): Core.Tensor {
    const paddings = axes.map(({ before, after }) => [Math.max(0, before), Math.max(0, after)])
    return paddings.every(([before, after]) => before === 0 && after === 0)
      ? x
      : this.run("PadV2", { x }, { paddings, constantValue: value })
  }

  /** Tensors joined along an axis. */
  concatenate(tensors: ReadonlyArray<Core.Tensor>, axis: number): Core.Tensor {
    return this.run("Concat", Object.assign([...tensors]), { axis })
  }

  /** Sums along axes, which stay with size 1. */
  sum(x: Core.Tensor, axes: ReadonlyArray<number>): Core.Tensor {
    return axes.length === 0 ? x : this.run("Sum", { x }, { axis: [...axes], keepDims: true })
  }

  /** The product of two tensors, whose axes of size 1 are repeated. */
  multiply(a: Core.Tensor, b: Core.Tensor): Core.Tensor {
    return this.run("Multiply", { a, b })
  }
}

const none: AxisPadding = { before: 0, after: 0, between: 0 }

function sameSizes(a: ReadonlyArray<number>, b: ReadonlyArray<number>): boolean {
  return a.length === b.length && a.every((size, axis) => size === b[axis])
}
