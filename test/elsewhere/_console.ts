import * as Effect from "effect/Effect"
import { smallSearch } from "./_search.ts"

console.log(JSON.stringify(await Effect.runPromise(smallSearch("tfjs-wasm"))))
