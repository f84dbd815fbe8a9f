import { layer, liveTensors, type RuntimeName } from "../../../src/adapters/tensor/tfjs.ts"
import { conformance } from "./_conformance.ts"

const runtimes = (process.env.NAS_TFJS?.split(",") ?? ["tfjs-cpu", "tfjs-wasm"]) as ReadonlyArray<RuntimeName>
for (const runtime of runtimes) {
  conformance(`TensorFlow.js backend ${runtime}`, layer(runtime), {
    tolerance: 1e-4,
    cases: 4,
    live: () => liveTensors(runtime)
  })
}
