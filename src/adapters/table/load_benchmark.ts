import * as Effect from "effect/Effect"
import { isEnumerable } from "../../domain/architecture/ordinal.ts"
import type { SearchSettings } from "../../domain/searchers/settings.ts"
import { SettingsError } from "../../domain/setting/settings_error.ts"
import type { Space } from "../../domain/space/space.ts"
import { type Benchmark, benchmarkColumns, type ReadBenchmark, withNumbers } from "../../domain/table/benchmark.ts"
import { syntheticTable } from "../../domain/table/synthetic_table.ts"
import { makeTable } from "../../domain/table/table.ts"
import { readTable } from "./file.ts"

/** The settings that say which table is read, and how. */
type TableSettings = Pick<SearchSettings, "table" | "key" | "score" | "report" | "cost" | "costFactor" | "goal">

/** A benchmark and the settings of its columns, completed. */
interface LoadedBenchmark {
  readonly benchmark: Benchmark
  readonly score: string
  readonly report: ReadonlyArray<string>
  readonly cost: string | undefined
  /** What was read of files; none if the table was made up. */
  readonly read: ReadBenchmark | undefined
  /** Whether the table was made up because none was given. */
  readonly synthetic: boolean
}

/** The tables that settings name, as one; none where they name none. */
export const readBenchmark = Effect.fn("readBenchmark")(function* (
  { table, key }: Pick<TableSettings, "table" | "key">,
  space: Space
) {
  const [first, ...others] = table
  if (first === undefined) return undefined
  const benchmark: Benchmark = {
    tables: [
      yield* readTable(space, first, key),
      ...(yield* Effect.forEach(others, (path) => readTable(space, path, key)))
    ]
  }
  return benchmark
})

/**
 * Read the tables that settings name; architectures without a score or a cost are left out. Without
 * a table, a synthetic landscape stands in, so that every command can be tried.
 */
export const loadBenchmark = Effect.fn("loadBenchmark")(function* (settings: TableSettings, space: Space) {
  const benchmark = yield* readBenchmark(settings, space)
  if (benchmark === undefined) return yield* synthetic(settings, space)
  if (settings.score === undefined) {
    const names = benchmarkColumns(benchmark).join(", ")
    return yield* new SettingsError({ problem: `name the column to search by with --score: ${names}` })
  }
  const needed = [settings.score, ...(settings.cost === undefined ? [] : [settings.cost])]
  const { benchmark: scored, missing } = yield* withNumbers(benchmark, needed)
  const loaded: LoadedBenchmark = {
    benchmark: scored,
    score: settings.score,
    report: settings.report,
    cost: settings.cost,
    read: { tables: benchmark.tables, missing },
    synthetic: false
  }
  return loaded
})

const synthetic = Effect.fn("syntheticBenchmark")(function* (settings: TableSettings, space: Space) {
  if (
    settings.score !== undefined ||
    settings.report.length > 0 ||
    settings.cost !== undefined ||
    settings.key !== undefined
  ) {
    return yield* new SettingsError({ problem: "columns of a table are given without a table: add --table FILE" })
  }
  if (!isEnumerable(space)) {
    return yield* new SettingsError({
      problem: `the space "${space.name}" is too large for a made-up table: add --table FILE`
    })
  }
  const table = yield* makeTable(space, syntheticTable(space, "0"), "code")
  const loaded: LoadedBenchmark = {
    benchmark: { tables: [table] },
    score: "validation",
    report: ["test"],
    cost: "seconds",
    read: undefined,
    synthetic: true
  }
  return loaded
})
