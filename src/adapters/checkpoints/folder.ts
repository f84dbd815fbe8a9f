import { createHash } from "node:crypto"
import { mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs"
import { join } from "node:path"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Layer from "effect/Layer"
import { type Checkpoint, CheckpointError, Checkpoints } from "../../effects/ports/checkpoints.ts"
import { readSafetensors, type StoredTensor, writeSafetensors } from "../tensor/safetensors.ts"
import { CHECKPOINT, keepError, writeWhole } from "./files.ts"
import { lockFile } from "./lock.ts"

/** Holds the lock of a folder. */
const LOCK_FILE = "lock.sqlite"
const IN_USE = "another process is using it; wait for it to end, or choose another folder"

/** Checkpoints that stay: the last one, and one in case it is damaged. */
const KEPT = 2

/**
 * Checkpoints as safetensors files of a folder, numbered upwards. Each is written beside its place,
 * forced to the disk and renamed, and carries a digest of its tensors and record; a damaged one is
 * passed over, and only where no other is left an error. The folder is locked: a second process is
 * refused, and the lock of a killed one is free.
 */
export const layer = (folder: string): Layer.Layer<Checkpoints, CheckpointError> =>
  Layer.scoped(
    Checkpoints,
    Effect.gen(function* () {
      const attempt = <A>(run: () => A) => Effect.try({ try: run, catch: (error) => keepError(folder, error) })
      yield* attempt(() => mkdirSync(folder, { recursive: true }))
      const locked = yield* Effect.mapError(lockFile(join(folder, LOCK_FILE)), (error) => keepError(folder, error))
      if (!locked) return yield* new CheckpointError({ place: folder, detail: IN_USE })
      const numbers = () =>
        readdirSync(folder)
          .flatMap((file) => CHECKPOINT.exec(file)?.[1] ?? [])
          .map(Number)
          .sort((a, b) => b - a)
      return {
        place: folder,
        latest: Effect.gen(function* () {
          const there = yield* attempt(numbers)
          for (const number of there) {
            const checkpoint = yield* attempt(() => read(join(folder, nameOf(number))))
            if (checkpoint !== undefined) return checkpoint
          }
          if (there.length === 0) return undefined
          const files = there.map(nameOf).join(" and ")
          const detail = `${files} are damaged; restore one of them, remove them to start over, or use another folder`
          return yield* new CheckpointError({ place: folder, detail })
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
  return writeSafetensors(stored, { record, digest: digestOf(record, stored) })
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
