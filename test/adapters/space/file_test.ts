import * as NodeContext from "@effect/platform-node/NodeContext"
import * as FastCheck from "@effect/schema/FastCheck"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import { suite } from "uvu"
import * as assert from "uvu/assert"
import { loadSpace, parseSpace } from "../../../src/adapters/space/file.ts"
import { SpaceError } from "../../../src/domain/space/space.ts"
import { builtinDefinition, builtinSpace, SPACE_NAMES } from "../../../src/domain/space/spaces.ts"
import { failure, run } from "../../_effect.ts"

const test = suite("parseSpace(), loadSpace()")

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

test("what is neither a name nor a file is an error that lists the names", async () => {
  const error = await failure(loadSpace("nope").pipe(Effect.provide(NodeContext.layer)))
  assert.match(error.message, "nas-bench-201")
  assert.equal(await run(loadSpace("s1").pipe(Effect.provide(NodeContext.layer))), builtinSpace("s1"))
})

test.run()
