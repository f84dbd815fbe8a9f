import * as FastCheck from "@effect/schema/FastCheck"
import * as Either from "effect/Either"
import { suite } from "uvu"
import * as assert from "uvu/assert"
import { makeSpace, parseSpace, spaceInvariants } from "../../../mod.ts"
import { SpaceError } from "../../../src/domain/space/space.ts"
import { builtinDefinition, builtinSpace, SPACE_NAMES } from "../../../src/domain/space/spaces.ts"

const test = suite("parseSpace()")

test("every space of the library, written as JSON and read, is itself", () => {
  for (const name of SPACE_NAMES) {
    assert.equal(Either.getOrThrow(parseSpace("s", JSON.stringify(builtinDefinition(name)))), builtinSpace(name))
  }
})

const faults: ReadonlyArray<readonly [string, string, string]> = [
  ["{", "the file", "not JSON"],
  ["[]", "the top level", '"decisions"'],
  ['{"name":"s"}', "the top level", '"decisions"'],
  ['{"name":"s","decisions":[]}', "decisions", "at least 1"],
  ['{"name":"s","decisions":[{"name":"d","choices":[]}]}', "decisions[0].choices", "at least 1"],
  ['{"name":"s","decisions":[{"name":"d","choices":[3]}]}', "decisions[0].choices[0]", "3"],
  ['{"name":"s","decisions":[{"name":"d","choices":["x"],"extra":1}]}', "decisions[0].extra", "unexpected"],
  [
    '{"name":"s","cells":[{"name":"c","inputs":1,"nodes":1,"edges":[{"from":0,"to":1,"operations":["a"],"x":1}]}]}',
    "cells[0].edges[0].x",
    "unexpected"
  ],
  ['{"decisions":[{"name":"d","choices":["x"]}]}', "name", "missing"]
]
for (const [text, path, problem] of faults) {
  test(`the error of ${text} names the place`, () => {
    const parsed = parseSpace("s", text)
    assert.ok(Either.isLeft(parsed))
    assert.is(parsed.left.path, path)
    assert.match(parsed.left.message, problem)
  })
}

test("500 damaged definitions are spaces or one clear error, never exceptions", () => {
  const json = FastCheck.jsonValue({ maxDepth: 2 })
  const pieces = [
    "name",
    "decisions",
    "cells",
    "choices",
    "edges",
    "inputs",
    "nodes",
    "operations",
    "from",
    "reading",
    "output"
  ]
  const check = FastCheck.property(
    FastCheck.constantFrom(...SPACE_NAMES.map((name) => JSON.stringify(builtinDefinition(name)))),
    FastCheck.constantFrom(...pieces),
    FastCheck.nat(20),
    json,
    FastCheck.boolean(),
    (text, piece, which, value, cut) => {
      const places = [...text.matchAll(new RegExp(`"${piece}":`, "g"))]
      const at = places.length === 0 ? which : places[which % places.length]!.index + piece.length + 3
      const damaged = cut ? text.slice(0, at) : `${text.slice(0, at)}${JSON.stringify(value)},"_":${text.slice(at)}`
      const parsed = parseSpace("s", damaged)
      if (Either.isRight(parsed)) return
      assert.instance(parsed.left, SpaceError)
      assert.is(parsed.left.message.split("\n").length, 1)
    }
  )
  FastCheck.assert(check, { seed: 25, numRuns: 500 })
})

test.run()

const made = suite("makeSpace() of a value from JSON")

const OWN = `{
  "name": "mine",
  "cells": [
    { "name": "cell", "inputs": 1, "nodes": 1, "edges": [{ "from": 0, "to": 1, "operations": ["a", "b"] }] }
  ]
}`

made("defaults are filled in, as parseSpace() does, and the invariants of its neighborhoods hold", () => {
  const space = Either.getOrThrowWith(makeSpace(JSON.parse(OWN)), (error) => error)
  assert.equal(space, Either.getOrThrow(parseSpace("mine.json", OWN)))
  assert.equal(space.reading, { _tag: "EveryEdge" })
  for (const { property } of spaceInvariants(space)) FastCheck.assert(property, { numRuns: 10 })
})

made("any other value is one error that names the space and the place", () => {
  const faulty = JSON.parse(OWN.replace('"inputs": 1', '"inputs": "1"'))
  for (const [value, message] of [
    [faulty, 'Cannot use space "mine": Expected number, actual "1" at cells[0].inputs'],
    [null, 'Cannot use space "without a name": it has neither "decisions" nor "cells" at the top level']
  ] as const) {
    const refused = makeSpace(value)
    assert.ok(Either.isLeft(refused))
    assert.is(refused.left.message, message)
    assert.throws(
      () => Either.getOrThrowWith(refused, (error) => error),
      (error: Error) => error.message === message
    )
  }
})

made.run()
