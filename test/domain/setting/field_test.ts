import * as FastCheck from "@effect/schema/FastCheck"
import * as Either from "effect/Either"
import { suite } from "uvu"
import * as assert from "uvu/assert"
import {
  decodeSettings,
  differingSettings,
  encodeSettings,
  field,
  grouped,
  optional
} from "../../../src/domain/setting/field.ts"
import { list, oneOf, orWord, parsed, real, text, whole, yesNo } from "../../../src/domain/setting/kind.ts"

const pair = parsed(
  (given) => {
    const [a, b] = given.split(":").map(Number)
    return a !== undefined && b !== undefined ? Either.right([a, b] as const) : Either.left("expected a:b")
  },
  (value: readonly [number, number]) => value.join(":"),
  "a:b"
)
const fields = grouped("Test", {
  count: field(whole(1), 3, "a count"),
  share: field(real({ from: 0, below: 1 }), 0.5, "a share"),
  neighbors: field(orWord("all", whole(0)), "all", "how many"),
  order: field(oneOf("first", "second"), "first", "an order"),
  flip: field(yesNo, false, "a switch"),
  names: field(list(text(), { commas: true }), [], "names"),
  pair: field(pair, [1, 2], "two numbers"),
  images: optional(whole(1), "images that take part", "all")
})
const decoded = (given: object, options = {}) => decodeSettings(fields, { ...given }, options)
const problem = (given: object) => Either.getOrThrow(Either.flip(decoded(given))).problem

const test = suite("decodeSettings()")

test("what is not given is the protocol's, else the default", () => {
  const values = Either.getOrThrow(decoded({ count: 7 }, { protocol: { share: 0.25, count: 9 } }))
  assert.equal([values.count, values.share, values.neighbors, values.images], [7, 0.25, "all", undefined])
})

test("texts of flags and JSON lead to the same values", () => {
  const texts = {
    count: "7",
    share: "0.25",
    neighbors: "4",
    flip: "yes",
    names: ["a,b", "c"],
    pair: "3:4",
    images: "9"
  }
  const json = { count: 7, share: 0.25, neighbors: 4, flip: true, names: ["a", "b", "c"], pair: "3:4", images: 9 }
  assert.equal(Either.getOrThrow(decoded(texts)), Either.getOrThrow(decoded(json)))
})

test("every problem is told at once, with the setting in backquotes", () => {
  assert.is(
    problem({ count: "0", share: 1, neighbors: -1, order: "third", flip: "maybe", seed: 5 }),
    '`seed`: is no setting of this command; `count`: expected a whole number above 0, not "0"; ' +
      "`share`: expected a number from 0 below 1, not 1; `neighbors`: expected a whole number from 0 on, or all, not -1; " +
      '`order`: expected first, second, not "third"; `flip`: expected yes or no, not "maybe"'
  )
})

test("numbers are finite, and an empty text is none", () => {
  for (const given of ["", " ", "NaN", "Infinity", null, [], "1e999"])
    assert.ok(Either.isLeft(decoded({ share: given })), String(given))
  for (const given of ["1.5", 1.5, "x"]) assert.ok(Either.isLeft(decoded({ count: given })))
})

test("what is encoded is decoded again, through JSON", () => {
  const any = FastCheck.record({
    count: FastCheck.integer({ min: 1 }),
    share: FastCheck.double({ min: 0, max: 0.99, noNaN: true }),
    neighbors: FastCheck.oneof(FastCheck.constant("all" as const), FastCheck.nat()),
    order: FastCheck.constantFrom("first" as const, "second" as const),
    flip: FastCheck.boolean(),
    names: FastCheck.array(FastCheck.constantFrom("a", "b")),
    pair: FastCheck.tuple(FastCheck.nat(), FastCheck.nat()),
    images: FastCheck.option(FastCheck.integer({ min: 1 }), { nil: undefined })
  })
  const check = FastCheck.property(any, (values) => {
    const json = JSON.parse(JSON.stringify(encodeSettings(fields, values)))
    assert.equal(Either.getOrThrow(decoded(json)), { ...values, share: values.share + 0 })
  })
  FastCheck.assert(check, { seed: 1, numRuns: 100 })
})

test("two differ in what their JSON differs in, missing settings too", () => {
  assert.equal(differingSettings({ a: 1, b: [1], c: 2 }, { a: 1, b: [2] }), ["b", "c"])
})

test("help shows a default as it is typed, or what holds without one", () => {
  const shown = Object.values(fields).map(({ defaultText }) => defaultText)
  assert.equal(shown, ["3", "0.5", "all", "first", "no", "none", "1:2", "all"])
  assert.ok(Object.values(fields).every(({ group }) => group === "Test"))
})

test.run()
