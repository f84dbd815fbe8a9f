import * as NodeContext from "@effect/platform-node/NodeContext"
import * as Effect from "effect/Effect"
import { suite } from "uvu"
import * as assert from "uvu/assert"
import { loadSpace } from "../../../src/adapters/space/file.ts"
import { builtinSpace } from "../../../src/domain/space/spaces.ts"
import { failure, run } from "../../_effect.ts"

const test = suite("loadSpace()")

test("what is neither a name nor a file is an error that lists the names", async () => {
  const error = await failure(loadSpace("nope").pipe(Effect.provide(NodeContext.layer)))
  assert.match(error.message, "nas-bench-201")
  assert.equal(await run(loadSpace("s1").pipe(Effect.provide(NodeContext.layer))), builtinSpace("s1"))
})

test.run()
