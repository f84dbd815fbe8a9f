import { createReadStream } from "node:fs"
import * as Effect from "effect/Effect"
import { DatasetError } from "../../domain/data/dataset.ts"

/** A file of an archive. */
export interface ArchiveEntry {
  /** Its path inside the archive. */
  readonly path: string
  readonly bytes: Uint8Array
}

/** Whether a path is that of an archive that can be read. */
export function isArchive(path: string): boolean {
  return /\.(tar|tar\.gz|tgz)$/i.test(path)
}

/** The files of an archive that are wanted, in the archive's order. Nothing is written. Errors: an archive that is cut off or damaged. */
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
      const detail = `the archive is cut off or damaged (${problem}): fetch it again`
      return new DatasetError({ dataset: path, reason: "damaged", detail })
    }
  })
})
