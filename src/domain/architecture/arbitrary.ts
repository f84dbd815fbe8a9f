import * as FastCheck from "@effect/schema/FastCheck"
import { slotsByNode } from "../space/slots.ts"
import type { Space } from "../space/space.ts"
import type { Architecture } from "./architecture.ts"

/** Members of a space, for property tests; all are reached, not all equally often. */
export function arbitraryArchitecture(space: Space): FastCheck.Arbitrary<Architecture> {
  if (space.reading._tag === "EveryEdge") {
    return FastCheck.tuple(...space.decisions.map((decision) => FastCheck.nat(decision.choices.length - 1)))
  }
  const nodes = slotsByNode(space).map((node) => {
    const { cell, node: to, operation, input } = node[0]!
    const known = space.decisions[operation]!.choices
    const options = cell.edges
      .filter((edge) => edge.to === to)
      .map((edge) => ({
        input: space.decisions[input]!.choices.indexOf(`${edge.from}`),
        operations: edge.operations.map((name) => known.indexOf(name)).filter((choice) => choice >= 0)
      }))
      .filter(({ operations }) => operations.length > 0)
    return FastCheck.shuffledSubarray(options, { minLength: node.length, maxLength: node.length }).chain((kept) =>
      FastCheck.tuple(
        ...kept.map((edge) => FastCheck.constantFrom(...edge.operations).map((choice) => [choice, edge.input] as const))
      )
    )
  })
  return FastCheck.tuple(...nodes).map((chosen) => chosen.flat(2))
}
