import type { Shape } from "../../../domain/program/operation.ts"
import { elementCount } from "../../../domain/program/program.ts"
import type { TensorData } from "../../../effects/ports/tensor_backend.ts"
import type { Tensor } from "./windows.ts"

/** Distance in memory between neighbors along each axis of a row-major tensor. */
function strides(shape: Shape): ReadonlyArray<number> {
  const result = shape.map(() => 1)
  for (let axis = shape.length - 2; axis >= 0; axis--) result[axis] = result[axis + 1]! * shape[axis + 1]!
  return result
}

/**
 * Visit the elements of a tensor of this shape in order; `place` is where the element lies in
 * another tensor, which starts at `offset` and moves by `steps` per axis.
 */
function walk(
  shape: Shape,
  offset: number,
  steps: ReadonlyArray<number>,
  visit: (at: number, place: number) => void
): void {
  const index = shape.map(() => 0)
  const count = elementCount(shape)
  let place = offset
  for (let at = 0; at < count; at++) {
    visit(at, place)
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      index[axis]! += 1
      place += steps[axis]!
      if (index[axis]! < shape[axis]!) break
      place -= steps[axis]! * shape[axis]!
      index[axis] = 0
    }
  }
}

/** Repeat axes of size 1. */
export function broadcast(from: Tensor, shape: Shape, data: TensorData): void {
  const own = strides(from.shape)
  const steps = from.shape.map((size, axis) => (size === 1 && shape[axis] !== 1 ? 0 : own[axis]!))
  walk(shape, 0, steps, (at, place) => {
    data[at] = from.data[place]!
  })
}

/** Combine along axes: `data` holds the start value and has size 1 along them. */
export function reduce(
  from: Tensor,
  to: Shape,
  data: TensorData,
  combine: (sum: number, value: number) => number
): void {
  const own = strides(to)
  const steps = to.map((size, axis) => (size === 1 && from.shape[axis] !== 1 ? 0 : own[axis]!))
  walk(from.shape, 0, steps, (at, place) => {
    data[place] = combine(data[place]!, from.data[at]!)
  })
}

/** Axes in another order. */
export function transpose(from: Tensor, permutation: ReadonlyArray<number>, shape: Shape, data: TensorData): void {
  const own = strides(from.shape)
  walk(
    shape,
    0,
    permutation.map((axis) => own[axis]!),
    (at, place) => {
      data[at] = from.data[place]!
    }
  )
}

/** Every `every`-th element from `starts` on: read from a larger tensor, or written into one. */
export function strided(
  part: Shape,
  whole: Shape,
  starts: ReadonlyArray<number>,
  every: ReadonlyArray<number>,
  visit: (inPart: number, inWhole: number) => void
): void {
  const own = strides(whole)
  const offset = starts.reduce((sum, start, axis) => sum + start * own[axis]!, 0)
  walk(
    part,
    offset,
    own.map((stride, axis) => stride * every[axis]!),
    visit
  )
}
