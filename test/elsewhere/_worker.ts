import * as Either from "effect/Either"
import * as TableEvaluator from "../../src/adapters/evaluator/table.ts"
import { fetchHandler } from "../../src/adapters/http/handler.ts"
import { builtinSpace } from "../../src/domain/space/spaces.ts"
import { syntheticTable } from "../../src/domain/table/synthetic_table.ts"
import { makeTable } from "../../src/domain/table/table.ts"

let handler: ((request: Request) => Promise<Response>) | undefined

/** Neighborhoods of NAS-Bench-201 over a made-up table, which the first request builds: a worker may not compute before. */
function start(): (request: Request) => Promise<Response> {
  const space = builtinSpace("nas-bench-201")
  const table = Either.getOrThrow(makeTable(space, syntheticTable(space, "0"), "code"))
  const options = { score: "validation", maximize: true, cost: undefined, costFactor: 1 }
  const { handler } = fetchHandler(space, TableEvaluator.layer({ benchmark: { tables: [table] }, ...options }))
  return (request) => handler(request)
}

export default {
  fetch: (request: Request): Promise<Response> => {
    handler ??= start()
    return handler(request)
  }
}
