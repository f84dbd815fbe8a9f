import { createHash } from "node:crypto"
import { gunzipSync } from "node:zlib"
import * as FileSystem from "@effect/platform/FileSystem"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import Papa from "papaparse"
import type { Space } from "../../domain/space/space.ts"
import { makeTable, type RawTable, TableError } from "../../domain/table/table.ts"

/** Read a table from a CSV file, plain or gzip, told apart by its first bytes; commas, semicolons or tabs between fields. */
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
  if (Either.isLeft(decoded) || decoded.right.includes("\0")) return fail("it is no CSV in UTF-8")
  const text = decoded.right.replace(/[\r\n]+$/, "")
  if (text === "") return fail("the file is empty")
  const first = text.slice(0, text.indexOf("\n") >>> 0)
  const delimiter = [",", "\t", ";"].find((candidate) => first.includes(candidate)) ?? ","
  const { data, errors } = Papa.parse<Array<string>>(text, { delimiter })
  const error = errors[0]
  if (error !== undefined) return fail(`a field has a quote that is not closed or not doubled`, (error.row ?? 0) + 1)
  const [header = [], ...rows] = data
  const identity = createHash("sha256").update(bytes).digest("hex").slice(0, 16)
  return Either.right({ name, identity, header: header.map((column) => column.trim()), rows })
}
