import { createHash } from "node:crypto"
import * as FileSystem from "@effect/platform/FileSystem"
import * as Path from "@effect/platform/Path"
import * as Effect from "effect/Effect"
import { ExportError } from "./network.ts"

/** A file that was written. */
export interface WrittenFile {
  readonly file: string
  readonly bytes: number
  readonly sha256: string
}

/**
 * Write files, each whole or not at all, into folders that are made when missing. Without `force`,
 * nothing is written where one of them exists already.
 */
export const writeFiles = Effect.fn("writeFiles")(function* (
  contents: ReadonlyMap<string, Uint8Array>,
  force: boolean
) {
  const files = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  const attempt = <A, E extends Error, R>(file: string, step: Effect.Effect<A, E, R>) =>
    Effect.mapError(step, ({ message }) => new ExportError({ problem: `"${file}" cannot be written (${message})` }))
  for (const file of contents.keys()) {
    if (!force && (yield* attempt(file, files.exists(file))))
      return yield* new ExportError({ problem: `"${file}" exists already; add --force to replace it` })
  }
  const written: Array<WrittenFile> = []
  for (const [file, bytes] of contents) {
    const draft = `${file}.${process.pid}.draft`
    const steps = Effect.all([
      files.makeDirectory(path.dirname(file), { recursive: true }),
      files.writeFile(draft, bytes),
      files.rename(draft, file)
    ])
    yield* attempt(file, steps).pipe(Effect.ensuring(Effect.ignore(files.remove(draft, { force: true }))))
    written.push({ file, bytes: bytes.length, sha256: createHash("sha256").update(bytes).digest("hex") })
  }
  return written
})
