import type { Space } from "../space/space.ts"
import type { Architecture } from "./architecture.ts"
import { stringCell } from "./cell_string.ts"

/**
 * NAS-Bench-201's own isomorphism text of a cell: 6,466 classes. It merges cells that differ (a
 * convolution of zeros is not zero: its normalization has a bias) and parts cells that are equal;
 * `functionalForm` does neither.
 *
 * Node by node: `none`, or any operation on an input whose text is exactly `#`, gives `#`;
 * `skip_connect` gives its input's text; another operation `(input)@operation`; a node's text is
 * the sorted texts joined by `+`.
 *
 * Source: Dong and Yang 2020 (arXiv 2001.00326), the benchmark's published rule.
 */
export function officialForm(space: Space, architecture: Architecture): string | undefined {
  const cell = stringCell(space)
  if (cell === undefined) return undefined
  const nodes = ["0"]
  for (let node = 1; node <= cell.nodes; node++) {
    const texts = cell.edges.flatMap((edge, decision) => {
      if (edge.to !== node) return []
      const operation = space.decisions[decision]!.choices[architecture[decision]!]!
      const input = nodes[edge.from]!
      if (operation === "none" || input === "#") return ["#"]
      return [operation === "skip_connect" ? input : `(${input})@${operation}`]
    })
    nodes.push(texts.sort().join("+"))
  }
  return nodes[nodes.length - 1]!
}
