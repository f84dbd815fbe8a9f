/**
 * Neighborhoods over HTTP: one fetch handler for any host and any evaluator.
 *
 * @example
 * ```ts
 * import * as Either from "effect/Either"
 * import { builtinSpace, makeTable, syntheticTable, TableEvaluator } from "na-nas"
 * import { fetchHandler } from "na-nas/http"
 *
 * const space = builtinSpace("nas-bench-201")
 * const table = Either.getOrThrowWith(makeTable(space, syntheticTable(space, "0")), (error) => error)
 * const evaluator = TableEvaluator.layer({
 *   benchmark: { tables: [table] },
 *   score: "validation",
 *   maximize: true,
 *   cost: undefined,
 *   costFactor: 1
 * })
 * const { handler } = fetchHandler(space, evaluator)
 * const response = await handler(new Request("http://localhost/neighborhood?architecture=333333"))
 * console.log((await response.json()).neighbors.length) // 24
 * ```
 *
 * @module
 */

export { fetchHandler, type HandlerOptions, MOST_NEIGHBORS, NeighborhoodQuery } from "./src/adapters/http/handler.ts"
