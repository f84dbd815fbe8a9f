import { join } from "node:path"
import * as FileSystem from "@effect/platform/FileSystem"
import * as Effect from "effect/Effect"
import type { DataLocation } from "../../domain/data/dataset.ts"
import { isArchive, readArchive } from "./archive.ts"
import { Downloads } from "./download.ts"
import { refused } from "./file_error.ts"

/** A file of a dataset, read whole. */
export interface DataFile {
  /** Where it lies: what errors call it. */
  readonly path: string
  readonly bytes: Uint8Array
  /** Whether a location is the file itself, not a folder or an archive that it lies in. */
  readonly named: boolean
}

/**
 * Which files of a folder or an archive are read, by their paths within it. Files that are named
 * themselves are always read.
 */
type Wanted = (path: string) => boolean

/** Whether a path goes through a name that begins with a dot, as what macOS adds to archives. */
export function isHidden(path: string): boolean {
  return path.split(/[\\/]/).some((name) => /^\.(?!\.?$)/.test(name))
}

/**
 * The files of locations in order; those of a folder and what is below it, or of an archive, by
 * name.
 */
export const readLocations = Effect.fn("readLocations")(function* (
  locations: ReadonlyArray<DataLocation>,
  wanted: Wanted
) {
  return (yield* Effect.forEach(locations, (location) => readLocation(location, wanted))).flat()
})

const readLocation = Effect.fnUntraced(function* (location: DataLocation, wanted: Wanted) {
  const files = yield* FileSystem.FileSystem
  const downloads = yield* Downloads
  const path = typeof location === "string" ? location : yield* downloads.fetch(location)
  const { type } = yield* refused(path, files.stat(path))
  if (type !== "Directory" && (yield* isArchive(path))) {
    const entries = yield* readArchive(path, (name) => !isHidden(name) && wanted(name))
    return entries
      .map((entry): DataFile => ({ path: `${path}/${entry.path}`, bytes: entry.bytes, named: false }))
      .sort((one, other) => (one.path < other.path ? -1 : 1))
  }
  if (type !== "Directory") return [{ path, bytes: yield* refused(path, files.readFile(path)), named: true }]
  const names = (yield* refused(path, files.readDirectory(path, { recursive: true })))
    .filter((name) => !isHidden(name) && wanted(name))
    .sort()
  const read = yield* Effect.forEach(
    names,
    Effect.fnUntraced(function* (name) {
      const file = join(path, name)
      if ((yield* refused(file, files.stat(file))).type === "Directory") return []
      return [{ path: file, bytes: yield* refused(file, files.readFile(file)), named: false } satisfies DataFile]
    })
  )
  return read.flat()
})
