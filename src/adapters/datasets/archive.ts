import { createReadStream } from "node:fs"
import * as FileSystem from "@effect/platform/FileSystem"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { DatasetError } from "../../domain/data/dataset.ts"
import { refused } from "./file_error.ts"

/** A file of an archive. */
interface ArchiveEntry {
  /** Its path inside the archive. */
  readonly path: string
  readonly bytes: Uint8Array
}

/** How files of formats begin that are not read, as hexadecimal digits. */
const NOT_READ = [
  ["zip", "504b0304"],
  ["bzip2", "425a68"],
  ["xz", "fd377a585a00"],
  ["7-Zip", "377abcaf271c"],
  ["Zstandard", "28b52ffd"],
  ["RAR", "526172211a07"]
] as const

/**
 * Whether a file is an archive, plain tar or compressed by gzip: its contents or its name say so.
 * An archive or a compression that is not read is an error that names it.
 */
export const isArchive = Effect.fn("isArchive")(function* (path: string) {
  const files = yield* FileSystem.FileSystem
  const begin = yield* refused(
    path,
    Effect.scoped(Effect.flatMap(files.open(path), (file) => file.readAlloc(512)))
  ).pipe(Effect.map((bytes) => Buffer.from(Option.getOrElse(bytes, () => new Uint8Array(0)))))
  const other = NOT_READ.find(([, digits]) => begin.toString("hex").startsWith(digits))?.[0]
  if (other !== undefined) {
    const detail = `it is a ${other} file, which is not read: unpack it and name its folder, or pack it as .tar.gz`
    return yield* new DatasetError({ dataset: path, reason: "unreadable", detail })
  }
  const isGzip = begin.toString("hex").startsWith("1f8b08")
  return isGzip || begin.toString("latin1", 257, 262) === "ustar" || ARCHIVE.test(path)
})

const ARCHIVE = /\.(tar|tar\.gz|tgz)$/i

/** Whether a name is that of an archive or of a compressed file, read or not. */
export function hasArchiveName(name: string): boolean {
  return ARCHIVE.test(name) || /\.(zip|7z|rar|gz|bz2|tbz2?|xz|txz|zst)$/i.test(name)
}

/**
 * The files of an archive that are wanted, in the archive's order. Nothing is written. Errors: an
 * archive that is cut off or damaged.
 */
export const readArchive = Effect.fn("readArchive")(function* (path: string, wanted: (path: string) => boolean) {
  return yield* Effect.tryPromise({
    try: async () => {
      const { Parser } = await import("tar")
      const found: Array<{ readonly path: string; readonly chunks: Array<Buffer> }> = []
      const parser = new Parser({
        strict: true,
        onReadEntry: (entry) => {
          if (entry.type === "File" && wanted(entry.path)) {
            const chunks: Array<Buffer> = []
            found.push({ path: entry.path, chunks })
            entry.on("data", (chunk: Buffer) => chunks.push(chunk))
          }
          entry.resume()
        }
      })
      let complete = false
      parser.on("eof", () => {
        complete = true
      })
      await new Promise((resolve, reject) => {
        parser.on("error", reject).on("end", resolve)
        createReadStream(path).on("error", reject).pipe(parser)
      })
      if (!complete) throw new Error("its end is missing")
      return found.map((entry): ArchiveEntry => ({ path: entry.path, bytes: Buffer.concat(entry.chunks) }))
    },
    catch: (error) => {
      const problem = error instanceof Error ? error.message : String(error)
      const detail = problem.startsWith("TAR_BAD_ARCHIVE")
        ? "it is not a tar archive, or it is damaged: unpack a file that is only compressed, or fetch it again"
        : `the archive is cut off or damaged (${problem}): fetch it again`
      return new DatasetError({ dataset: path, reason: "damaged", detail })
    }
  })
})
