import * as FileSystem from "@effect/platform/FileSystem"
import * as Data from "effect/Data"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import { DatasetError, type Sha256 } from "../../domain/data/dataset.ts"
import { refused } from "./file_error.ts"

/** An address and the checksum of what it gives. */
export interface Address {
  readonly url: string
  readonly sha256: Sha256
}

/** An error about an address. */
export const addressError = ({ url }: Address, reason: DatasetError["reason"], detail: string) =>
  new DatasetError({ dataset: url, reason, detail })

/** What may go well when it is tried again, after the milliseconds that the server asks for. */
export class Dropped extends Data.TaggedError("Dropped")<{ readonly error: DatasetError; readonly wait: number }> {}

const dropped = (address: Address, problem: string, wait = 0) => {
  const cure = "check the network and run again, which continues where this stopped, or name a file of your own"
  return new Dropped({ error: addressError(address, "connection_dropped", `${problem}: ${cure}`), wait })
}

/** The length of a draft, which is made where there is none. */
export const lengthOf = Effect.fnUntraced(function* (draft: string) {
  const files = yield* FileSystem.FileSystem
  yield* refused(draft, files.writeFile(draft, new Uint8Array(0), { flag: "a" }), "unwritable")
  return Number((yield* refused(draft, files.stat(draft))).size)
})

/**
 * Ask for what the draft lacks and write it there. Succeeds when the draft is as long as the
 * address's contents.
 */
export const continueDownload = Effect.fnUntraced(function* (
  address: Address,
  draft: string,
  silence: Duration.DurationInput
) {
  const files = yield* FileSystem.FileSystem
  const inTime = Effect.timeoutFail({
    duration: silence,
    onTimeout: () => dropped(address, `no data arrived for ${Duration.format(Duration.decode(silence))}`)
  })
  const held = yield* lengthOf(draft)
  const known = yield* Effect.orElseSucceed(files.readFileString(versionFile(draft)), () => "")
  const clear = refused(draft, files.truncate(draft, 0), "unwritable")
  const abort = new AbortController()
  const response = yield* Effect.tryPromise({
    try: () =>
      fetch(address.url, {
        headers: {
          "accept-encoding": "identity",
          ...(held > 0 ? { range: `bytes=${held}-` } : {}),
          ...(held > 0 && known !== "" ? { "if-range": known } : {})
        },
        signal: abort.signal
      }),
    catch: (error) =>
      /redirect/i.test(causeOf(error))
        ? addressError(address, "missing_file", `it cannot be reached (${causeOf(error)}): check the address`)
        : dropped(address, `it cannot be reached (${causeOf(error)})`)
  }).pipe(
    inTime,
    Effect.onError(() => Effect.sync(() => abort.abort()))
  )
  const body = response.body
  const isEncoded = !["", "identity"].includes(response.headers.get("content-encoding") ?? "")
  const { start, total } = extentOf(response, held, isEncoded)
  const stop = Effect.promise(async () => abort.abort())
  if (response.status === 416) {
    yield* stop
    if (total === held) return
    yield* clear
    return yield* dropped(address, "more was downloaded before than it has")
  }
  if (!response.ok || body === null || start > held) {
    yield* stop
    const wait = waitOf(response)
    const asks = wait > 0 ? ` and asks to wait ${Math.ceil(wait / 1000)} s` : ""
    const problem = `it answers ${response.status} ${response.statusText}`.trim() + asks
    return yield* response.status < 500 && !PASSING.has(response.status)
      ? addressError(address, "missing_file", `${problem}: check the address`)
      : dropped(address, problem, wait)
  }
  const version = versionOf(response)
  const isAnother = known !== "" && version !== "" && version !== known
  if (response.status === 206 && (isEncoded || isAnother)) {
    yield* stop
    yield* clear
    return yield* dropped(address, isEncoded ? "a part of it arrived compressed" : "it changed during the download")
  }
  if (isAnother) yield* clear
  if (start === 0) yield* refused(draft, files.writeFileString(versionFile(draft), version), "unwritable")
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
  ).pipe(
    Effect.tapErrorTag("Dropped", () => (isEncoded ? clear : Effect.void)),
    Effect.ensuring(stop)
  )
})

/** Answers below 500 that tell to try again. */
const PASSING: ReadonlySet<number> = new Set([408, 425, 429])

/** Milliseconds that an answer asks to wait before the next try, as seconds or as a date. */
function waitOf({ headers }: Response): number {
  const asked = headers.get("retry-after") ?? ""
  const until = /^\d+$/.test(asked) ? 1000 * Number(asked) : Date.parse(asked) - Date.parse(headers.get("date") ?? "")
  return Number.isFinite(until) ? Math.max(0, until) : 0
}

/** Where it is kept of which version a draft is. */
export const versionFile = (draft: string) => `${draft}.version`

/**
 * What tells a version of an address's contents from others: its strong entity tag or its date; ""
 * where nothing does.
 */
function versionOf({ headers }: Response): string {
  const tag = headers.get("etag") ?? ""
  return tag.startsWith('"') ? tag : (headers.get("last-modified") ?? "")
}

/**
 * Where in the contents an answer starts, and how long the contents are, as far as it says so.
 * Lengths of what came compressed are others.
 */
function extentOf(
  response: Response,
  held: number,
  isEncoded: boolean
): { readonly start: number; readonly total: number | undefined } {
  const range = /^bytes (?:(\d+)-\d+|\*)\/(\d+|\*)$/.exec(response.headers.get("content-range") ?? "")
  const length = response.headers.get("content-length")
  const number = (text: string | undefined | null) =>
    text === undefined || text === null || text === "*" ? undefined : Number(text)
  if (response.status === 206) return { start: number(range?.[1]) ?? held, total: number(range?.[2]) }
  return { start: 0, total: response.status === 416 ? number(range?.[2]) : isEncoded ? undefined : number(length) }
}

/** What `fetch` hides in the cause of its error. */
function causeOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  return error.cause instanceof Error ? causeOf(error.cause) : error.message
}
