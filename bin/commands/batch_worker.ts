import { parentPort } from "node:worker_threads"
import { serveBatches } from "../../src/adapters/datasets/batch_worker.ts"

if (parentPort !== null) serveBatches(parentPort)
