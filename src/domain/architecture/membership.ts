import { type Slot, slotsByNode } from "../space/slots.ts"
import type { Space } from "../space/space.ts"
import type { Architecture } from "./architecture.ts"

/**
 * Whether an architecture belongs to a space: one index per decision, each in range; where edges
 * are selected, the inputs of a node differ, and each operation is a candidate of its edge.
 */
export function isMember(space: Space, architecture: Architecture): boolean {
  if (architecture.length !== space.decisions.length) return false
  for (let i = 0; i < architecture.length; i++) {
    const choice = architecture[i]!
    if (!Number.isInteger(choice) || choice < 0 || choice >= space.decisions[i]!.choices.length) return false
  }
  return hasLegalSlots(space, architecture)
}

/** Whether every combination of choices is a member, so that none has to be checked. */
export function isUnconstrained(space: Space): boolean {
  return space.reading._tag === "EveryEdge"
}

/** The part of `isMember` that looks across decisions; the indices are known to be in range. */
export function hasLegalSlots(space: Space, architecture: Architecture): boolean {
  return slotsByNode(space).every((node) => isLegalNode(space, node, architecture))
}

/** Whether the inputs of a node differ, and each operation is a candidate of its edge. */
export function isLegalNode(space: Space, node: ReadonlyArray<Slot>, architecture: Architecture): boolean {
  return node.every((slot, i) => {
    const input = Number(space.decisions[slot.input]!.choices[architecture[slot.input]!])
    const operation = space.decisions[slot.operation]!.choices[architecture[slot.operation]!]!
    const edge = slot.cell.edges.find((candidate) => candidate.from === input && candidate.to === slot.node)
    const repeated = node.slice(0, i).some((other) => architecture[other.input] === architecture[slot.input])
    return !repeated && edge?.operations.includes(operation) === true
  })
}

/**
 * Number of architectures of a space: exact up to 2^53, rounded above. Slots of a node differ by
 * order.
 */
export function spaceSize(space: Space): number {
  if (isUnconstrained(space)) return space.decisions.reduce((size, decision) => size * decision.choices.length, 1)
  let size = 1
  for (const node of slotsByNode(space)) {
    const { cell, node: to, operation } = node[0]!
    const legal = cell.edges
      .filter((edge) => edge.to === to)
      .map((edge) => edge.operations.filter((name) => space.decisions[operation]!.choices.includes(name)).length)
    size *= orderedSelections(legal, node.length)
  }
  return size
}

/**
 * Sum over ordered selections of k of the weights, of the product of the selected: k! times the
 * k-th elementary symmetric polynomial.
 */
function orderedSelections(weights: ReadonlyArray<number>, k: number): number {
  const sums = [1, ...Array.from({ length: k }, () => 0)]
  for (const weight of weights) for (let r = k; r >= 1; r--) sums[r]! += weight * sums[r - 1]!
  let result = sums[k]!
  for (let r = 2; r <= k; r++) result *= r
  return result
}
