import { slotsByNode } from "../space/slots.ts"
import type { Space } from "../space/space.ts"
import { type Architecture, architectureKey } from "./architecture.ts"

/**
 * The same network with the inputs of each node in ascending order, each with its operation: equal
 * for genotypes that differ in the order of a node's inputs alone. A node that concatenates its
 * inputs keeps their order, and so do spaces that keep every edge.
 */
export function orderSlots(space: Space, architecture: Architecture): Architecture {
  if (space.reading._tag === "EveryEdge") return architecture
  const result = [...architecture]
  for (const node of slotsByNode(space)) {
    if (node[0]!.cell.combine === "concatenate") continue
    const ordered = [...node].sort((a, b) => architecture[a.input]! - architecture[b.input]!)
    for (const [i, slot] of node.entries()) {
      result[slot.operation] = architecture[ordered[i]!.operation]!
      result[slot.input] = architecture[ordered[i]!.input]!
    }
  }
  return result
}

/** Equal for architectures of a space that differ in the order of a node's inputs alone. */
export function networkKey(space: Space, architecture: Architecture): string {
  return architectureKey(orderSlots(space, architecture))
}
