/**
 * The search without settings on several backends in step: does every backend find the same
 * architecture, by the same losses?
 *
 *     npx tsx bench/same_search.ts [--backend onnx --backend tfjs-wasm …] [--epochs 5] [--images 2000] [--tolerance 1e-3] [--threads 2] [--json]
 *
 * The first backend is the one that the others are compared with. Every other backend makes each
 * step twice. `pinned`, from the very tensors that the first one has before that step: its losses
 * differ by the rounding of one step alone and have to stay within the tolerance, relative to the
 * loss: that of gradients in `bench/parity.ts`, since the second loss of a step comes after an
 * update. The architecture after the last pinned step has to be the first backend's. `free`, from
 * its own tensors: these losses drift apart, since training magnifies any difference. How much it
 * does is shown by `control`: the first backend itself, begun with every weight moved by a
 * hundredth of the tolerance, about what a pinned step differs by. A free loss may differ by ten
 * times the largest difference of the control so far, or by the tolerance; free architectures have
 * to be the same where the control's losses stay within the tolerance. Where they do not, rounding
 * decides between close operations on one backend too, and the architectures are only told. Exits 1
 * where any of this fails.
 */
import * as NodeContext from "@effect/platform-node/NodeContext"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as DatasetFiles from "../src/adapters/datasets/layer.ts"
import * as OnDemand from "../src/adapters/datasets/on_demand.ts"
import { backendLayer } from "../src/adapters/tensor/backends.ts"
import { architectureKey, architectureOfKey } from "../src/domain/architecture/architecture.ts"
import { printArchitecture } from "../src/domain/architecture/text.ts"
import { discretize } from "../src/domain/darts/discretize.ts"
import { naDarts } from "../src/domain/darts/methods/na_darts.ts"
import { dartsRun } from "../src/domain/darts/run_settings.ts"
import { DARTS_PROTOCOLS } from "../src/domain/darts/settings.ts"
import { planEpoch, planStep, type StepPlan } from "../src/domain/darts/step_plan.ts"
import { type StepPrograms, stepPrograms } from "../src/domain/darts/step_programs.ts"
import { WEIGHTS } from "../src/domain/darts/updates.ts"
import { BACKEND_NAMES, type BackendName } from "../src/domain/data/names.ts"
import { probabilities } from "../src/domain/neighborhood/relaxed_shape.ts"
import { builtinSpace } from "../src/domain/space/spaces.ts"
import { type HostValues, TensorBackend } from "../src/effects/ports/tensor_backend.ts"
import { openStepBatches } from "../src/effects/programs/darts_batches.ts"
import { startTensors } from "../src/effects/programs/darts_search.ts"
import {
  alphaOf,
  type DartsPlan,
  makeStep,
  type StepBatches,
  type StepLosses
} from "../src/effects/programs/darts_step.ts"
import { type DeviceState, makeDeviceState } from "../src/effects/programs/device_state.ts"
import { planDartsSearch } from "../src/effects/programs/plan_darts.ts"
import { choice, many, positive, scriptFlags, toggle, whole } from "./_flags.ts"

const flags = scriptFlags({
  backend: many(choice(BACKEND_NAMES, "onnx"), ["onnx", "tfjs-wasm"]),
  epochs: whole(DARTS_PROTOCOLS.quick.epochs),
  images: whole(2000),
  tolerance: positive(1e-3),
  threads: whole(2),
  json: toggle
})
const { backend: names, epochs, images, tolerance, threads } = flags

type Tensors = ReadonlyMap<string, HostValues>

/** A search on one backend: its own state, and steps from a state that it is given. */
const lane = Effect.fn("lane")(function* (name: BackendName, plan: DartsPlan, programs: StepPrograms, start: Tensors) {
  const backend = Context.get(yield* Layer.build(backendLayer(name, { threads: threads })), TensorBackend)
  const own = yield* Effect.provideService(makeDeviceState(start), TensorBackend, backend)
  let current = own
  const state: DeviceState = {
    tensors: () => current.tensors(),
    run: (executable, inputs, read) => current.run(executable, inputs, read),
    download: (wanted) => current.download(wanted)
  }
  const run = yield* Effect.provideService(makeStep(plan, programs, state), TensorBackend, backend)
  const architectureOf = (at: DeviceState) =>
    Effect.map(alphaOf(plan, at), (alpha) => {
      const relaxed = probabilities(plan.network.shape, alpha)
      return architectureKey(discretize(plan.space, relaxed, plan.settings.readNone))
    })
  return {
    name,
    free: (step: StepPlan, batches: StepBatches) =>
      Effect.provideService(Effect.scoped(run(step, batches)), TensorBackend, backend),
    pinned: (step: StepPlan, batches: StepBatches, tensors: Tensors) =>
      Effect.gen(function* () {
        current = yield* makeDeviceState(tensors)
        const losses = yield* run(step, batches)
        return { losses, architecture: yield* architectureOf(current) }
      }).pipe(
        Effect.scoped,
        Effect.ensuring(
          Effect.sync(() => {
            current = own
          })
        ),
        Effect.provideService(TensorBackend, backend)
      ),
    tensors: Effect.map(
      own.download(() => true),
      (values): Tensors =>
        new Map([...values].map(([at, data]) => [at, { shape: programs.state.get(at)!.shape, data }]))
    ),
    architecture: architectureOf(own)
  }
})

