/** Cells side by side: those of a positive width end there, those of a negative one begin there. */
export function aligned(widths: ReadonlyArray<number>, cells: ReadonlyArray<string>): string {
  return cells
    .map((cell, i) => (widths[i]! < 0 ? cell.padEnd(-widths[i]!) : cell.padStart(widths[i]!)))
    .join("")
    .trimEnd()
}

/** Rows of a name and a value, the values below each other. */
export function table(rows: ReadonlyArray<readonly [string, string]>): ReadonlyArray<string> {
  const width = Math.max(...rows.map(([name]) => name.length))
  return rows.map(([name, value]) => aligned([-2, -width, -2, 0], ["", name, "", value]))
}
