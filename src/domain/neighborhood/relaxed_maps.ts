import * as Schema from "@effect/schema/Schema"
import type { RelaxedArchitecture } from "../architecture/relaxed.ts"
import { type RelaxedNeighbor, takingPart } from "./relaxed_neighbors.ts"
import { type RelaxedShape, readableRows } from "./relaxed_shape.ts"

/**
 * What a changed edge's distribution p becomes under a shift s. P_s moves the share of each
 * operation to the one s places after it, cyclically, among the operations that take part. The
 * operation m is the one that the edge is read off as, by the very rule of `discretize`; l is the
 * operation s places after m, so never m itself. Where `none` takes no part its share z of the row
 * stays as it is, and the others share 1 − z; elsewhere z is 0 in what follows.
 *
 * - `Shift`: P_s p. Linear; at a one-hot p exactly "another operation on this edge". TV as large as
 *   p is uneven.
 * - `Swap`: the entries of m and l exchanged, at the distance |p[m] − p[l]|.
 * - `Hard`: all of 1 − z on l, the discrete neighbor itself, at the distance 1 − z − p[l]. Where z
 *   is 0 no gradient reaches the edge.
 * - `Mix`: a share ρ of the way to `Hard`, at the distance ρ (1 − z − p[l]).
 *
 * Which entry is read off is a constant of the derivative. At a one-hot p `Shift`, `Swap` and
 * `Hard` are the same change, and all changes together are the discrete neighborhood. `Mix` is not,
 * unless ρ is 1: there it gives 1 − ρ on m and ρ on l, no architecture but a point between two. Its
 * neighborhood is a smoothed one.
 *
 * Source: ours, after Wang et al. 2021 (arXiv 2105.06369).
 */
export const Representation = Schema.Union(
  Schema.TaggedStruct("Shift", {}),
  Schema.TaggedStruct("Swap", {}),
  Schema.TaggedStruct("Hard", {}),
  Schema.TaggedStruct("Mix", { rho: Schema.Number.pipe(Schema.greaterThan(0), Schema.lessThanOrEqualTo(1)) })
).annotations({ identifier: "Representation" })
export type Representation = typeof Representation.Type

/**
 * An affine map of each row of a cell: p'[j] = Σ_k p[k]·map[k, j] + add[j]. `map` is [edges, width,
 * width], `add` [edges, width], row-major.
 */
interface RelaxedMap {
  readonly map: Float64Array
  readonly add: Float64Array
}

/** Per cell, by its name, the map of its rows. */
export type RelaxedMaps = ReadonlyMap<string, RelaxedMap>

/** The maps that change nothing. */
export function identityMaps(shape: RelaxedShape): RelaxedMaps {
  return new Map(
    shape.map(({ name, edges, width }) => {
      const map = new Float64Array(edges.length * width * width)
      for (let row = 0; row < edges.length * width; row++) map[row * width + (row % width)] = 1
      return [name, { map, add: new Float64Array(edges.length * width) }]
    })
  )
}

/** How a change is represented, and which operations it concerns. */
interface RelaxedMapOptions {
  readonly representation: Representation
  /** As in the draw of the neighbor. */
  readonly neighborNone: boolean
  /** As in `discretize`. @defaultValue true */
  readonly readNone?: boolean
}

/**
 * The maps that lead from a center to its neighbor: what enters a program, so that one program
 * serves every draw. Of `center` only the operation that each changed row is read off as matters,
 * and to `Shift` nothing. A row that is read off as an operation that takes no part counts as read
 * off as the largest of those that do.
 */
export function relaxedMaps(
  shape: RelaxedShape,
  { representation, neighborNone, readNone = true }: RelaxedMapOptions,
  neighbor: RelaxedNeighbor,
  center: RelaxedArchitecture
): RelaxedMaps {
  const maps = identityMaps(shape)
  const operations = takingPart(shape, neighborNone)
  const readable = readableRows(shape, readNone)
  let first = 0
  for (const { name, edges, width } of shape) {
    const { map, add } = maps.get(name)!
    for (const { edge, shift } of neighbor) {
      const e = edge - first
      if (e < 0 || e >= edges.length) continue
      const row = (k: number) => (e * width + k) * width
      const candidates = operations[edge]!
      const after = (k: number) => candidates[(candidates.indexOf(k) + shift) % candidates.length]!
      const read = candidates.filter((k) => readable[edge]!.includes(k))
      const largest = (read.length > 0 ? read : candidates).reduce((best, k) =>
        center[edge]![k]! > center[edge]![best]! ? k : best
      )
      const other = after(largest)
      const toOther = (share: number) => {
        for (const k of candidates) map[row(k) + k] = 1 - share
        add[e * width + other] = share
        for (const k of edges[e]!.keys()) if (!candidates.includes(k)) map[row(k) + other] = -share
      }
      switch (representation._tag) {
        case "Shift":
          for (const k of candidates) map[row(k) + k] = 0
          for (const k of candidates) map[row(k) + after(k)] = 1
          break
        case "Swap":
          for (const k of [largest, other]) map[row(k) + k] = 0
          map[row(largest) + other] = 1
          map[row(other) + largest] = 1
          break
        case "Hard":
          toOther(1)
          break
        case "Mix":
          toOther(representation.rho)
          break
      }
    }
    first += edges.length
  }
  return maps
}
