import type { Architecture } from "../architecture/architecture.ts"
import { type RelaxedArchitecture, readOff } from "../architecture/relaxed.ts"
import { readableRows, relaxedShape } from "../neighborhood/relaxed_shape.ts"
import type { Space } from "../space/space.ts"

/**
 * The architecture that a search returns for the rows of its alpha: `readOff`, the rule of the
 * space. Without `readNone` also a space that keeps every edge has no edge with `none`, unless it
 * offers nothing else.
 *
 * Source: Liu, Simonyan, Yang 2019 (arXiv 1806.09055) 2.4; Dong and Yang 2020 (arXiv 2001.00326).
 */
export function discretize(space: Space, relaxed: RelaxedArchitecture, readNone = true): Architecture {
  const readable = readableRows(relaxedShape(space), readNone)
  const allowed = relaxed.map((row, e) => row.map((share, k) => (readable[e]!.includes(k) ? share : -1)))
  return readOff(space, allowed)
}
