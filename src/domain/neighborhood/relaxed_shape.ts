import { type RelaxedArchitecture, relaxedRows } from "../architecture/relaxed.ts"
import type { Space } from "../space/space.ts"

/**
 * The rows of a relaxed architecture that belong to one cell: per edge its candidate operations.
 */
export interface RelaxedCell {
  readonly name: string
  readonly edges: ReadonlyArray<ReadonlyArray<string>>
  /**
   * The largest number of candidates of an edge: tensors of the cell are [edges, width], zero
   * behind a shorter row.
   */
  readonly width: number
  /** Operations that the space never reads off. @defaultValue none of them */
  readonly exclude?: ReadonlyArray<string>
}

/** The cells of a relaxed architecture, whose edges are its rows, cell by cell. */
export type RelaxedShape = ReadonlyArray<RelaxedCell>

/** Row-major elements of one tensor per cell, by the cell's name. */
export type CellTensors = ReadonlyMap<string, ArrayLike<number>>

/** The shape of a space's relaxed architectures. A space without cells has one, `decisions`. */
export function relaxedShape(space: Space): RelaxedShape {
  const exclude = space.reading._tag === "StrongestEdges" ? { exclude: space.reading.exclude } : {}
  const cell = (name: string, edges: ReadonlyArray<ReadonlyArray<string>>): RelaxedCell => ({
    name,
    edges,
    width: Math.max(...edges.map((operations) => operations.length)),
    ...exclude
  })
  if (space.cells.length === 0) return [cell("decisions", relaxedRows(space))]
  return space.cells.map(({ name, edges }) =>
    cell(
      name,
      edges.map((edge) => edge.operations)
    )
  )
}

/** The candidates of each row, cell by cell. */
export function rowsOf(shape: RelaxedShape): ReadonlyArray<ReadonlyArray<string>> {
  return shape.flatMap((cell) => cell.edges)
}

/**
 * Per row the operations that may be read off, in order: none that the space excludes and, unless
 * `readNone`, no `none`. Which one a row is read off as is decided among these, here and in
 * `discretize` alike.
 */
export function readableRows(shape: RelaxedShape, readNone: boolean): ReadonlyArray<ReadonlyArray<number>> {
  return shape.flatMap(({ edges, exclude = [] }) =>
    edges.map((operations) =>
      operations.flatMap((operation, k) =>
        (readNone || operation !== "none") && !exclude.includes(operation) ? [k] : []
      )
    )
  )
}

/** Per cell a tensor [edges, width] that holds the rows. */
export function tensorsOfRows(shape: RelaxedShape, rows: RelaxedArchitecture): Map<string, Float64Array> {
  let first = 0
  return new Map(
    shape.map((cell) => {
      const data = new Float64Array(cell.edges.length * cell.width)
      for (const [e] of cell.edges.entries()) data.set(rows[first + e]!, e * cell.width)
      first += cell.edges.length
      return [cell.name, data]
    })
  )
}

/** The rows that tensors [edges, width] hold; the inverse of `tensorsOfRows`. */
export function rowsOfTensors(shape: RelaxedShape, tensors: CellTensors): RelaxedArchitecture {
  return shape.flatMap(({ name, edges, width }) =>
    edges.map((operations, e) => operations.map((_, k) => tensors.get(name)![e * width + k]!))
  )
}

/** The softmax of each row of logits: the relaxed architecture of DARTS's alpha. */
export function probabilities(shape: RelaxedShape, alpha: CellTensors): RelaxedArchitecture {
  return rowsOfTensors(shape, alpha).map((row) => {
    const top = Math.max(...row)
    const powers = row.map((logit) => Math.exp(logit - top))
    const sum = powers.reduce((total, power) => total + power, 0)
    return powers.map((power) => power / sum)
  })
}
