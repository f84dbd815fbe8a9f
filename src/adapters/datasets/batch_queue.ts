import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Queue from "effect/Queue"
import type { Batch, BatchRequest } from "../../domain/data/batch.ts"
import type { DatasetError } from "../../domain/data/dataset.ts"
import type { BatchQueue } from "../../effects/datasets.ts"

type Entry = Effect.Effect<Option.Option<Batch>, DatasetError>

/** How the batches of a queue are made. */
export interface Production {
  /** Batches that may lie ready or be in the making. */
  readonly ahead: number
  /** Begin a batch; the inner effect waits for it. */
  readonly make: (request: BatchRequest) => Effect.Effect<Effect.Effect<Batch, DatasetError>, DatasetError>
}

/** The batches of requests, made in their order and taken one by one. It ends with the scope. */
export const openQueue = Effect.fnUntraced(function* (requests: Iterable<BatchRequest>, { ahead, make }: Production) {
  const ready = yield* Queue.unbounded<Entry>()
  const room = yield* Effect.makeSemaphore(ahead)
  yield* Effect.gen(function* () {
    for (const request of requests) {
      yield* room.take(1)
      const batch = yield* make(request)
      yield* Queue.offer(ready, Effect.asSome(batch))
    }
    yield* Queue.offer(ready, Effect.succeedNone)
  }).pipe(
    Effect.catchAll((error) => Queue.offer(ready, Effect.fail(error))),
    Effect.catchAllDefect((defect) => Queue.offer(ready, Effect.die(defect))),
    Effect.forkScoped
  )
  let waited = 0n
  let since: bigint | undefined
  /** What the consumer waits for, kept where it is interrupted; the end, once it is reached. */
  let current: Entry | undefined
  const take: Entry = Effect.gen(function* () {
    current ??= yield* Queue.take(ready)
    const batch = yield* current
    if (Option.isNone(batch)) return batch
    current = undefined
    yield* room.release(1)
    return batch
  })
  const queue: BatchQueue = {
    next: Effect.flatMap(Clock.currentTimeNanos, (before) => {
      since ??= before
      const account = Effect.map(Clock.currentTimeNanos, (now) => {
        waited += now - before
      })
      return Effect.ensuring(take, account)
    }),
    waitShare: Effect.map(Clock.currentTimeNanos, (now) =>
      since === undefined || now === since ? 0 : Number(waited) / Number(now - since)
    )
  }
  return queue
})
