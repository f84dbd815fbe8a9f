/** What a program takes for each cell: logits, the map of its rows, and the noise of a sample. */
export type CellInput = "alpha" | "map" | "add" | "gumbel"

/** The name of an input of a cell, as `alpha/normal`. */
export function inputOf(kind: CellInput, cell: string): string {
  return `${kind}/${cell}`
}
