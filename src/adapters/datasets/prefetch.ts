import { Worker } from "node:worker_threads"
import * as Clock from "effect/Clock"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Queue from "effect/Queue"
import { type Batch, type BatchRequest, makeBatch } from "../../domain/data/batch.ts"
import type { DatasetError, Samples } from "../../domain/data/dataset.ts"
import { Batches, type BatchQueue, type SampleReader, type TestReader } from "../../effects/ports/datasets.ts"
import type { Delivery, Order } from "./batch_worker.ts"

/** How batches are made ahead. */
export interface PrefetchOptions {
  /**
   * The module that a worker runs; it calls `serveBatches`. Without it, batches are made in the
   * caller's thread.
   */
  readonly worker?: URL
  /** Workers, 1 by default. */
  readonly workers?: number
  /** Batches that may lie ready or be in the making, per queue; 2 by default. */
  readonly ahead?: number
}

/**
 * Batches made ahead on worker threads: a thread's samples and batches are handed over, not copied.
 * Where workers cannot be started or die, the caller's thread makes the batches that they owe and
 * all further ones.
 */
export function layer({ worker, workers = 1, ahead = 2 }: PrefetchOptions = {}): Layer.Layer<Batches> {
  return Layer.scoped(
    Batches,
    Effect.gen(function* () {
      const crew =
        worker === undefined
          ? []
          : yield* Effect.forEach(Array.from({ length: workers }), () =>
              Effect.acquireRelease(
                Effect.sync(() => employ(worker)),
                (member) => member.dismiss
              )
            )
      let turn = 0
      const make = (reader: SampleReader | TestReader, request: BatchRequest) =>
        Effect.gen(function* () {
          const samples = yield* reader.read(request.indices)
          const present = crew.filter((member) => member.isPresent())
          const member = present[turn++ % Math.max(1, present.length)]
          if (member === undefined) return Effect.succeed(makeBatch(samples, request.indices, request.options))
          const batch = yield* member.order(samples, request)
          return Effect.catchAll(batch, () =>
            Effect.map(reader.read(request.indices), (again) => makeBatch(again, request.indices, request.options))
          )
        })
      return {
        threads: Effect.sync(() => crew.filter((member) => member.isPresent()).length),
        open: (reader, requests) => openQueue(requests, { ahead, make: (request) => make(reader, request) })
      }
    })
  )
}

/** A worker that makes batches. */
interface Member {
  readonly isPresent: () => boolean
  /** Hand over samples; the inner effect waits for their batch and fails if the worker is lost. */
  readonly order: (samples: Samples, request: BatchRequest) => Effect.Effect<Effect.Effect<Batch, "lost">>
  readonly dismiss: Effect.Effect<void>
}

function employ(module: URL): Member {
  const owed = new Map<number, Deferred.Deferred<Batch, "lost">>()
  let present = true
  let dismissed = false
  let orders = 0
  const worker = new Worker(module)
  const settle = (id: number, result: Effect.Effect<Batch, "lost">) => {
    const batch = owed.get(id)
    owed.delete(id)
    if (owed.size === 0 && !dismissed) worker.unref()
    if (batch !== undefined) Deferred.unsafeDone(batch, result)
  }
  const leave = () => {
    present = false
    for (const id of [...owed.keys()]) settle(id, Effect.fail("lost"))
  }
  worker.on("message", ({ id, batch }: Delivery) => settle(id, Effect.succeed(batch)))
  worker.on("error", leave).on("messageerror", leave).on("exit", leave)
  worker.unref()
  return {
    isPresent: () => present,
    order: (samples, { indices, options }) =>
      Effect.gen(function* () {
        const batch = yield* Deferred.make<Batch, "lost">()
        const order: Order = { id: orders++, samples, request: { indices: Int32Array.from(indices), options } }
        owed.set(order.id, batch)
        worker.ref()
        worker.postMessage(order, owned([samples.images, samples.labels]))
        if (!present) leave()
        return Deferred.await(batch)
      }),
    dismiss: Effect.promise(() => {
      dismissed = true
      worker.ref()
      return worker.terminate()
    })
  }
}

/** The buffers that one of the arrays fills: those can be transferred. */
function owned(arrays: ReadonlyArray<Uint8Array | Float32Array | Int32Array>): Array<ArrayBuffer> {
  return arrays.flatMap(({ buffer, byteLength }) =>
    buffer instanceof ArrayBuffer && buffer.byteLength === byteLength ? [buffer] : []
  )
}

type Entry = Effect.Effect<Option.Option<Batch>, DatasetError>

interface Production {
  readonly ahead: number
  /** Begin a batch; the inner effect waits for it. */
  readonly make: (request: BatchRequest) => Effect.Effect<Effect.Effect<Batch, DatasetError>, DatasetError>
}

const openQueue = Effect.fnUntraced(function* (requests: Iterable<BatchRequest>, { ahead, make }: Production) {
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
