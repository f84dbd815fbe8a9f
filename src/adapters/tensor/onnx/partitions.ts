import type { Program } from "../../../domain/program/program.ts"

/**
 * A tensor that is cut along an axis: positions from 0 to its size, between which the parts lie.
 */
interface Partition {
  readonly axis: number
  readonly bounds: ReadonlyArray<number>
}

/** Fewer parts are sliced one by one. */
const FEWEST_PARTS = 4

/**
 * The nodes of a program whose slices are disjoint parts along one axis, which one operator can
 * make together: parameters in a vector of all of them, for one.
 */
export function partitionsOf(program: Program): ReadonlyMap<number, Partition> {
  const slices = new Map<number, Array<{ readonly axis: number; readonly start: number; readonly end: number }>>()
  for (const { operation, operands } of program.nodes) {
    if (operation._tag !== "Slice") continue
    const { starts, ends, steps } = operation
    const from = program.nodes[operands[0]!]!.shape
    const cut = from.flatMap((size, i) => (starts[i] === 0 && ends[i] === size && steps[i] === 1 ? [] : [i]))
    const [axis = -1] = cut.length === 1 && steps[cut[0]!] === 1 ? cut : []
    const list = slices.get(operands[0]!) ?? []
    list.push({ axis, start: starts[axis] ?? 0, end: ends[axis] ?? 0 })
    slices.set(operands[0]!, list)
  }
  const partitions = new Map<number, Partition>()
  for (const [at, parts] of slices) {
    const { axis } = parts[0]!
    if (axis < 0 || parts.length < FEWEST_PARTS || parts.some((part) => part.axis !== axis)) continue
    const size = program.nodes[at]!.shape[axis]!
    const bounds = [...new Set([0, size, ...parts.flatMap(({ start, end }) => [start, end])])].sort((a, b) => a - b)
    if (parts.every(({ start, end }) => bounds[bounds.indexOf(start) + 1] === end)) partitions.set(at, { axis, bounds })
  }
  return partitions
}
