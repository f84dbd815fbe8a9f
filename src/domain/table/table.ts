import * as Schema from "@effect/schema/Schema"
import * as Either from "effect/Either"
import { type Architecture, type ArchitectureError, architectureKey } from "../architecture/architecture.ts"
import { architectureParser } from "../architecture/text.ts"
import { spaceSize } from "../space/membership.ts"
import { isEnumerable, ordinalOf } from "../space/ordinal.ts"
import type { Space } from "../space/space.ts"

/** A table cannot be used. `line` counts from 1, the header included; 0 where no line is at fault. */
export class TableError extends Schema.TaggedError<TableError>()("TableError", {
  table: Schema.String,
  line: Schema.Int.pipe(Schema.nonNegative()),
  problem: Schema.String
}) {
  override get message(): string {
    const place = this.line === 0 ? "" : ` in line ${this.line}`
    return `Cannot use table "${this.table}": ${this.problem}${place}`
  }
}

/** The cells of a table as text: a header and rows of as many fields. */
export interface RawTable {
  /** What errors call it: a file's name, say. */
  readonly name: string
  /** Tells contents apart: a checksum, say. */
  readonly identity: string
  readonly header: ReadonlyArray<string>
  readonly rows: ReadonlyArray<ReadonlyArray<string>>
}

/** A benchmark table: one row per architecture. Columns are decoded when first asked for. */
export interface Table {
  readonly name: string
  readonly identity: string
  readonly space: Space
  /** The architecture of each row. */
  readonly architectures: ReadonlyArray<Architecture>
  /** The row of an architecture, or −1. */
  readonly rowOf: (architecture: Architecture) => number
  readonly columns: ReadonlyArray<string>
  /** A column's numbers by row; NaN where a field is empty or says NaN. Anything else that is no finite number is an error. */
  readonly column: (name: string) => Either.Either<Float64Array, TableError>
}

/** Names under which a key column is found where none is given, in this order. */
export const KEY_COLUMNS = ["arch", "architecture", "arch_str", "genotype", "code", "key"] as const

/**
 * A table from its text. The key column holds architectures in any text form of the space; without a name the first of
 * `KEY_COLUMNS` that the header has is taken. Errors: no or doubled columns, rows of another length, keys that are no
 * architecture or stand twice, no rows.
 */
export function makeTable(space: Space, raw: RawTable, key?: string): Either.Either<Table, TableError> {
  const { header, rows } = raw
  const fail = (problem: string, line = 0) => Either.left(new TableError({ table: raw.name, line, problem }))
  const keyColumn =
    key === undefined ? KEY_COLUMNS.map((name) => header.indexOf(name)).find((at) => at >= 0) : header.indexOf(key)
  if (header.length === 0) return fail("it is empty")
  if (keyColumn === undefined)
    return fail(`none of its columns is named ${KEY_COLUMNS.join(", ")}: name the key column (${listed(header)})`)
  if (keyColumn < 0) return fail(`it has no column "${key}" (${listed(header)})`)
  const twice = header.find((name, i) => header.indexOf(name) !== i)
  if (twice !== undefined) return fail(`the column "${twice}" stands twice`, 1)
  if (rows.length === 0) return fail("it has a header and no rows")
  const wrong = rows.findIndex((row) => row.length !== header.length)
  if (wrong >= 0) return fail(`${rows[wrong]!.length} fields instead of ${header.length}`, wrong + 2)
  const parse = architectureParser(space)
  const architectures: Array<Architecture> = []
  const index = rowIndex(space)
  for (const [i, row] of rows.entries()) {
    const parsed: Either.Either<Architecture, ArchitectureError> = parse(row[keyColumn]!)
    if (Either.isLeft(parsed)) return fail(parsed.left.message, i + 2)
    const before = index.add(parsed.right, i)
    if (before >= 0) return fail(`the architecture "${row[keyColumn]}" stands in line ${before + 2} already`, i + 2)
    architectures.push(parsed.right)
  }
  const decoded = new Map<string, Either.Either<Float64Array, TableError>>()
  const column = (name: string): Either.Either<Float64Array, TableError> => {
    const known = decoded.get(name)
    if (known !== undefined) return known
    const at = header.indexOf(name)
    const made = at < 0 ? fail(`it has no column "${name}" (${listed(header)})`) : decodeColumn(raw, at)
    decoded.set(name, made)
    return made
  }
  return Either.right({
    name: raw.name,
    identity: raw.identity,
    space,
    architectures,
    rowOf: index.get,
    columns: header,
    column
  })
}

function listed(names: ReadonlyArray<string>): string {
  return `it has ${names.slice(0, 40).join(", ")}${names.length > 40 ? ", …" : ""}`
}

const MISSING = new Set(["", "nan", "na", "null", "none"])

function decodeColumn(raw: RawTable, at: number): Either.Either<Float64Array, TableError> {
  const values = new Float64Array(raw.rows.length)
  for (let i = 0; i < values.length; i++) {
    const text = raw.rows[i]![at]!.trim()
    const value = MISSING.has(text.toLowerCase()) ? Number.NaN : Number(text)
    if (!Number.isFinite(value) && !MISSING.has(text.toLowerCase())) {
      const problem = `"${text.slice(0, 40)}" in the column "${raw.header[at]}" is no finite number`
      return Either.left(new TableError({ table: raw.name, line: i + 2, problem }))
    }
    values[i] = value
  }
  return Either.right(values)
}

interface RowIndex {
  readonly get: (architecture: Architecture) => number
  /** Adds a row; returns the row that the architecture has already, or −1. */
  readonly add: (architecture: Architecture, row: number) => number
}

function rowIndex(space: Space): RowIndex {
  if (isEnumerable(space)) {
    const rowByOrdinal = new Int32Array(spaceSize(space)).fill(-1)
    const get = (architecture: Architecture) => rowByOrdinal[ordinalOf(space, architecture)]!
    return {
      get,
      add: (architecture, row) => {
        const before = get(architecture)
        if (before < 0) rowByOrdinal[ordinalOf(space, architecture)] = row
        return before
      }
    }
  }
  const rowByKey = new Map<string, number>()
  const get = (architecture: Architecture) => rowByKey.get(architectureKey(architecture)) ?? -1
  return {
    get,
    add: (architecture, row) => {
      const before = get(architecture)
      if (before < 0) rowByKey.set(architectureKey(architecture), row)
      return before
    }
  }
}
