import { setWasmPaths } from "@tensorflow/tfjs-backend-wasm"
import * as Effect from "effect/Effect"
import { smallSearch } from "./_search.ts"

/** In a page: search, and send what was found, or why nothing was, to the server that the page came from. */
setWasmPaths("/wasm/")
const found = await Effect.runPromise(
  Effect.match(smallSearch("tfjs-wasm"), {
    onSuccess: (found) => JSON.stringify(found),
    onFailure: (error) => `error: ${error.message}`
  })
).catch((error: unknown) => `error: ${String(error)}`)
await fetch("/found", { method: "POST", body: found })
