import { createHash } from "node:crypto"
import { join, posix } from "node:path"
import * as FileSystem from "@effect/platform/FileSystem"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schedule from "effect/Schedule"
import * as Stream from "effect/Stream"
import { DatasetError, type Sha256 } from "../../domain/data/dataset.ts"
import { refused } from "./file_error.ts"

/** An address and the checksum of what it gives. */
export interface Address {
  readonly url: string
  readonly sha256: Sha256
}

/** Fetches files once. */
export class Downloads extends Context.Tag("na-nas/Downloads")<
  Downloads,
  {
    /** The path of a file with the address's contents, their checksum verified. */
    readonly fetch: (address: Address) => Effect.Effect<string, DatasetError>
  }
>() {}

/** How long a connection may stay silent, and when to try again after it broke. */
export interface Patience {
  readonly silence: Duration.DurationInput
  readonly retries: Schedule.Schedule<unknown>
}

const PATIENCE: Patience = {
  silence: "30 seconds",
  retries: Schedule.intersect(Schedule.exponential("500 millis"), Schedule.recurs(5))
}

/**
 * Downloads into a folder, made where there is none. What broke off continues where it stopped, also in a later run: a file is written under
 * another name and moved once its checksum is right. Processes that fetch the same file write the same bytes to the same places.
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
        yield* continueDownload(address, draft, patience.silence).pipe(
          Effect.retry({ schedule: patience.retries, while: ({ reason }) => reason === "connection_dropped" })
        )
        yield* finish(address, { draft, path }).pipe(
          Effect.catchIf(
            ({ reason }) => reason === "missing_file",
            (error) => Effect.flatMap(isWhole(path, address), (whole) => (whole ? Effect.void : Effect.fail(error)))
          )
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

/** What a file is called: by its address's path, or by a value of its query where that alone has an ending, as in `/download?file=cifar.tar.gz`. */
function nameOf({ pathname, searchParams }: URL): string {
  const own = posix.basename(pathname)
  const asked = [...searchParams.values()].map((value) => posix.basename(value)).find((name) => /\.\w+$/.test(name))
  const name = own.includes(".") ? own : (asked ?? own)
  return name.replace(/[^\w.-]/g, "_").slice(-100) || "file"
}

const fail = ({ url }: Address, reason: DatasetError["reason"], detail: string) =>
  new DatasetError({ dataset: url, reason, detail })

const dropped = (address: Address, problem: string) =>
  fail(
    address,
    "connection_dropped",
    `${problem}: check the network and run again, which continues where this stopped, or name a file of your own`
  )

/** Move a draft whose checksum is right, remove any other. Another process may have moved it already. */
const finish = Effect.fnUntraced(function* (
  address: Address,
  { draft, path }: { readonly draft: string; readonly path: string }
) {
  const files = yield* FileSystem.FileSystem
  const found = yield* checksum(draft)
  if (found === address.sha256) return yield* refused(path, files.rename(draft, path), "unwritable")
  yield* refused(draft, files.remove(draft, { force: true }))
  const detail = `its SHA-256 is ${found}, not ${address.sha256}: correct the checksum, or fetch it from another address`
  return yield* fail(address, "checksum_mismatch", detail)
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

/** Ask for what the draft lacks and write it there. Succeeds when the draft is as long as the address's contents. */
const continueDownload = Effect.fnUntraced(function* (
  address: Address,
  draft: string,
  silence: Duration.DurationInput
) {
  const files = yield* FileSystem.FileSystem
  const inTime = Effect.timeoutFail({
    duration: silence,
    onTimeout: () => dropped(address, `nothing came for ${Duration.format(Duration.decode(silence))}`)
  })
  yield* refused(draft, files.writeFile(draft, new Uint8Array(0), { flag: "a" }), "unwritable")
  const held = Number((yield* refused(draft, files.stat(draft))).size)
  const abort = new AbortController()
  const response = yield* Effect.tryPromise({
    try: () =>
      fetch(address.url, {
        headers: { "accept-encoding": "identity", ...(held > 0 ? { range: `bytes=${held}-` } : {}) },
        signal: abort.signal
      }),
    catch: (error) => dropped(address, `it cannot be reached (${causeOf(error)})`)
  }).pipe(
    inTime,
    Effect.onError(() => Effect.sync(() => abort.abort()))
  )
  const body = response.body
  const { start, total } = extentOf(response, held)
  const stop = Effect.promise(async () => abort.abort())
  if (response.status === 416) {
    yield* stop
    if (total === held) return
    yield* refused(draft, files.truncate(draft, 0), "unwritable")
    return yield* dropped(address, "more of it was there than it has")
  }
  if (!response.ok || body === null || start > held) {
    yield* stop
    const problem = `it answers ${response.status} ${response.statusText}`.trim()
    return yield* response.status < 500
      ? fail(address, "missing_file", `${problem}: check the address`)
      : dropped(address, problem)
  }
  const reader = body.getReader()
  const next = Effect.tryPromise({
    try: () => reader.read(),
    catch: (error) => dropped(address, `the connection broke (${causeOf(error)})`)
  }).pipe(inTime)
  yield* Effect.scoped(
    Effect.gen(function* () {
      const file = yield* refused(draft, files.open(draft, { flag: "r+" }), "unwritable")
      yield* file.seek(start, "start")
      let at = start
      for (;;) {
        const { done, value } = yield* next
        if (done) break
        yield* refused(draft, file.writeAll(value), "unwritable")
        at += value.byteLength
      }
      if (total !== undefined && at < total)
        return yield* dropped(address, `the connection broke after ${at} of ${total} bytes`)
      yield* refused(draft, file.truncate(at), "unwritable")
      yield* refused(draft, file.sync, "unwritable")
    })
  ).pipe(Effect.ensuring(stop))
})

/** Where in the contents an answer starts, and how long the contents are, as far as it says so. */
function extentOf(response: Response, held: number): { readonly start: number; readonly total: number | undefined } {
  const range = /^bytes (?:(\d+)-\d+|\*)\/(\d+|\*)$/.exec(response.headers.get("content-range") ?? "")
  const length = response.headers.get("content-length")
  const number = (text: string | undefined | null) =>
    text === undefined || text === null || text === "*" ? undefined : Number(text)
  if (response.status === 206) return { start: number(range?.[1]) ?? held, total: number(range?.[2]) }
  return { start: 0, total: response.status === 416 ? number(range?.[2]) : number(length) }
}

/** What `fetch` hides in the cause of its error. */
function causeOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  return error.cause instanceof Error ? causeOf(error.cause) : error.message
}
