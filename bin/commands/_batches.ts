import * as Prefetch from "../../src/adapters/datasets/prefetch.ts"

/** Batches made ahead by the worker beside this module. */
export const batchesLayer = (options: Omit<Prefetch.PrefetchOptions, "worker"> = {}) =>
  Prefetch.layer({ ...options, worker: workerModule() })

/**
 * The worker's module: bundled with the commands, or its source, for which a worker thread needs a
 * loader of its own.
 */
function workerModule(): URL {
  if (!import.meta.url.endsWith(".ts")) return new URL("batch_worker.js", import.meta.url)
  const [loader, source] = [import.meta.resolve("tsx/esm/api"), new URL("batch_worker.ts", import.meta.url).href]
  const code = `import { register } from ${JSON.stringify(loader)}; register(); await import(${JSON.stringify(source)})`
  return new URL(`data:text/javascript,${encodeURIComponent(code)}`)
}
