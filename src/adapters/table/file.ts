import { createHash } from "node:crypto"
import { gunzipSync } from "node:zlib"
import * as FileSystem from "@effect/platform/FileSystem"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import Papa from "papaparse"
import type { Space } from "../../domain/space/space.ts"
import { makeTable, type RawTable, TableError } from "../../domain/table/table.ts"

/**
 * Read a table from a CSV file, plain or gzip, recognized by its first bytes: commas, semicolons or
 * tabs between fields, any ends of lines. Blank lines are skipped, and so is a repeated header, as
 * in files that were joined.
 */
export const readTable = Effect.fn("readTable")(function* (space: Space, path: string, key?: string) {
  const files = yield* FileSystem.FileSystem
  const bytes = yield* Effect.mapError(files.readFile(path), (error) => {
    const missing = error._tag === "SystemError" && error.reason === "NotFound"
    return new TableError({
      table: path,
      line: 0,
      problem: missing ? "the file does not exist: check the path" : `the file cannot be read (${reason(error)})`
    })
  })
  const raw = yield* parseTable(path, bytes)
  return yield* makeTable(space, raw, key)
})

function reason(error: { readonly _tag: string; readonly reason?: string }): string {
  return error.reason ?? error._tag
}

/** The text cells of a CSV file's bytes. Errors: damaged gzip, no UTF-8 text, an unclosed quote. */
export function parseTable(name: string, bytes: Uint8Array): Either.Either<RawTable, TableError> {
  const fail = (problem: string, line = 0) => Either.left(new TableError({ table: name, line, problem }))
  const isGzip = bytes[0] === 0x1f && bytes[1] === 0x8b
  const plain = isGzip ? Either.try(() => gunzipSync(bytes)) : Either.right(bytes)
  if (Either.isLeft(plain)) return fail("the gzip data are truncated or damaged: fetch the file again")
  const decoded = Either.try(() => new TextDecoder("utf-8", { fatal: true }).decode(plain.right))
  if (Either.isLeft(decoded) || decoded.right.includes("\0")) return fail("it is not CSV in UTF-8")
  const text = decoded.right.replace(/\r\n?/g, "\n")
  if (text.trim() === "") return fail("the file is empty")
  const { data, errors } = readCsv(text)
  const lines = lineNumbers(data)
  const error = errors[0]
  if (error !== undefined) return fail(`a field has a quote that is neither closed nor doubled`, lines[error.row ?? 0])
  const isBlank = (row: ReadonlyArray<string>) => row.every((field) => field.trim() === "")
  const [at = 0, ...kept] = [...data.keys()].filter((row) => !isBlank(data[row]!))
  const header = data[at]!.map((column) => column.trim())
  const isHeader = (row: ReadonlyArray<string>) =>
    row.length === header.length && row.every((field, i) => field.trim() === header[i])
  const rows = kept.filter((row) => !isHeader(data[row]!))
  const identity = createHash("sha256").update(bytes).digest("hex").slice(0, 16)
  return Either.right({
    name,
    identity,
    header,
    rows: rows.map((row) => data[row]!),
    lines: rows.map((row) => lines[row]!)
  })
}

/**
 * The fields of a CSV text by its likeliest delimiter: of those in the header the one by which most
 * of the first rows have as many fields.
 */
function readCsv(text: string): Papa.ParseResult<Array<string>> {
  const options = { newline: "\n" as const, skipEmptyLines: false }
  const tries = [",", "\t", ";"].map((delimiter) => {
    const sample = Papa.parse<Array<string>>(unpadded(text, delimiter), { ...options, delimiter, preview: 30 }).data
    const [header = [], ...rows] = sample.filter((row) => row.some((field) => field.trim() !== ""))
    const like = header.length < 2 ? -1 : rows.filter((row) => row.length === header.length).length
    return { delimiter, like }
  })
  const { delimiter } = tries.reduce((best, one) => (one.like > best.like ? one : best))
  return Papa.parse<Array<string>>(unpadded(text, delimiter), { ...options, delimiter })
}

/**
 * The same text without the blanks before a field in quotes, where its header has blanks behind the
 * delimiter: `id, arch, acc`.
 */
function unpadded(text: string, delimiter: string): string {
  if (delimiter === "\t" || !new RegExp(`${delimiter}[ \t]`).test(text.slice(0, text.indexOf("\n") >>> 0))) return text
  return text.replace(new RegExp(`${delimiter}[ \t]+"`, "g"), `${delimiter}"`)
}

/** The line, from 1, in which each row begins; a field in quotes may go over several. */
function lineNumbers(rows: ReadonlyArray<ReadonlyArray<string>>): ReadonlyArray<number> {
  let line = 1
  return rows.map((row) => {
    const begun = line
    line += 1
    for (const field of row) if (field.includes("\n")) line += field.split("\n").length - 1
    return begun
  })
}
