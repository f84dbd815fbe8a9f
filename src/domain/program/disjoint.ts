import type { Growing } from "./growing.ts"
import type { NodeId } from "./node.ts"
import type { Shape } from "./operation.ts"

/**
 * A tensor that is zero but for a range along one axis, there the tensors `parts`, one after the
 * other.
 */
interface Band {
  readonly axis: number
  readonly start: number
  readonly end: number
  readonly parts: ReadonlyArray<NodeId>
}

function bandOf(program: Growing, at: NodeId): Band | undefined {
  const { operation, operands, shape } = program.node(at)
  if (operation._tag !== "Pad" || operation.between.some((count) => count !== 0)) return undefined
  const { before, after } = operation
  const moved = shape.flatMap((_, axis) => (before[axis] === 0 && after[axis] === 0 ? [] : [axis]))
  const [axis] = moved
  if (axis === undefined || moved.length > 1 || before[axis]! < 0 || after[axis]! < 0) return undefined
  const inner = program.node(operands[0]!)
  const joined = inner.operation._tag === "Concatenate" && inner.operation.axis === axis
  return {
    axis,
    start: before[axis]!,
    end: shape[axis]! - after[axis]!,
    parts: joined ? inner.operands : operands
  }
}

/**
 * The sum of two tensors that are zero but for ranges of one axis, disjoint ones, is the ranges
 * joined: no addition. It makes of the derivatives of many slices of a tensor one concatenation.
 */
export function disjointSum(program: Growing, a: NodeId, b: NodeId, shape: Shape): NodeId | undefined {
  const [x, y] = [bandOf(program, a), bandOf(program, b)]
  if (x === undefined || y === undefined || x.axis !== y.axis) return undefined
  const [first, second] = x.start < y.start ? [x, y] : [y, x]
  if (first.end > second.start) return undefined
  const { axis } = first
  const gap = shape.with(axis, second.start - first.end)
  const zeros = gap[axis] === 0 ? [] : [program.constant(0, gap)]
  const joined = program.add({ _tag: "Concatenate", axis }, ...first.parts, ...zeros, ...second.parts)
  const only = (value: number) => shape.map((_, i) => (i === axis ? value : 0))
  const [before, after, between] = [only(first.start), only(shape[axis]! - second.end), only(0)]
  return program.add({ _tag: "Pad", before, after, between }, joined)
}