/** The largest difference of a step's two losses, relative to the first's. */
function difference(one: StepLosses, other: StepLosses): number {
  const of = (level: "alpha" | "weights") => Math.abs(one[level].loss - other[level].loss) / Math.abs(one[level].loss)
  const largest = Math.max(of("alpha"), of("weights"))
  return Number.isNaN(largest) ? Number.POSITIVE_INFINITY : largest
}

/** Weights moved by a hundredth of the tolerance, up and down by turns. */
function moved(start: Tensors): Tensors {
  return new Map(
    [...start].map(([name, { shape, data }]) => {
      const nudge = name === WEIGHTS.name ? tolerance / 100 : 0
      return [name, { shape, data: Float32Array.from(data, (x, i) => x * (1 + (i % 2 === 0 ? nudge : -nudge))) }]
    })
  )
}

interface Lines {
  pinned: number
  free: number
  failed: boolean
  /** After the last pinned step. */
  architecture: string
}

const line = (text: string) => (flags.json ? console.error(text) : console.log(text))
const number = (value: number) => value.toExponential(1).padStart(9)

const compare = Effect.gen(function* () {
  const settings = yield* dartsRun(naDarts, {
    protocol: "quick",
    epochs,
    images,
    backend: names[0]
  })
  const space = builtinSpace("nas-bench-201")
  const { plan } = yield* Effect.provide(planDartsSearch(settings, space), DatasetFiles.layerCached())
  const programs = yield* stepPrograms(plan, plan.network)
  const start = startTensors(plan, programs)
  const first = yield* lane(names[0]!, plan, programs, start)
  const control = yield* lane(names[0]!, plan, programs, moved(start))
  const others = yield* Effect.forEach(names.slice(1), (name) => lane(name, plan, programs, start))
  const results = new Map<string, Lines>(
    others.map(({ name }) => [name, { pinned: 0, free: 0, failed: false, architecture: "" }])
  )
  const take = yield* openStepBatches(plan, programs, { epoch: 0, step: 0 })
  let [drift, steps] = [0, 0]
  line(`losses of each step beside ${names[0]}'s, largest relative difference so far: pinned, free; control: free`)
  for (let epoch = 0; epoch < epochs; epoch++) {
    const planned = planEpoch(plan, plan.network.shape, plan.examples, plan.seed, epoch)
    let last: StepLosses | undefined
    for (let i = 0; i < planned.steps; i++, steps++) {
      const step = planStep(plan, plan.network.shape, planned, i)
      const batches = yield* take(step)
      const before = yield* first.tensors
      const own = yield* first.free(step, batches)
      drift = Math.max(drift, difference(own, yield* control.free(step, batches)))
      for (const other of others) {
        const result = results.get(other.name)!
        const again = yield* other.pinned(step, batches, before)
        const pinned = difference(own, again.losses)
        const free = difference(own, yield* other.free(step, batches))
        result.failed ||= pinned > tolerance || free > Math.max(tolerance, 10 * drift)
        result.pinned = Math.max(result.pinned, pinned)
        result.free = Math.max(result.free, free)
        result.architecture = again.architecture
      }
      last = own
    }
    const told = [...results].map(([name, { pinned, free }]) => `${name}${number(pinned)}${number(free)}`)
    const losses = last === undefined ? "" : `${last.weights.loss.toFixed(4)}/${last.alpha.loss.toFixed(4)}`
    line(`  step ${String(steps).padStart(4)}  loss ${losses}  ${told.join("  ")}  control${number(drift)}`)
  }
  const found = new Map<string, string>()
  for (const { name, architecture } of [first, ...others]) found.set(name, yield* architecture)
  found.set("control", yield* control.architecture)
  return { space, results, drift, steps, found }
}).pipe(Effect.scoped, Effect.provide(OnDemand.layer))

const { space, results, drift, steps, found } = await Effect.runPromise(Effect.provide(compare, NodeContext.layer))
const text = (key: string) => printArchitecture(space, architectureOfKey(key))
const expected = found.get(names[0]!)!
const chaotic = drift > tolerance
let wrong = 0
line(`${names[0]}: ${text(expected)}`)
for (const [name, { failed, architecture }] of results) {
  const [pinned, free] = [architecture === expected, found.get(name) === expected]
  if (failed || !pinned || !(free || chaotic)) wrong += 1
  const losses = failed ? "BEYOND tolerance" : "within tolerance"
  const own = free ? "the same" : `another: ${text(found.get(name)!)}`
  line(`${name}: losses ${losses}; architecture pinned ${pinned ? "the same" : "ANOTHER"}, free ${own}`)
}
const control = found.get("control")!
line(
  `control: ${chaotic ? "beyond the tolerance, so free architectures may differ" : "within the tolerance"}; architecture ${control === expected ? "the same" : `another: ${text(control)}`}`
)
if (flags.json)
  console.log(
    JSON.stringify({
      steps,
      tolerance,
      control: drift,
      results: Object.fromEntries(results),
      found: Object.fromEntries(found)
    })
  )
process.exitCode = wrong === 0 ? 0 : 1
