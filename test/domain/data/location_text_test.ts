import * as Either from "effect/Either"
import { suite } from "uvu"
import * as assert from "uvu/assert"
import { parseLocation } from "../../../src/domain/data/location_text.ts"

const SHA = "0123456789abcdef".repeat(4)

const test = suite("parseLocation()")

test("a path is itself", () => {
  for (const path of ["data", "/a/b.tar.gz", "C:\\data", "httpd/files", "a#sha256=b"])
    assert.equal(parseLocation(path), Either.right(path))
})

test("an address is read with the checksum behind it", () => {
  for (const url of ["https://example.org/a.tar.gz", "HTTP://example.org/a?b=c"])
    assert.equal(parseLocation(`${url}#sha256=${SHA}`), Either.right({ url, sha256: SHA }))
})

test("an address without a whole checksum is refused, and told how it is written", () => {
  for (const text of ["https://a.org/x", `https://a.org/x#sha256=${SHA.slice(1)}`, `https://a.org/x#${SHA}`, "http:"])
    assert.match(Either.getOrThrow(Either.flip(parseLocation(text))), "#sha256=<64 digits of 0-9 and a-f>'")
  assert.match(Either.getOrThrow(Either.flip(parseLocation("https://a.org/x#y"))), "'https://a.org/x#sha256=")
  assert.ok(Either.isLeft(parseLocation("")))
})

test.run()
