import type { Architecture } from "../architecture/architecture.ts"
import { type Slot, slotsByNode } from "../space/slots.ts"
import type { Space } from "../space/space.ts"

/**
 * Number of decisions in which two architectures of one space differ: the total-variation distance
 * of their one-hot rows.
 */
export function hamming(a: Architecture, b: Architecture): number {
  let distance = 0
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) distance++
  return distance
}

/**
 * Number of decisions in which two networks of a space differ: `hamming` where every edge is kept.
 * The order in which a node's inputs are written makes no difference, so it is the smallest over
 * these orders, and 0 for genotypes that differ in it alone. A metric of the networks.
 *
 * Source: ours.
 */
export function networkDistance(space: Space, a: Architecture, b: Architecture): number {
  if (space.reading._tag === "EveryEdge") return hamming(a, b)
  return slotsByNode(space).reduce(
    (sum, node) => sum + Math.min(...orders(node).map((order) => slotsApart(node, order, a, b))),
    0
  )
}

/**
 * Whether an architecture is written as near to a center as its network allows, node by node; of
 * several such orders of a node's inputs the first one. Every network has exactly one such order,
 * and the center's own is itself.
 */
export function isNearestOrder(space: Space, center: Architecture, architecture: Architecture): boolean {
  return slotsByNode(space).every((node) => {
    const written = slotsApart(node, node, center, architecture)
    return orders(node).every((order) => {
      const other = slotsApart(node, order, center, architecture)
      return other > written || (other === written && !isBefore(order, node, architecture))
    })
  })
}

/**
 * Decisions that differ between a node of `a` and the same node of `b` with its slots in another
 * order.
 */
function slotsApart(node: ReadonlyArray<Slot>, order: ReadonlyArray<Slot>, a: Architecture, b: Architecture): number {
  let apart = 0
  for (const [i, slot] of node.entries()) {
    if (a[slot.operation] !== b[order[i]!.operation]) apart++
    if (a[slot.input] !== b[order[i]!.input]) apart++
  }
  return apart
}

/**
 * Whether the slots in one order come before those in another: by the first input that differs.
 * Inputs of a node are distinct.
 */
function isBefore(order: ReadonlyArray<Slot>, other: ReadonlyArray<Slot>, architecture: Architecture): boolean {
  const at = order.findIndex((slot, i) => architecture[slot.input] !== architecture[other[i]!.input])
  return at >= 0 && architecture[order[at]!.input]! < architecture[other[at]!.input]!
}

const ordersOfNode = new WeakMap<ReadonlyArray<Slot>, ReadonlyArray<ReadonlyArray<Slot>>>()

/**
 * The orders in which a node's slots may be written: all, or the one that it has where it
 * concatenates its inputs.
 */
function orders(node: ReadonlyArray<Slot>): ReadonlyArray<ReadonlyArray<Slot>> {
  const known = ordersOfNode.get(node)
  if (known !== undefined) return known
  const made = node[0]!.cell.combine === "concatenate" ? [node] : permutations(node)
  ordersOfNode.set(node, made)
  return made
}

function permutations<A>(items: ReadonlyArray<A>): ReadonlyArray<ReadonlyArray<A>> {
  if (items.length < 2) return [items]
  return items.flatMap((item, i) => permutations(items.toSpliced(i, 1)).map((rest) => [item, ...rest]))
}
