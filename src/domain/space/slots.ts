import type { Cell, Space } from "./space.ts"

/**
 * A kept edge of a node in a `StrongestEdges` space: where its two decisions stand, and its cell
 * and node.
 */
export interface Slot {
  readonly cell: Cell
  readonly node: number
  /** Position of the operation's decision. */
  readonly operation: number
  /** Position of the input's decision. */
  readonly input: number
}

const slotsOfSpace = new WeakMap<Space, ReadonlyArray<Slot>>()

/** The slots of a space in decision order; none where every edge is kept. */
export function slots(space: Space): ReadonlyArray<Slot> {
  const known = slotsOfSpace.get(space)
  if (known !== undefined) return known
  const { reading } = space
  const made =
    reading._tag === "EveryEdge"
      ? []
      : space.cells
          .flatMap((cell) =>
            Array.from({ length: cell.nodes * reading.perNode }, (_, i) => ({
              cell,
              node: cell.inputs + Math.floor(i / reading.perNode)
            }))
          )
          .map((slot, i) => ({ ...slot, operation: 2 * i, input: 2 * i + 1 }))
  slotsOfSpace.set(space, made)
  return made
}

const nodesOfSpace = new WeakMap<Space, ReadonlyArray<ReadonlyArray<Slot>>>()

/** The slots of a space, node by node. */
export function slotsByNode(space: Space): ReadonlyArray<ReadonlyArray<Slot>> {
  const known = nodesOfSpace.get(space)
  if (known !== undefined) return known
  const perNode = space.reading._tag === "StrongestEdges" ? space.reading.perNode : 1
  const all = slots(space)
  const made = Array.from({ length: all.length / perNode }, (_, i) => all.slice(i * perNode, (i + 1) * perNode))
  nodesOfSpace.set(space, made)
  return made
}
