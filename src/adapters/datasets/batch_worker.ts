import type { MessagePort } from "node:worker_threads"
import { type Batch, type BatchRequest, makeBatch } from "../../domain/data/batch.ts"
import type { Samples } from "../../domain/data/dataset.ts"

/** What a worker is asked for. */
export interface Order {
  readonly id: number
  readonly samples: Samples
  readonly request: BatchRequest
}

/** What it answers, in the order of the orders. */
export interface Delivery {
  readonly id: number
  readonly batch: Batch
}

/** Make every batch that is ordered through a port. */
export function serveBatches(port: MessagePort): void {
  port.on("message", ({ id, samples, request }: Order) => {
    const batch = makeBatch(samples, request.indices, request.options)
    const delivery: Delivery = { id, batch }
    port.postMessage(delivery, [batch.x.buffer, batch.targets.buffer])
  })
}
