import * as FileSystem from "@effect/platform/FileSystem"
import * as Effect from "effect/Effect"
import {
  headerEnd,
  readIndex,
  SafetensorsError,
  type StoredTensor,
  type StoredTensors,
  storedTensor
} from "./safetensors.ts"

/** Most bytes that are asked for at once: file systems refuse 2 GiB. */
const MOST_BYTES = 2 ** 28

/**
 * The tensors with wanted names of a safetensors file, of any length: each is read once, into the
 * memory that it keeps.
 */
export const readSafetensorsFile = Effect.fn("readSafetensorsFile")(function* (
  path: string,
  wanted: (name: string) => boolean
) {
  const files = yield* FileSystem.FileSystem
  const file = yield* files.open(path)
  const size = Number((yield* file.stat).size)
  const read = Effect.fnUntraced(function* (start: number, end: number) {
    const bytes = new Uint8Array(Math.min(end, size) - start)
    yield* file.seek(start, "start")
    for (let at = 0; at < bytes.byteLength; ) {
      const some = Number(yield* file.read(bytes.subarray(at, at + MOST_BYTES)))
      if (some === 0) return yield* new SafetensorsError({ file: path, problem: "it became shorter while it was read" })
      at += some
    }
    return bytes
  })
  const end = yield* headerEnd(path, yield* read(0, 8), size)
  const index = yield* readIndex(path, yield* read(0, end), size)
  const tensors = new Map<string, StoredTensor>()
  for (const [name, place] of index.tensors)
    if (wanted(name)) tensors.set(name, yield* storedTensor(path, name, place, yield* read(place.start, place.end)))
  const stored: StoredTensors = { metadata: index.metadata, tensors, names: [...index.tensors.keys()] }
  return stored
}, Effect.scoped)
