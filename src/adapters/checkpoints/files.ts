import { closeSync, fsyncSync, openSync, renameSync, rmSync, writeSync } from "node:fs"
import { CheckpointError } from "../../effects/ports/checkpoints.ts"

/** The names of a folder's checkpoints, with their numbers. */
export const CHECKPOINT = /^checkpoint-(\d{8})\.safetensors$/

/**
 * Write a file of a run: it is there with all its bytes, forced to the disk, or as it was before.
 * Throws the file system's errors.
 */
export function writeWhole(file: string, bytes: Uint8Array): void {
  const draft = `${file}.draft`
  const handle = openSync(draft, "w")
  try {
    let at = 0
    while (at < bytes.length) at += writeSync(handle, bytes, at)
    fsyncSync(handle)
  } catch (error) {
    rmSync(draft, { force: true })
    throw error
  } finally {
    closeSync(handle)
  }
  renameSync(draft, file)
}

/** An error of the file system in the words of a run that is kept in a folder, with its cure. */
export function keepError(folder: string, error: unknown): CheckpointError {
  const code = typeof error === "object" && error !== null && "code" in error ? String(error.code) : ""
  const text = error instanceof Error ? error.message : String(error)
  const detail =
    code === "ENOSPC" || code === "EDQUOT" || /disk is full/i.test(text)
      ? "the disk is full; free some space and run the same command again"
      : code === "EACCES" || code === "EROFS" || code === "EPERM"
        ? "it is not writable; choose another folder"
        : code === "EEXIST" || code === "ENOTDIR"
          ? "it is not a folder; choose another place"
          : text
  return new CheckpointError({ place: folder, detail })
}
