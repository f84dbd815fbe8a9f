/**
 * Whether a backend keeps what it should have freed: a small search network trained for 1,000 steps; prints the resident memory on the way.
 *
 *     npx tsx bench/leak.ts [--backend onnx] [--steps 1000]
 *
 * Exits 1 where the memory after the last step is more than 5 % and 20 MB above that after a fifth of the steps.
 */
import { parseArgs } from "node:util"
import * as Effect from "effect/Effect"
import { backendLayer } from "../src/adapters/tensor/backends.ts"
import { spaceSearchNetwork } from "../src/domain/network/cell_networks.ts"
import { elementCount } from "../src/domain/program/program.ts"
import { keyOf, uniformAt } from "../src/domain/random.ts"
import { BACKEND_NAMES } from "../src/domain/search/gradient/run_settings.ts"
import { gradientSearch } from "../src/domain/search/gradient/settings.ts"
import { stepPrograms } from "../src/domain/search/gradient/step_programs.ts"
import { builtinSpace } from "../src/domain/space/spaces.ts"
import { type HostValues, makeDeviceState } from "../src/effects/device_state.ts"
import { TensorBackend } from "../src/effects/tensor_backend.ts"

const { values: flags } = parseArgs({
  options: { backend: { type: "string", default: "onnx" }, steps: { type: "string", default: "1000" } }
})
const steps = Number(flags.steps)
const name = BACKEND_NAMES.find((known) => known === flags.backend)
if (name === undefined || !(steps >= 10)) {
  console.error(`usage: npx tsx bench/leak.ts [--backend ${BACKEND_NAMES.join("|")}] [--steps 1000]`)
  process.exit(2)
}

const megabytes = () => process.memoryUsage().rss / 1e6

const train = Effect.gen(function* () {
  const backend = yield* TensorBackend
  const space = builtinSpace("nas-bench-201")
  const network = yield* spaceSearchNetwork(space, {
    channels: 4,
    cellsPerStage: 1,
    classes: 4,
    image: [8, 1, 8, 8]
  })
  const { weights, state } = yield* stepPrograms(yield* gradientSearch("Darts", "nas-bench-201"), network)
  if (weights._tag === "Summed") return yield* Effect.dieMessage("DARTS has one run a step")
  const executable = yield* backend.compile(weights.step)
  const initial = new Map<string, HostValues>()
  for (const [tensor, shape] of state) {
    const key = keyOf(tensor)
    const scale = /^(param|alpha)/.test(tensor) ? 0.4 : 0
    const data = Float32Array.from({ length: elementCount(shape) }, (_, i) => scale * (uniformAt(key, i) - 0.5))
    initial.set(tensor, { shape, data })
  }
  const device = yield* makeDeviceState(initial)
  const step = (i: number) =>
    Effect.scoped(
      Effect.gen(function* () {
        const key = keyOf(`batch/${i}`)
        const x = Float32Array.from({ length: 8 * 64 }, (_, at) => uniformAt(key, at))
        const targets = Float32Array.from({ length: 32 }, (_, at) => (at % 4 === Math.floor(at / 4) % 4 ? 1 : 0))
        const inputs = new Map([
          ["x", yield* backend.upload([8, 1, 8, 8], x)],
          ["targets", yield* backend.upload([8, 4], targets)],
          ["learningRate", yield* backend.upload([], [0.01])]
        ])
        return (yield* device.run(executable, inputs, ["loss"])).get("loss")![0]!
      })
    )
  let early = 0
  for (let i = 1; i <= steps; i++) {
    const loss = yield* step(i)
    if (i % Math.floor(steps / 5) !== 0) continue
    yield* Effect.sleep("10 millis")
    globalThis.gc?.()
    if (early === 0) early = megabytes()
    console.log(`after ${i} steps: ${megabytes().toFixed(0)} MB, loss ${loss.toFixed(4)}`)
  }
  return { early, late: megabytes() }
}).pipe(Effect.scoped, Effect.provide(backendLayer(name)))

const { early, late } = await Effect.runPromise(train)
const grown = late - early > Math.max(0.05 * early, 20)
console.log(`${name}: ${(late - early).toFixed(0)} MB more after ${steps} steps than after ${Math.floor(steps / 5)}`)
process.exitCode = grown ? 1 : 0
