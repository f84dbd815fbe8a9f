import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import { type Batch, makeBatch } from "../../domain/data/batch.ts"
import { Batches } from "../../effects/ports/datasets.ts"

/**
 * Batches made when they are asked for, in the caller's thread: for hosts without worker threads.
 */
export const layer: Layer.Layer<Batches> = Layer.succeed(Batches, {
  threads: Effect.succeed(0),
  open: (reader, requests) =>
    Effect.sync(() => {
      const left = requests[Symbol.iterator]()
      let begun: number | undefined
      let waited = 0
      return {
        next: Effect.gen(function* () {
          const start = yield* Clock.currentTimeMillis
          begun ??= start
          const request = left.next()
          if (request.done === true) return Option.none<Batch>()
          const { indices, options } = request.value
          const batch = makeBatch(yield* reader.read(indices), indices, options)
          waited += (yield* Clock.currentTimeMillis) - start
          return Option.some(batch)
        }),
        waitShare: Effect.map(Clock.currentTimeMillis, (now) =>
          begun === undefined || now === begun ? 0 : waited / (now - begun)
        )
      }
    })
})
