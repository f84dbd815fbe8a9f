import type * as Core from "@tensorflow/tfjs-core"
import type { Shape } from "../../../domain/program/operation.ts"
import type { Kernels } from "./kernels.ts"

/** Which logical axis lies at each position in memory, outermost first. */
export type Order = ReadonlyArray<number>

/** Images with channels last, as the convolution and pooling kernels take them. */
export const NHWC: Order = [0, 2, 3, 1]

/** Filters of logical axes [O, I, h, w] as the convolution kernels take them. */
export const HWIO: Order = [2, 3, 1, 0]

/** The logical order itself. */
export function rowMajor(rank: number): Order {
  return Array.from({ length: rank }, (_, axis) => axis)
}

/** Sizes in the order of memory. */
export function inOrder<A>(perAxis: ReadonlyArray<A>, order: Order): ReadonlyArray<A> {
  return order.map((axis) => perAxis[axis]!)
}

/**
 * A tensor of a program on the device: its axes may lie in memory in any order, so a transposition
 * moves nothing, and an axis that repeats one element may have size 1 there, so a broadcast copies
 * nothing. It owns its tensors: `free` gives them back.
 */
export class Value {
  readonly shape: Shape
  readonly order: Order
  readonly tensor: Core.Tensor
  readonly #forms = new Map<string, Core.Tensor>()

  /** `tensor` has the sizes of `shape` in `order`, or 1. */
  constructor(shape: Shape, order: Order, tensor: Core.Tensor) {
    this.shape = shape
    this.order = order
    this.tensor = tensor
  }

  /**
   * A tensor that views in `order`, without repetition: an axis may still have size 1. Made once,
   * kept until the value is freed.
   */
  narrow(k: Kernels, order: Order): Core.Tensor {
    if (order.every((axis, i) => axis === this.order[i])) return this.tensor
    return this.#form(k, `narrow ${order.join()}`, () =>
      k.transpose(
        this.tensor,
        order.map((axis) => this.order.indexOf(axis))
      )
    )
  }

  /** The whole tensor in `order`. Made once, kept until the value is freed. */
  whole(k: Kernels, order: Order): Core.Tensor {
    const narrow = this.narrow(k, order)
    const shape = inOrder(this.shape, order)
    if (shape.every((size, i) => size === narrow.shape[i])) return narrow
    return this.#form(k, `whole ${order.join()}`, () => k.repeat(narrow, shape))
  }

  /** Keep the tensor beyond the `tidy` in which it was made. */
  keep(k: Kernels): this {
    k.core.keep(this.tensor)
    return this
  }

  /** Free what the value owns. */
  free(): void {
    this.tensor.dispose()
    this.freeForms()
  }

  /** Free all forms but the first. */
  freeForms(): void {
    for (const form of this.#forms.values()) form.dispose()
    this.#forms.clear()
  }

  #form(k: Kernels, name: string, make: () => Core.Tensor): Core.Tensor {
    const known = this.#forms.get(name)
    if (known !== undefined) return known
    const made = make()
    const own = k.core.keep(made === this.tensor ? k.alias(made) : made)
    this.#forms.set(name, own)
    return own
  }
}
