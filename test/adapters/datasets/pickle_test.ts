import * as Either from "effect/Either"
import { suite } from "uvu"
import * as assert from "uvu/assert"
import { isPickle, readPickle } from "../../../src/adapters/datasets/pickle.ts"
import { cifarPickle, pickled } from "./_files.ts"

const test = suite("readPickle()")

/** What Python's `pickle.dumps` gives, by protocol. */
const values: ReadonlyArray<readonly [string, Uint8Array, unknown]> = [
  ["a dictionary of protocol 2", pickled("\x80\x02}q\0X\x01\0\0\0aq\x01K\x05s."), new Map([["a", 5]])],
  [
    "one of protocol 4",
    pickled("\x80\x04\x95\x12\0\0\0\0\0\0\0}\x94(C\x01a\x94K\x05\x8c\x01b\x94]\x94(K\x01M,\x01eu."),
    new Map<string, unknown>([
      ["a", 5],
      ["b", [1, 300]]
    ])
  ],
  [
    "negative numbers, None, truth values",
    pickled("\x80\x02(J\xff\xff\xff\xffN\x88\x89tq\0."),
    [-1, null, true, false]
  ],
  ["what was memorized", pickled("\x80\x02]q\0(]q\x01h\x01e."), [[], []]],
  [
    "bytes that Python 3 writes for protocol 2",
    pickled("\x80\x02c_codecs\nencode\nq\0X\x03\0\0\0a\xc3\xbfq\x01X\x06\0\0\0latin1q\x02\x86q\x03Rq\x04."),
    Uint8Array.of(97, 255)
  ]
]
for (const [name, bytes, value] of values)
  test(`reads ${name}`, () => {
    assert.ok(isPickle(bytes))
    assert.equal(Either.getOrThrow(readPickle(bytes)), value)
  })

test("an object keeps its arguments and its state, and nothing of it is run", () => {
  const bytes = pickled("\x80\x02cos\nsystem\nq\0X\x04\0\0\0exitq\x01\x85q\x02Rq\x03K\x07b.")
  assert.equal(Either.getOrThrow(readPickle(bytes)), { arguments: ["exit"], state: 7 })
})

test("a pickle that is cut off anywhere, or of other instructions, is a failure that ends", () => {
  const whole = cifarPickle({ labels: [3] })
  for (let end = 0; end < whole.length; end += end < 250 || end > whole.length - 10 ? 1 : 97)
    assert.ok(Either.isLeft(readPickle(whole.subarray(0, end))), String(end))
  assert.match(readPickle(pickled("\x80\x02cabc")).toString(), "cut off")
  const other = readPickle(pickled("\x80\x02Qx."))
  assert.ok(Either.isLeft(other) && other.left.includes("its instruction at 2 is not one of published data"))
})

test.run()
