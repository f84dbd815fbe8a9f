import * as Schema from "@effect/schema/Schema"
import * as Either from "effect/Either"
import { type DataLocation, Sha256 } from "./dataset.ts"

const isChecksum = Schema.is(Sha256)

/**
 * A location as people type it: a path, or an address with the checksum of what it gives,
 * `https://example.org/cifar.tar.gz#sha256=<64 digits>`. A failure is what is wrong with it.
 */
export function parseLocation(text: string): Either.Either<DataLocation, string> {
  if (!/^https?:/i.test(text)) return text === "" ? Either.left("it is empty") : Either.right(text)
  const [url = "", sha256 = ""] = text.split(/#sha256=/)
  return isChecksum(sha256) && URL.canParse(url)
    ? Either.right({ url, sha256 })
    : Either.left(
        `an address needs the SHA-256 checksum of what it gives: '${url.split("#")[0]}#sha256=<64 digits of 0-9 and a-f>'`
      )
}
