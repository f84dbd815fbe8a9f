import { createHash } from "node:crypto"
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs"
import { createServer, type IncomingMessage, type ServerResponse } from "node:http"
import type { AddressInfo } from "node:net"
import { join } from "node:path"
import { gzipSync } from "node:zlib"
import * as NodeContext from "@effect/platform-node/NodeContext"
import * as Effect from "effect/Effect"
import * as Schedule from "effect/Schedule"
import { suite } from "uvu"
import * as assert from "uvu/assert"
import { type Address, Downloads, layer } from "../../../src/adapters/datasets/download.ts"
import { failure, run } from "../../_effect.ts"
import { temporary } from "./_files.ts"

const CONTENTS = Buffer.from(Array.from({ length: 200_000 }, (_, i) => (i * i + (i >> 7)) % 251))
const SHA256 = createHash("sha256").update(CONTENTS).digest("hex")

type Answer = (request: IncomingMessage, response: ServerResponse, start: number) => void

/** Answers in turn, the last one for all requests that follow; it writes down the ranges asked for. */
let answers: Array<Answer> = []
let ranges: Array<string | undefined> = []
let conditions: Array<string | string[] | undefined> = []
const server = createServer((request, response) => {
  ranges.push(request.headers.range)
  conditions.push(request.headers["if-range"])
  const start = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? "")?.[1] ?? 0)
  const answer = answers.length > 1 ? answers.shift()! : answers[0]!
  answer(request, response, start)
})
await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/data/set.bin?x=1`

const head = (response: ServerResponse, start: number, contents = CONTENTS) =>
  response.writeHead(start > 0 ? 206 : 200, {
    "content-length": contents.length - start,
    ...(start > 0 ? { "content-range": `bytes ${start}-${contents.length - 1}/${contents.length}` } : {})
  })
/** Answers with further headers. */
const having =
  (headers: Readonly<Record<string, string>>, answer: Answer): Answer =>
  (request, response, start) => {
    for (const [name, value] of Object.entries(headers)) response.setHeader(name, value)
    answer(request, response, start)
  }
const whole: Answer = (_, response, start) => head(response, start).end(CONTENTS.subarray(start))
const withoutRanges: Answer = (_, response) => head(response, 0).end(CONTENTS)
const status =
  (code: number): Answer =>
  (_, response) =>
    response.writeHead(code).end()
const dropsAfter =
  (bytes: number): Answer =>
  (_, response, start) =>
    head(response, start).write(CONTENTS.subarray(start, start + bytes), () => setTimeout(() => response.destroy(), 40))
const silentAfter =
  (bytes: number): Answer =>
  (_, response, start) =>
    head(response, start).write(CONTENTS.subarray(start, start + bytes))

const { folder, remove } = temporary()
let caches = 0
const newCache = () => join(folder, `cache-${caches++}`)

const fetching = (cache: string, address: Address = { url, sha256: SHA256 }, retries = 0, silence = 10_000) =>
  Effect.flatMap(Downloads, (downloads) => downloads.fetch(address)).pipe(
    Effect.provide(layer(cache, { silence, retries: Schedule.recurs(retries) })),
    Effect.provide(NodeContext.layer)
  )
const script = (...given: Array<Answer>) => {
  answers = given
  ranges = []
  conditions = []
}

const test = suite("Downloads")
test.after(() => {
  server.closeAllConnections()
  server.close()
  remove()
})

test("a file is fetched once, under the name of its address, and nothing else is left", async () => {
  script(whole)
  const cache = newCache()
  const path = await run(fetching(cache))
  assert.ok(readFileSync(path).equals(CONTENTS))
  assert.is(await run(fetching(cache)), path)
  assert.equal(ranges, [undefined])
  assert.equal(readdirSync(cache), [`${SHA256.slice(0, 16)}-set.bin`])
})

test("what broke off continues where it stopped, in the same run and in a later one", async () => {
  script(dropsAfter(70_000), dropsAfter(60_000), whole)
  const path = await run(fetching(newCache(), undefined, 2))
  assert.ok(readFileSync(path).equals(CONTENTS))
  assert.equal(ranges, [undefined, "bytes=70000-", "bytes=130000-"])
  const cache = newCache()
  script(dropsAfter(50_000), whole)
  const error = await failure(fetching(cache))
  assert.is(error.reason, "connection_dropped")
  assert.match(error.message, "run again, which continues")
  assert.ok(error.message.includes(url), error.message)
  assert.ok(readFileSync(await run(fetching(cache))).equals(CONTENTS))
  assert.equal(ranges, [undefined, "bytes=50000-"])
})

test("a server that knows no ranges starts over", async () => {
  script(dropsAfter(70_000), withoutRanges)
  assert.ok(readFileSync(await run(fetching(newCache(), undefined, 1))).equals(CONTENTS))
})

test("a server that gives less than it was asked for is asked for the rest", async () => {
  const some: Answer = (_, response, start) =>
    response
      .writeHead(206, { "content-range": `bytes ${start}-${start + 29_999}/${CONTENTS.length}` })
      .end(CONTENTS.subarray(start, start + 30_000))
  script(dropsAfter(70_000), some, whole)
  assert.ok(readFileSync(await run(fetching(newCache(), undefined, 2))).equals(CONTENTS))
  assert.equal(ranges, [undefined, "bytes=70000-", "bytes=100000-"])
})

test("a connection that falls silent is dropped, and tried again", async () => {
  script(silentAfter(90_000), whole)
  assert.ok(readFileSync(await run(fetching(newCache(), undefined, 1, 400))).equals(CONTENTS))
  assert.equal(ranges, [undefined, "bytes=90000-"])
  script(silentAfter(10))
  assert.match((await failure(fetching(newCache(), undefined, 0, 150))).message, "no data arrived for 150ms")
  script(() => undefined)
  assert.match((await failure(fetching(newCache(), undefined, 0, 150))).message, "no data arrived for 150ms")
})

test("another checksum is an error that gives both, and keeps nothing", async () => {
  script(whole)
  const cache = newCache()
  const sha256 = "0".repeat(64)
  const error = await failure(fetching(cache, { url, sha256 }, 3))
  assert.is(error.reason, "checksum_mismatch")
  assert.match(error.message, SHA256)
  assert.match(error.message, sha256)
  assert.is(ranges.length, 1)
  assert.equal(readdirSync(cache), [])
})

test("a cached file that was changed is fetched again", async () => {
  script(whole)
  const cache = newCache()
  const path = await run(fetching(cache))
  writeFileSync(path, CONTENTS.subarray(1))
  assert.ok(readFileSync(await run(fetching(cache))).equals(CONTENTS))
  assert.is(ranges.length, 2)
})

test("a complete draft is used, one that is too long is fetched again", async () => {
  const unsatisfiable: Answer = (_, response) =>
    response.writeHead(416, { "content-range": `bytes */${CONTENTS.length}` }).end()
  for (const [draft, requests] of [
    [CONTENTS, 1],
    [Buffer.concat([CONTENTS, CONTENTS]), 2]
  ] as const) {
    const cache = newCache()
    script(whole)
    const path = await run(fetching(cache))
    const part = `${path}.part`
    writeFileSync(part, draft)
    writeFileSync(path, "")
    script(unsatisfiable, whole)
    assert.ok(readFileSync(await run(fetching(cache, undefined, 1))).equals(CONTENTS))
    assert.is(ranges.length, requests)
    assert.not(existsSync(part))
  }
})

test("an answer that is no success is an error: at once for 404, after retries for 503", async () => {
  script(status(404))
  const missing = await failure(fetching(newCache(), undefined, 3))
  assert.is(missing.reason, "missing_file")
  assert.match(missing.message, "it answers 404 Not Found: check the address")
  assert.is(ranges.length, 1)
  script(status(503))
  const busy = await failure(fetching(newCache(), undefined, 3))
  assert.is(busy.reason, "connection_dropped")
  assert.match(busy.message, "503")
  assert.is(ranges.length, 4)
})

test("408, 425 and 429 are tried again, after the time that the server asks for", async () => {
  for (const code of [408, 425, 429]) {
    script(status(code), whole)
    assert.ok(readFileSync(await run(fetching(newCache(), undefined, 1))).equals(CONTENTS))
  }
  script(having({ "retry-after": "1" }, status(503)), whole)
  const begun = performance.now()
  await run(fetching(newCache(), undefined, 1))
  assert.ok(performance.now() - begun >= 1000)
  script(having({ "retry-after": new Date(Date.now() + 3_600_000).toUTCString() }, status(429)))
  const error = await failure(fetching(newCache(), undefined, 3))
  assert.match(error.message, /it answers 429 Too Many Requests and asks to wait (3600|3599|3601) s: /)
  assert.is(ranges.length, 1)
})

test("a connection that breaks again and again is tried as long as it gets farther", async () => {
  script(...Array.from({ length: 9 }, () => dropsAfter(20_000)), whole)
  assert.ok(readFileSync(await run(fetching(newCache(), undefined, 2))).equals(CONTENTS))
  assert.is(ranges.length, 10)
  script(dropsAfter(20_000), dropsAfter(0))
  assert.is((await failure(fetching(newCache(), undefined, 2))).reason, "connection_dropped")
  assert.is(ranges.length, 3)
})

test("redirects that do not end are an error at once", async () => {
  script((_, response) => response.writeHead(302, { location: "/again" }).end())
  const error = await failure(fetching(newCache(), undefined, 3))
  assert.is(error.reason, "missing_file")
  assert.match(error.message, /redirect.*: check the address/)
  assert.ok(ranges.length < 30)
})

test("what comes compressed is counted as it is unpacked, and never continued", async () => {
  const packed = gzipSync(CONTENTS, { level: 0 })
  const gzip = { "content-encoding": "gzip", "content-length": String(packed.length) }
  script(having(gzip, (_, response) => response.end(packed)))
  assert.ok(readFileSync(await run(fetching(newCache()))).equals(CONTENTS))
  const breaks: Answer = (_, response) =>
    response.write(packed.subarray(0, packed.length / 2), () => setTimeout(() => response.destroy(), 40))
  script(
    having(gzip, breaks),
    having(gzip, (_, response) => response.end(packed))
  )
  assert.ok(readFileSync(await run(fetching(newCache(), undefined, 1))).equals(CONTENTS))
  assert.equal(ranges, [undefined, undefined])
  const part: Answer = (_, response, start) =>
    response.writeHead(206, { "content-range": `bytes ${start}-9/10`, "content-encoding": "gzip" }).end(packed)
  script(dropsAfter(70_000), part, whole)
  assert.ok(readFileSync(await run(fetching(newCache(), undefined, 2))).equals(CONTENTS))
  assert.equal(ranges, [undefined, "bytes=70000-", undefined])
})

test("a file that changes between two tries is fetched anew, in the same run and in a later one", async () => {
  const old: Answer = (_, response, start) =>
    head(response, start).write(Buffer.alloc(50_000, 7), () => setTimeout(() => response.destroy(), 40))
  const date = "Sat, 28 Nov 2026 00:00:00 GMT"
  for (const [one, other] of [
    [{ etag: '"a"' }, { etag: '"b"' }],
    [{ etag: 'W/"a"', "last-modified": date }, { "last-modified": "Sat, 28 Nov 2026 00:01:00 GMT" }]
  ] as ReadonlyArray<ReadonlyArray<Record<string, string>>>) {
    const known = one!.etag === '"a"' ? '"a"' : date
    script(having(one!, old), having(other!, withoutRanges))
    assert.ok(readFileSync(await run(fetching(newCache(), undefined, 1))).equals(CONTENTS))
    assert.equal(conditions, [undefined, known])
    const cache = newCache()
    script(having(one!, old), having(other!, whole), having(other!, whole))
    await failure(fetching(cache))
    assert.ok(readFileSync(await run(fetching(cache, undefined, 1))).equals(CONTENTS))
    assert.equal(conditions, [undefined, known, undefined])
    assert.equal(readdirSync(cache), [`${SHA256.slice(0, 16)}-set.bin`])
  }
  const breaksAnew: Answer = (_, response) => dropsAfter(20_000)(_, response, 0)
  const [one, other] = [{ etag: '"a"' }, { etag: '"b"' }]
  script(having(one, old), having(other, breaksAnew), having(other, whole))
  assert.ok(readFileSync(await run(fetching(newCache(), undefined, 2))).equals(CONTENTS))
  assert.equal(ranges, [undefined, "bytes=50000-", "bytes=20000-"])
  script(old, whole, whole)
  assert.ok(readFileSync(await run(fetching(newCache(), undefined, 1))).equals(CONTENTS))
  assert.equal(ranges, [undefined, "bytes=50000-", undefined])
})

test("a server that is not there is an error that says so", async () => {
  const error = await failure(fetching(newCache(), { url: "http://127.0.0.1:9/x", sha256: SHA256 }))
  assert.is(error.reason, "connection_dropped")
  assert.match(error.message, "cannot be reached")
})

test("two who fetch at once get the same file", async () => {
  script(whole)
  const cache = newCache()
  const paths = await Promise.all([1, 2, 3].map(() => run(fetching(cache))))
  assert.is(new Set(paths).size, 1)
  assert.ok(readFileSync(paths[0]!).equals(CONTENTS))
})

test("a folder that cannot be made is an error that names it", async () => {
  script(whole)
  const blocked = join(folder, "blocked")
  writeFileSync(blocked, "")
  const error = await failure(fetching(join(blocked, "cache")))
  assert.match(error.message, blocked)
})

test.run()
