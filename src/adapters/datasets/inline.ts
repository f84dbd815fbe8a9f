import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { makeBatch } from "../../domain/data/batch.ts"
import { Batches } from "../../effects/datasets.ts"
import { openQueue } from "./batch_queue.ts"

/** Batches made in the caller's thread when their turn comes, for hosts without threads: a page, Deno, a worker at the edge. */
export const layer: Layer.Layer<Batches> = Layer.succeed(Batches, {
  threads: Effect.succeed(0),
  open: (reader, requests) =>
    openQueue(requests, {
      ahead: 1,
      make: (request) =>
        Effect.map(reader.read(request.indices), (samples) =>
          Effect.succeed(makeBatch(samples, request.indices, request.options))
        )
    })
})
