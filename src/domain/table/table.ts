import * as Schema from "@effect/schema/Schema"
import * as Either from "effect/Either"
import type { Architecture, ArchitectureError } from "../architecture/architecture.ts"
import { digitOrder } from "../architecture/known_forms.ts"
import { spaceSize } from "../architecture/membership.ts"
import { isEnumerable, ordinalOf } from "../architecture/ordinal.ts"
import { networkKey } from "../architecture/slot_order.ts"
import { architectureParser } from "../architecture/text.ts"
import type { Space } from "../space/space.ts"

/**
 * A table cannot be used. `line` counts those of the file from 1, the header included; 0 where no
 * line is at fault.
 */
export class TableError extends Schema.TaggedError<TableError>()("TableError", {
  table: Schema.String,
  line: Schema.Int.pipe(Schema.nonNegative()),
  problem: Schema.String
}) {
  override get message(): string {
    const place = this.line === 0 ? "" : `, line ${this.line}`
    return `Cannot use table "${this.table}"${place}: ${this.problem}`
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
  /** The line of each row in the file; from 2 on without gaps by default. */
  readonly lines?: ReadonlyArray<number>
}

/** A benchmark table: one row per network. Columns are decoded when first asked for. */
export interface Table {
  readonly name: string
  readonly identity: string
  readonly space: Space
  /** The architecture of each row, as it is written. */
  readonly architectures: ReadonlyArray<Architecture>
  /** The row of an architecture, in whatever order the inputs of its nodes are written, or −1. */
  readonly rowOf: (architecture: Architecture) => number
  /** The line of a row in the file. */
  readonly lineOf: (row: number) => number
  /** The text that the first row has in the key column, and the name of that column. */
  readonly key: { readonly column: string; readonly first: string }
  readonly columns: ReadonlyArray<string>
  /**
   * A column's numbers by row; NaN where a field is empty or says NaN. Errors: anything else that
   * is not a finite number, and two numbers for one network.
   */
  readonly column: (name: string) => Either.Either<Float64Array, TableError>
}

/** Names under which a key column is found where none is given, in this order. */
export const KEY_COLUMNS = ["arch", "architecture", "arch_str", "genotype", "code", "key"] as const

/**
 * A table from its text. The key column holds architectures in any text form of the space; without
 * a name the first of `KEY_COLUMNS` that the header has is taken. A network that appears twice has
 * one row, the first. Errors: no or doubled columns, rows of another length, keys that are not
 * architectures, no rows, and another of the `KEY_COLUMNS` that names other architectures.
 */
export function makeTable(space: Space, raw: RawTable, key?: string): Either.Either<Table, TableError> {
  const { header, rows } = raw
  const lineOfRow = (row: number) => raw.lines?.[row] ?? row + 2
  const fail = (problem: string, row?: number) =>
    Either.left(new TableError({ table: raw.name, line: row === undefined ? 0 : lineOfRow(row), problem }))
  const keyColumn =
    key === undefined ? KEY_COLUMNS.map((name) => header.indexOf(name)).find((at) => at >= 0) : header.indexOf(key)
  if (header.length === 0) return fail("it is empty")
  if (keyColumn === undefined)
    return fail(`none of its columns is named ${KEY_COLUMNS.join(", ")}: name the key column (${listed(header)})`)
  if (keyColumn < 0) return fail(`it has no column "${key}" (${listed(header)})`)
  const twice = header.find((name, i) => header.indexOf(name) !== i)
  if (twice !== undefined) return fail(`the column "${twice}" appears twice in the header`)
  if (rows.length === 0) return fail("it has a header but no rows")
  const wrong = rows.findIndex((row) => row.length !== header.length)
  if (wrong >= 0) {
    const cure = rows[wrong]!.length > header.length ? "; put a field that holds a separator into double quotes" : ""
    return fail(`${rows[wrong]!.length} fields instead of ${header.length}${cure}`, wrong)
  }
  const parse = architectureParser(space)
  const keys: Array<Architecture> = []
  const index = rowIndex(space)
  const kept: Array<number> = []
  const repeats: Array<Repeat> = []
  for (const [i, row] of rows.entries()) {
    const parsed: Either.Either<Architecture, ArchitectureError> = parse(row[keyColumn]!)
    if (Either.isLeft(parsed)) return fail(parsed.left.message, i)
    keys.push(parsed.right)
    const first = index.add(parsed.right, kept.length)
    if (first < 0) kept.push(i)
    else repeats.push({ row: i, first })
  }
  const contradiction = otherKey(space, raw, keyColumn, keys)
  if (contradiction !== undefined) return fail(contradiction.problem, contradiction.row)
  const decoded = new Map<string, Either.Either<Float64Array, TableError>>()
  const column = (name: string): Either.Either<Float64Array, TableError> => {
    const known = decoded.get(name)
    if (known !== undefined) return known
    const at = header.indexOf(name)
    const made = at < 0 ? fail(`it has no column "${name}" (${listed(header)})`) : decodeColumn(raw, at, kept, repeats)
    decoded.set(name, made)
    return made
  }
  return Either.right({
    name: raw.name,
    identity: raw.identity,
    space,
    architectures: kept.map((row) => keys[row]!),
    rowOf: index.get,
    lineOf: (row) => lineOfRow(kept[row]!),
    key: { column: header[keyColumn]!, first: rows[0]![keyColumn]!.trim() },
    columns: header,
    column
  })
}

function listed(names: ReadonlyArray<string>): string {
  return `it has ${names.slice(0, 40).join(", ")}${names.length > 40 ? ", …" : ""}`
}

/** A row of a network that has a row already: `first` among those kept. */
interface Repeat {
  readonly row: number
  readonly first: number
}

/**
 * The first row in which another key column holds another network than the chosen one does, if that
 * column holds architectures throughout.
 */
function otherKey(
  space: Space,
  { header, rows }: RawTable,
  keyColumn: number,
  keys: ReadonlyArray<Architecture>
): { readonly row: number; readonly problem: string } | undefined {
  const parse = architectureParser(space)
  for (const name of KEY_COLUMNS) {
    const at = header.indexOf(name)
    if (at < 0 || at === keyColumn) continue
    let differs: number | undefined
    for (const [i, row] of rows.entries()) {
      const parsed = parse(row[at]!)
      if (Either.isLeft(parsed)) {
        differs = undefined
        break
      }
      if (differs === undefined && networkKey(space, parsed.right) !== networkKey(space, keys[i]!)) differs = i
    }
    if (differs === undefined) continue
    const [one, other] = [rows[differs]![keyColumn]!.trim(), rows[differs]![at]!.trim()]
    const problem = `"${one}" in the column "${header[keyColumn]}" and "${other}" in the column "${name}" are two architectures of the space "${space.name}"; a code takes ${digitOrder(space)}`
    return { row: differs, problem }
  }
  return undefined
}

const MISSING = new Set(["", "nan", "na", "n/a", "null", "none"])

function decodeColumn(
  raw: RawTable,
  at: number,
  kept: ReadonlyArray<number>,
  repeats: ReadonlyArray<Repeat>
): Either.Either<Float64Array, TableError> {
  const name = raw.header[at]
  const lineOf = (row: number) => raw.lines?.[row] ?? row + 2
  const fail = (problem: string, row: number) =>
    Either.left(new TableError({ table: raw.name, line: lineOf(row), problem }))
  const numbers = new Float64Array(raw.rows.length)
  for (let i = 0; i < numbers.length; i++) {
    const text = raw.rows[i]![at]!.trim()
    const missing = MISSING.has(text.toLowerCase())
    const value = missing ? Number.NaN : Number(text)
    if (!missing && !Number.isFinite(value))
      return fail(`"${text.slice(0, 40)}" in the column "${name}" is not a finite number`, i)
    numbers[i] = value
  }
  const values = Float64Array.from(kept, (row) => numbers[row]!)
  for (const { row, first } of repeats) {
    if (Number.isNaN(values[first]!)) values[first] = numbers[row]!
    else if (!Number.isNaN(numbers[row]!) && numbers[row] !== values[first]) {
      const place = `${values[first]} in line ${lineOf(kept[first]!)}, the same network`
      return fail(`the column "${name}" has ${numbers[row]} here and ${place}: remove one of the two rows`, row)
    }
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
  const get = (architecture: Architecture) => rowByKey.get(networkKey(space, architecture)) ?? -1
  return {
    get,
    add: (architecture, row) => {
      const before = get(architecture)
      if (before < 0) rowByKey.set(networkKey(space, architecture), row)
      return before
    }
  }
}
