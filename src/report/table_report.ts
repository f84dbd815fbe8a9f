import { naturalForm, printArchitecture } from "../domain/architecture/text.ts"
import type { ReadBenchmark } from "../domain/table/benchmark.ts"
import type { Table } from "../domain/table/table.ts"

const count = (value: number) => value.toLocaleString("en-US")

/**
 * The first key of a table where it is not written as people read architectures, with the
 * architecture that it was taken for.
 */
function firstKey({
  space,
  key,
  architectures
}: Table): { readonly text: string; readonly architecture: string } | undefined {
  const architecture = printArchitecture(space, architectures[0]!)
  const isDigits = naturalForm(space) !== "code" && key.first === printArchitecture(space, architectures[0]!, "code")
  return isDigits ? { text: key.first, architecture } : undefined
}

/** What was read of tables, for people: names and values of a few rows. */
export function tableRows({ tables, missing }: ReadBenchmark): ReadonlyArray<readonly [string, string]> {
  const rows = tables.map((table): readonly [string, string] => {
    const first = firstKey(table)
    const shown = first === undefined ? "" : `, where ${first.text} is ${first.architecture}`
    return [
      "table",
      `${count(table.architectures.length)} architectures of ${table.name} by "${table.key.column}"${shown}`
    ]
  })
  if (missing === undefined) return rows
  const { problem, line, table } = missing
  const one = missing.count === 1 ? "1 architecture" : `${count(missing.count)} architectures, the first`
  return [...rows, ["left out", `${one} in ${table}, line ${line}: ${problem}`]]
}

/** What was read of tables, for programs. */
export function tableJson({ tables, missing }: ReadBenchmark): Readonly<Record<string, unknown>> {
  const read = tables.map((table) => {
    const { column, first } = table.key
    const architecture = printArchitecture(table.space, table.architectures[0]!)
    return {
      name: table.name,
      architectures: table.architectures.length,
      key: column,
      first: { text: first, architecture }
    }
  })
  return { tables: read, leftOut: missing ?? null }
}
