import type { Architecture } from "../architecture/architecture.ts"
import { type Candidates, drawCandidate, spaceCandidates } from "../architecture/candidates.ts"
import { type RelaxedArchitecture, relaxedRows } from "../architecture/relaxed.ts"
import { type RelaxedShape, tensorsOfRows } from "../neighborhood/relaxed_shape.ts"
import { fullName, type Label } from "../program/port.ts"
import type { Seed } from "../random.ts"
import { slots } from "../space/slots.ts"
import type { Space } from "../space/space.ts"

/** The input of a path's weights of a cell's operations, [edges, width]. */
export function pathInput(cell: string): Label {
  return { role: "path", name: cell }
}

/**
 * The rows of a supernet that leave nothing but an architecture: one-hot on the edges that it
 * keeps, zeros on the others, which then add nothing. The architecture is a member of the space.
 */
export function pathRows(space: Space, architecture: Architecture): RelaxedArchitecture {
  const chosen = (decision: number) => space.decisions[decision]!.choices[architecture[decision]!]!
  const rows = relaxedRows(space)
  if (space.reading._tag === "EveryEdge")
    return rows.map((operations, e) => operations.map((_, k) => (k === architecture[e] ? 1 : 0)))
  const edges = space.cells.flatMap((cell) => cell.edges.map((edge) => ({ cell, edge })))
  return edges.map(({ cell, edge }) => {
    const slot = slots(space).find(
      (one) => one.cell === cell && one.node === edge.to && chosen(one.input) === `${edge.from}`
    )
    return edge.operations.map((operation) => (slot !== undefined && operation === chosen(slot.operation) ? 1 : 0))
  })
}

/** What a supernet takes to be an architecture: per cell the input `path/<cell>`. */
export function pathInputs(
  space: Space,
  shape: RelaxedShape,
  architecture: Architecture
): ReadonlyMap<string, { readonly shape: ReadonlyArray<number>; readonly data: Float64Array }> {
  const tensors = tensorsOfRows(shape, pathRows(space, architecture))
  return new Map(
    shape.map(({ name, edges, width }) => [
      fullName(pathInput(name)),
      { shape: [edges.length, width], data: tensors.get(name)! }
    ])
  )
}

/** All members of a space, for `drawPath`. */
export function paths(space: Space): Candidates {
  return spaceCandidates(space)
}

/**
 * The architecture that a training step of a supernet sees: uniform over the members of the space,
 * the same for the same seed.
 *
 * Source: Li and Talwalkar 2019 (arXiv 1902.07638) 3.3; Guo et al. 2020 (arXiv 1904.00420) eq. 7.
 */
export function drawPath(candidates: Candidates, seed: Seed): Architecture {
  const drawn = drawCandidate(candidates, seed)
  if (drawn === undefined) throw new RangeError("a space has members")
  return drawn
}
