import * as Either from "effect/Either"
import type { Architecture } from "../architecture/architecture.ts"
import { type Table, TableError } from "./table.ts"

/** One or more tables over one space, read as one: the first names the architectures, the others add columns to them. */
export interface Benchmark {
  readonly tables: readonly [Table, ...ReadonlyArray<Table>]
}

/** Identity of the contents of all tables, in order. */
export function benchmarkIdentity(benchmark: Benchmark): string {
  return benchmark.tables.map((table) => table.identity).join("+")
}

/** Every column's name, the first table's first, each once. */
export function benchmarkColumns(benchmark: Benchmark): ReadonlyArray<string> {
  return [...new Set(benchmark.tables.flatMap((table) => table.columns))]
}

/**
 * A column by row of the first table, from the first table that has it; NaN where that table lacks the architecture or
 * the number.
 */
export function benchmarkColumn(benchmark: Benchmark, name: string): Either.Either<Float64Array, TableError> {
  const [first] = benchmark.tables
  const owner = benchmark.tables.find((table) => table.columns.includes(name))
  if (owner === undefined) {
    const names = benchmarkColumns(benchmark).slice(0, 60).join(", ")
    return Either.left(
      new TableError({ table: first.name, line: 0, problem: `it has no column "${name}" (it has ${names})` })
    )
  }
  if (owner === first) return first.column(name)
  return Either.map(owner.column(name), (values) =>
    Float64Array.from(first.architectures, (architecture: Architecture) => {
      const row = owner.rowOf(architecture)
      return row < 0 ? Number.NaN : values[row]!
    })
  )
}

/** A column of which every row needs a number: the score of a search, say. A missing one is an error that names its line. */
export function completeColumn(benchmark: Benchmark, name: string): Either.Either<Float64Array, TableError> {
  return Either.flatMap(benchmarkColumn(benchmark, name), (values) => {
    const row = values.findIndex((value) => Number.isNaN(value))
    if (row < 0) return Either.right(values)
    const problem = `the column "${name}" has no number for the architecture`
    return Either.left(new TableError({ table: benchmark.tables[0].name, line: row + 2, problem }))
  })
}
