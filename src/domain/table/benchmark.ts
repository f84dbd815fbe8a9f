import * as Either from "effect/Either"
import type { Architecture } from "../architecture/architecture.ts"
import { type Table, TableError } from "./table.ts"

/**
 * One or more tables over one space, read as one: the first names the architectures, the others add
 * columns to them.
 */
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
 * A column by row of the first table, from the first table that has it; NaN where that table lacks
 * the architecture or the number.
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

/**
 * Why the first table's architecture at `row` has no number in a column: where the number is
 * missing.
 */
function missingAt(benchmark: Benchmark, name: string, row: number): Pick<TableError, "table" | "line" | "problem"> {
  const [first] = benchmark.tables
  const owner = benchmark.tables.find((table) => table.columns.includes(name))!
  const own = owner.rowOf(first.architectures[row]!)
  if (own >= 0) return { table: owner.name, line: owner.lineOf(own), problem: `the column "${name}" has no number` }
  const problem = `its architecture has no row in "${owner.name}", which has the column "${name}"`
  return { table: first.name, line: first.lineOf(row), problem }
}

/**
 * A column of which every row needs a number. A missing one is an error that names its table and
 * line.
 */
export function completeColumn(benchmark: Benchmark, name: string): Either.Either<Float64Array, TableError> {
  return Either.flatMap(benchmarkColumn(benchmark, name), (values) => {
    const row = values.findIndex((value) => Number.isNaN(value))
    return row < 0 ? Either.right(values) : Either.left(new TableError(missingAt(benchmark, name, row)))
  })
}

/**
 * How many architectures of a benchmark lack a number and were left out, and the first place that
 * lacks it.
 */
interface MissingNumbers {
  readonly count: number
  readonly table: string
  readonly line: number
  readonly problem: string
}

/**
 * The benchmark with those architectures alone that have a number in each of the columns, and what
 * was left out, if anything was. Errors: a column that no table has, and no architecture that is
 * left.
 */
export function withNumbers(
  benchmark: Benchmark,
  names: ReadonlyArray<string>
): Either.Either<{ readonly benchmark: Benchmark; readonly missing: MissingNumbers | undefined }, TableError> {
  return Either.gen(function* () {
    const [first, ...others] = benchmark.tables
    const columns = new Map<string, Float64Array>()
    for (const name of names) columns.set(name, yield* benchmarkColumn(benchmark, name))
    const lacking = (row: number) => names.find((name) => Number.isNaN(columns.get(name)![row]!))
    const rows = Array.from(first.architectures.keys())
    const kept = rows.filter((row) => lacking(row) === undefined)
    if (kept.length === rows.length) return { benchmark, missing: undefined }
    const row = rows.find((one) => lacking(one) !== undefined)!
    const place = missingAt(benchmark, lacking(row)!, row)
    if (kept.length === 0)
      return yield* Either.left(
        new TableError({ ...place, problem: `${place.problem}, and no other architecture has one` })
      )
    const missing = { count: rows.length - kept.length, ...place }
    const some: Benchmark = { tables: [subTable(first, kept), ...others] }
    return { benchmark: some, missing }
  })
}

/** Some rows of a table, in their order. */
function subTable(table: Table, kept: ReadonlyArray<number>): Table {
  const position = new Int32Array(table.architectures.length).fill(-1)
  for (const [i, row] of kept.entries()) position[row] = i
  return {
    ...table,
    architectures: kept.map((row) => table.architectures[row]!),
    rowOf: (architecture) => position[table.rowOf(architecture)] ?? -1,
    lineOf: (row) => table.lineOf(kept[row]!),
    column: (name) => Either.map(table.column(name), (values) => Float64Array.from(kept, (row) => values[row]!))
  }
}

/** What was read of files, for a report. */
export interface ReadBenchmark {
  readonly tables: ReadonlyArray<Table>
  /** The architectures that have no score or no cost, if there are any: they are left out. */
  readonly missing: MissingNumbers | undefined
}
