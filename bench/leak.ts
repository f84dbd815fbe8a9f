/**
 * Whether a backend keeps what it should have freed, and how much it holds at once: a small search
 * network trained for 1,000 steps, then one larger DARTS step.
 *
 *     npx tsx bench/leak.ts [--backend onnx] [--steps 1000] [--peak 8,5,16,16]
 *
 * Prints the resident memory on the way, and of TensorFlow.js the number of its tensors. The peak
 * is that of the larger step (channels, cells, batch, image size; `--peak none` leaves it out): of
 * TensorFlow.js the bytes of its own tensors at once, of the others by how much the step raises the
 * process's peak; beside it stands what the schedule of the program predicts, with the tensors that
 * stay on the device.
 *
 * Exits 1 where the memory after the last step is more than 5 % and 20 MB above that after a fifth
 * of the steps, where a tensor is left, or where TensorFlow.js holds more than 1.2 times the
 * prediction.
 */
import * as core from "@tensorflow/tfjs-core"
import * as Effect from "effect/Effect"
import { backendLayer } from "../src/adapters/tensor/backends.ts"
import { liveTensors, RUNTIMES } from "../src/adapters/tensor/tfjs.ts"
import { dartsSearch } from "../src/domain/darts/method.ts"
import { darts } from "../src/domain/darts/methods/darts.ts"
import { stepPrograms } from "../src/domain/darts/step_programs.ts"
import { BACKEND_NAMES } from "../src/domain/data/names.ts"
import { spaceSearchNetwork } from "../src/domain/network/cell_networks.ts"
import { programCost } from "../src/domain/program/cost.ts"
import { elementCount } from "../src/domain/program/program.ts"
import { keyOf, uniformAt } from "../src/domain/random.ts"
import { builtinSpace } from "../src/domain/space/spaces.ts"
import { type HostValues, TensorBackend } from "../src/effects/ports/tensor_backend.ts"
import { makeDeviceState } from "../src/effects/programs/device_state.ts"
import { type StepSizes, searchStep } from "./_darts_programs.ts"
import { choice, scriptFlags, sizesIn, value, whole } from "./_flags.ts"
import { peakOf } from "./_run_alone.ts"

const flags = scriptFlags({
  backend: choice(BACKEND_NAMES, "onnx"),
  steps: whole(1000, 10),
  peak: value<StepSizes | "none">([8, 5, 16, 16], "none or channels,cells,batch,image size", (given) =>
    given === "none" ? given : sizesIn(given)
  )
})
const { backend: name, steps, peak: sizes } = flags

const megabytes = () => process.memoryUsage().rss / 1e6
const runtime = RUNTIMES.find((known) => known === name)
const tensors = () => (runtime === undefined ? 0 : liveTensors(runtime))

const train = Effect.gen(function* () {
  const backend = yield* TensorBackend
  const space = builtinSpace("nas-bench-201")
  const network = yield* spaceSearchNetwork(space, {
    channels: 4,
    cellsPerStage: 1,
    classes: 4,
    image: [8, 1, 8, 8]
  })
  const { weights, state } = yield* stepPrograms(yield* dartsSearch(darts, {}, "nas-bench-201"), network)
  if (weights._tag === "Summed") return yield* Effect.dieMessage("DARTS has one run a step")
  const executable = yield* backend.compile(weights.step)
  const initial = new Map<string, HostValues>()
  for (const [tensor, { shape }] of state) {
    const key = keyOf(tensor)
    const scale = /^(weights$|alpha)/.test(tensor) ? 0.4 : 0
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
  const now = () => `${megabytes().toFixed(0)} MB${runtime === undefined ? "" : `, ${tensors()} tensors`}`
  console.log(`before the first step: ${now()}`)
  let [early, held] = [0, 0]
  for (let i = 1; i <= steps; i++) {
    const loss = yield* step(i)
    if (i % Math.floor(steps / 5) !== 0) continue
    yield* Effect.sleep("10 millis")
    globalThis.gc?.()
    if (early === 0) [early, held] = [megabytes(), tensors()]
    console.log(`after ${i} steps: ${now()}, loss ${loss.toFixed(4)}`)
  }
  return { early, late: megabytes(), more: tensors() - held }
}).pipe(Effect.scoped)

/**
 * The most that one DARTS step holds at once, and what the schedules of its two programs predict.
 */
const peak = Effect.fn("peak")(function* (sizes: StepSizes) {
  const backend = yield* TensorBackend
  const { levels, inputs } = yield* searchStep("darts", sizes)
  const executables = yield* Effect.forEach(levels, backend.compile)
  const state = yield* makeDeviceState(inputs)
  const once = (at: number) => state.run(executables[at]!, new Map(), ["loss"])
  const resident = 4 * [...inputs.values()].reduce((sum, { data }) => sum + data.length, 0)
  const results: Array<{ readonly held: number; readonly predicted: number }> = []
  for (const [at, program] of levels.entries()) {
    const own = [...program.inputs.values()].reduce((sum, { shape }) => sum + elementCount(shape), 0)
    const predicted = programCost(program).peakBytes + resident - 4 * own
    const before = process.memoryUsage().rss
    let held = 0
    if (runtime === undefined) {
      yield* once(at)
      held = Math.max(peakOf(process.pid), process.memoryUsage().rss) - before + resident
    } else {
      const done = yield* Effect.promise(() =>
        core.profile(async () => {
          await Effect.runPromise(once(at))
          return core.scalar(0)
        })
      )
      held = done.peakBytes
    }
    results.push({ held, predicted })
  }
  return results
}, Effect.scoped)

const program = Effect.gen(function* () {
  return { flat: yield* train, peaks: sizes === "none" ? [] : yield* peak(sizes) }
}).pipe(Effect.provide(backendLayer(name)))

const { flat, peaks } = await Effect.runPromise(program)
const { early, late, more } = flat
console.log(`${name}: ${(late - early).toFixed(0)} MB more after ${steps} steps than after ${Math.floor(steps / 5)}`)
if (runtime !== undefined) console.log(`${name}: ${more} tensors more`)
let above = false
for (const [at, { held, predicted }] of peaks.entries()) {
  const level = at === 0 ? "alpha" : "weights"
  const ratio = held / predicted
  above ||= runtime !== undefined && ratio > 1.2
  console.log(
    `${name}: ${(held / 1e6).toFixed(1)} MB at once in the ${level} update of ${sizes}, predicted ${(predicted / 1e6).toFixed(1)} MB (${ratio.toFixed(2)})`
  )
}
process.exitCode = late - early > Math.max(0.05 * early, 20) || more !== 0 || above ? 1 : 0
