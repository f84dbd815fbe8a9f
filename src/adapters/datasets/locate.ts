import { basename, join } from "node:path"
import * as FileSystem from "@effect/platform/FileSystem"
import * as Effect from "effect/Effect"
import { type DataLocation, DatasetError } from "../../domain/data/dataset.ts"

/** A file of a dataset, read whole. */
export interface DataFile {
  /** Where it lies: what errors call it. */
  readonly path: string
  readonly bytes: Uint8Array
}

/** Which files of a folder or an archive are read, by base name. Files that are named themselves are always read. */
export type Wanted = (name: string) => boolean

/** The files of locations in order; those of a folder and what is below it, or of an archive, by name. */
export const readLocations = Effect.fn("readLocations")(function* (
  locations: ReadonlyArray<DataLocation>,
  wanted: Wanted
) {
  return (yield* Effect.forEach(locations, (location) => readLocation(location, wanted))).flat()
})

const readLocation = Effect.fnUntraced(function* (location: DataLocation, wanted: Wanted) {
  const files = yield* FileSystem.FileSystem
  const path = typeof location === "string" ? location : location.url
  const { type } = yield* refused(path, files.stat(path))
  if (type !== "Directory") return [{ path, bytes: yield* refused(path, files.readFile(path)) }]
  const names = (yield* refused(path, files.readDirectory(path, { recursive: true })))
    .filter((name) => wanted(basename(name)))
    .sort()
  return yield* Effect.forEach(names, (name) => {
    const file = join(path, name)
    return Effect.map(refused(file, files.readFile(file)), (bytes): DataFile => ({ path: file, bytes }))
  })
})

/** The effect, with errors of the file system told in the dataset's words. */
export function refused<A, R>(
  path: string,
  effect: Effect.Effect<A, { readonly _tag: string; readonly reason?: string }, R>
): Effect.Effect<A, DatasetError, R> {
  return Effect.mapError(effect, ({ _tag, reason }) =>
    reason === "NotFound"
      ? new DatasetError({ dataset: path, reason: "missing_file", detail: "it does not exist: check the path" })
      : new DatasetError({
          dataset: path,
          reason: "unreadable",
          detail: `it cannot be read (${reason ?? _tag}): check its kind and its permissions`
        })
  )
}
