import { createHash } from "node:crypto"
import {
  closeSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeSync
} from "node:fs"
import { join } from "node:path"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Layer from "effect/Layer"
import { type Checkpoint, CheckpointError, Checkpoints } from "../../effects/checkpoints.ts"
import { readSafetensors, type StoredTensor, writeSafetensors } from "../tensor/safetensors.ts"

/** Checkpoints that stay: the last one, and one in case it is damaged. */
const KEPT = 2

const NAME = /^checkpoint-(\d{8})\.safetensors$/

/**
 * Checkpoints as safetensors files of a folder, numbered upwards. Each is written beside its place, forced to the disk and renamed, and carries a digest
 * of its tensors and record; a damaged one is passed over. The folder is locked: a second process is refused, and the lock of a killed one is free.
 */
export const layer = (folder: string): Layer.Layer<Checkpoints, CheckpointError> =>
  Layer.scoped(
    Checkpoints,
    Effect.gen(function* () {
      const attempt = <A>(run: () => A) => Effect.try({ try: run, catch: (error) => translated(folder, error) })
      yield* attempt(() => mkdirSync(folder, { recursive: true }))
      yield* lock(folder)
      const numbers = () =>
        readdirSync(folder)
          .flatMap((file) => NAME.exec(file)?.[1] ?? [])
          .map(Number)
          .sort((a, b) => b - a)
      return {
        latest: attempt(() => {
          for (const number of numbers()) {
            const checkpoint = read(join(folder, nameOf(number)))
            if (checkpoint !== undefined) return checkpoint
          }
          return undefined
        }),
        save: (checkpoint) =>
          attempt(() => {
            const before = numbers()
            const file = join(folder, nameOf((before[0] ?? 0) + 1))
            writeWhole(file, encode(checkpoint))
            for (const old of before.slice(KEPT - 1)) rmSync(join(folder, nameOf(old)), { force: true })
          })
      }
    })
  )

function nameOf(number: number): string {
  return `checkpoint-${String(number).padStart(8, "0")}.safetensors`
}

function encode({ record, tensors }: Checkpoint): Uint8Array {
  const stored = new Map(
    [...tensors].map(([name, { shape, data }]) => [name, { shape, data: Float32Array.from(data) }])
  )
  return writeSafetensors({ metadata: { record, digest: digestOf(record, stored) }, tensors: stored })
}

function read(file: string): Checkpoint | undefined {
  const stored = readSafetensors(file, readFileSync(file))
  if (Either.isLeft(stored)) return undefined
  const { metadata, tensors } = stored.right
  const { record, digest } = metadata
  return record !== undefined && digest === digestOf(record, tensors) ? { record, tensors } : undefined
}

function digestOf(record: string, tensors: ReadonlyMap<string, StoredTensor>): string {
  const digest = createHash("sha256").update(record)
  for (const [name, { shape, data }] of tensors)
    digest.update(`${name}[${shape.join()}]`).update(new Uint8Array(data.buffer, data.byteOffset, data.byteLength))
  return digest.digest("hex")
}

/** A file is there with all its bytes, or as it was before. */
function writeWhole(file: string, bytes: Uint8Array): void {
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

/** The operating system's lock on a database file, for as long as the scope is open. */
const lock = Effect.fnUntraced(function* (folder: string) {
  const { default: Driver } = yield* Effect.promise(() => import("libsql"))
  yield* Effect.acquireRelease(
    Effect.try({
      try: () => {
        const database = new Driver(join(folder, "lock.sqlite"))
        database.exec("PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE")
        return database
      },
      catch: (error) =>
        /locked|busy/i.test(String(error))
          ? new CheckpointError({
              place: folder,
              detail: "another process works on it; wait for its end, or use another folder"
            })
          : translated(folder, error)
    }),
    (database) => Effect.sync(() => database.close())
  )
})

function translated(place: string, error: unknown): CheckpointError {
  const code = typeof error === "object" && error !== null && "code" in error ? String(error.code) : ""
  const text = error instanceof Error ? error.message : String(error)
  const detail =
    code === "ENOSPC" || /disk is full/i.test(text)
      ? "the disk is full; make room and give the same command again"
      : code === "EACCES" || code === "EROFS" || code === "EPERM"
        ? "it may not be written; choose another folder"
        : text
  return new CheckpointError({ place, detail })
}
