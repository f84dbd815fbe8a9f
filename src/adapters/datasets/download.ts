import { createHash } from "node:crypto"
import { join, posix } from "node:path"
import * as FileSystem from "@effect/platform/FileSystem"
import * as Context from "effect/Context"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Layer from "effect/Layer"
import * as Schedule from "effect/Schedule"
import * as Stream from "effect/Stream"
import type { DatasetError } from "../../domain/data/dataset.ts"
import { type Address, addressError, continueDownload, Dropped, lengthOf, versionFile } from "./continue_download.ts"
import { refused } from "./file_error.ts"

export type { Address }

/** Fetches files once. */
export class Downloads extends Context.Tag("na-nas/Downloads")<
  Downloads,
  {
    /** The path of a file with the address's contents, their checksum verified. */
    readonly fetch: (address: Address) => Effect.Effect<string, DatasetError>
  }
>() {}

/** How long a connection may stay silent, and when to try again after it broke. */
interface Patience {
  readonly silence: Duration.DurationInput
  readonly retries: Schedule.Schedule<unknown>
}

const PATIENCE: Patience = {
  silence: "30 seconds",
  retries: Schedule.intersect(Schedule.exponential("500 millis"), Schedule.recurs(5))
}

/**
 * Downloads into a folder, made where there is none. What broke off continues where it stopped,
 * also in a later run: a file is written under another name and moved once its checksum is right.
 * Processes that fetch the same file write the same bytes to the same places.
 */
export function layer(
  folder: string,
  patience: Patience = PATIENCE
): Layer.Layer<Downloads, never, FileSystem.FileSystem> {
  return Layer.effect(
    Downloads,
    Effect.gen(function* () {
      const files = yield* FileSystem.FileSystem
      const oneAtATime = yield* Effect.makeSemaphore(1)
      const fetchFile = Effect.fn("download")(function* (address: Address) {
        const name = nameOf(new URL(address.url))
        const path = join(folder, `${address.sha256.slice(0, 16)}-${name}`)
        if (yield* isWhole(path, address)) return path
        yield* refused(folder, files.makeDirectory(folder, { recursive: true }), "unwritable")
        const draft = `${path}.part`
        const finished = finish(address, { draft, path }).pipe(
          Effect.catchIf(
            ({ reason }) => reason === "missing_file",
            (error) => Effect.flatMap(isWhole(path, address), (whole) => (whole ? Effect.void : Effect.fail(error)))
          )
        )
        const joined = yield* complete(address, draft, patience)
        yield* Effect.catchIf(
          finished,
          ({ reason }) => joined && reason === "checksum_mismatch",
          () => Effect.zipRight(complete(address, draft, patience), finished)
        )
        return path
      })
      return {
        fetch: (address) =>
          oneAtATime.withPermits(1)(Effect.provideService(fetchFile(address), FileSystem.FileSystem, files))
      }
    })
  )
}

/**
 * What a file is called: by its address's path, or by a value of its query where that alone has an
 * ending, as in `/download?file=cifar.tar.gz`.
 */
function nameOf({ pathname, searchParams }: URL): string {
  const own = posix.basename(pathname)
  const asked = [...searchParams.values()].map((value) => posix.basename(value)).find((name) => /\.\w+$/.test(name))
  const name = own.includes(".") ? own : (asked ?? own)
  return name.replace(/[^\w.-]/g, "_").slice(-100) || "file"
}

/** Most milliseconds that a server is waited for. */
const LONGEST_WAIT = 300_000

/**
 * Continue a draft until it is as long as the address's contents. A try that got farther than all
 * before has all its retries again. Whether it was made by more than one request.
 */
const complete = Effect.fnUntraced(function* (address: Address, draft: string, { silence, retries }: Patience) {
  const tries = yield* Schedule.driver(retries)
  const begun = yield* lengthOf(draft)
  for (let [farthest, count] = [begun, 1]; ; count++) {
    const ended = yield* Effect.either(continueDownload(address, draft, silence))
    if (Either.isRight(ended)) return begun > 0 || count > 1
    const { left } = ended
    if (!(left instanceof Dropped)) return yield* left
    const { error, wait } = left
    if (wait > LONGEST_WAIT) return yield* error
    const length = yield* lengthOf(draft)
    if (length > farthest) {
      farthest = length
      yield* tries.reset
    }
    yield* Effect.mapError(tries.next(error), () => error)
    yield* Effect.sleep(wait)
  }
})

/**
 * Move a draft whose checksum is right, remove any other. Another process may have moved it
 * already.
 */
const finish = Effect.fnUntraced(function* (
  address: Address,
  { draft, path }: { readonly draft: string; readonly path: string }
) {
  const files = yield* FileSystem.FileSystem
  const found = yield* checksum(draft)
  yield* refused(draft, files.remove(versionFile(draft), { force: true }))
  if (found === address.sha256) return yield* refused(path, files.rename(draft, path), "unwritable")
  yield* refused(draft, files.remove(draft, { force: true }))
  const detail = `its SHA-256 is ${found}, not ${address.sha256}: correct the checksum, or fetch it from another address`
  return yield* addressError(address, "checksum_mismatch", detail)
})

const isWhole = Effect.fnUntraced(function* (path: string, { sha256 }: Address) {
  const files = yield* FileSystem.FileSystem
  return (yield* refused(path, files.exists(path))) && (yield* checksum(path)) === sha256
})

const checksum = Effect.fnUntraced(function* (path: string) {
  const files = yield* FileSystem.FileSystem
  const digest = createHash("sha256")
  yield* refused(
    path,
    Stream.runForEach(files.stream(path), (chunk) => Effect.sync(() => digest.update(chunk)))
  )
  return digest.digest("hex")
})
