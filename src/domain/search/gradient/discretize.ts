import type { Architecture } from "../../architecture/architecture.ts"
import { type RelaxedArchitecture, readOff, relaxedRows } from "../../architecture/relaxed.ts"
import type { Space } from "../../space/space.ts"

/**
 * The architecture that a search returns for the rows of its alpha: `readOff`, the rule of the space. With `none` false also a space that
 * keeps every edge has no edge with `none`, unless it offers nothing else.
 *
 * Source: Liu, Simonyan, Yang 2019 (arXiv 1806.09055) 2.4; Dong and Yang 2020 (arXiv 2001.00326).
 */
export function discretize(space: Space, relaxed: RelaxedArchitecture, none = true): Architecture {
  if (none) return readOff(space, relaxed)
  const operations = relaxedRows(space)
  const allowed = relaxed.map((row, e) => row.map((share, k) => (operations[e]![k] === "none" ? -1 : share)))
  return readOff(space, allowed)
}
