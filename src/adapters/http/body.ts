import type * as HttpServerRequest from "@effect/platform/HttpServerRequest"
import * as Schema from "@effect/schema/Schema"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"

/** A request's body has more bytes than are read. */
class BodyTooLargeError extends Schema.TaggedError<BodyTooLargeError>()("BodyTooLargeError", {
  limit: Schema.Number
}) {
  override get message(): string {
    return `Cannot answer: the body is larger than ${this.limit.toLocaleString("en-US")} bytes`
  }
}

/** A request's body cannot be read as JSON in UTF-8. */
class BodyError extends Schema.TaggedError<BodyError>()("BodyError", { problem: Schema.String }) {
  override get message(): string {
    return `Cannot answer: ${this.problem}`
  }
}

const parse = Schema.decodeUnknown(Schema.parseJson())

/**
 * The JSON of a body of at most `limit` bytes. A longer one is refused by the length that it
 * announces, or as soon as it has come that far; no more is kept. A byte order mark before it is
 * ignored.
 */
export const readJson = Effect.fn("readJson")(function* (
  { headers, stream }: HttpServerRequest.HttpServerRequest,
  limit: number
) {
  if (Number(headers["content-length"] ?? 0) > limit) return yield* new BodyTooLargeError({ limit })
  const parts: Array<Uint8Array> = []
  let length = 0
  yield* Stream.runForEach(stream, (part) => {
    length += part.byteLength
    parts.push(part)
    return length > limit ? new BodyTooLargeError({ limit }) : Effect.void
  }).pipe(Effect.catchTag("RequestError", () => new BodyError({ problem: "the body is missing or was cut off" })))
  const bytes = new Uint8Array(length)
  let at = 0
  for (const part of parts) {
    bytes.set(part, at)
    at += part.byteLength
  }
  const text = yield* Effect.try({
    try: () => new TextDecoder("utf-8", { fatal: true }).decode(bytes),
    catch: () => new BodyError({ problem: "the body is not UTF-8" })
  })
  return yield* Effect.mapError(parse(text), () => new BodyError({ problem: "the body is not JSON" }))
})
