/**
 * One first-order DARTS step on several backends and in PyTorch: milliseconds and processor seconds
 * per step, kernels, and the share of the multiply-adds per second that the backend itself reaches
 * on a large matrix product.
 *
 *     npx tsx bench/backends.ts [--backend onnx --backend tfjs-wasm …] [--peer torch_darts_step.py]
 *         [--config 8,5,16,16] [--steps 3] [--rounds 3] [--threads 2] [--json]
 *
 * The configuration is channels, cells, batch, image size. All take turns in rounds, a process
 * each; a ratio is the median of the rounds' ratios to the first of them, beside its quartiles.
 * What is not there is told with the reason. Kernels: of ONNX Runtime those in its own trace; of
 * TensorFlow.js the calls of `runKernel`, without views; PyTorch's are not counted.
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import * as Effect from "effect/Effect"
import { BACKENDS, backendLayer } from "../src/adapters/tensor/backends.ts"
import * as Onnx from "../src/adapters/tensor/onnx.ts"
import { kernelCount, RUNTIMES } from "../src/adapters/tensor/tfjs.ts"
import { BACKEND_NAMES } from "../src/domain/data/names.ts"
import { programCost } from "../src/domain/program/cost.ts"
import { TensorBackend } from "../src/effects/ports/tensor_backend.ts"
import { makeDeviceState } from "../src/effects/programs/device_state.ts"
import { backendRates, searchStep } from "./_darts_programs.ts"
import { choice, many, scriptFlags, sizes, text, toggle, whole } from "./_flags.ts"
import { type StepTimes, torchDartsStep } from "./_peers.ts"
import { alternate, isNoisy, median, medians, processorMs, ratioOf, ratioText } from "./_rounds.ts"
import { lastJson, runAlone } from "./_run_alone.ts"

const flags = scriptFlags({
  backend: many(choice(BACKEND_NAMES, "onnx"), ["onnx", "tfjs-node", "tfjs-wasm", "tfjs-cpu"]),
  peer: text("../shared/peers/torch_darts_step.py"),
  config: sizes([8, 5, 16, 16]),
  threads: whole(2),
  steps: whole(3),
  rounds: whole(3),
  json: toggle,
  worker: text(undefined),
  trace: text(""),
  peak: toggle
})
const { threads, steps, rounds } = flags

/** What one process measures of its backend. */
const measure = Effect.fn("measure")(function* (name: (typeof BACKEND_NAMES)[number]) {
  const backend = yield* TensorBackend
  const runtime = RUNTIMES.find((known) => known === name)
  const { levels, inputs } = yield* searchStep("darts", flags.config)
  const executables = yield* Effect.forEach(levels, backend.compile)
  const state = yield* makeDeviceState(inputs)
  const [times, processor]: [Array<number>, Array<number>] = [[], []]
  let kernels = 0
  for (let i = 0; i < steps + 1; i++) {
    const before = runtime === undefined ? 0 : kernelCount(runtime).kernels
    const [start, spent] = [performance.now(), processorMs()]
    for (const executable of executables) yield* state.run(executable, new Map(), ["loss"])
    times.push(performance.now() - start)
    processor.push(processorMs() - spent)
    if (runtime !== undefined) kernels = kernelCount(runtime).kernels - before
  }
  const multiplyAdds = levels.reduce((sum, program) => sum + programCost(program).multiplyAdds, 0)
  const slow = name === "tfjs-cpu" || name === "reference"
  const peak = flags.peak
    ? (yield* backendRates(slow ? { side: 256, elements: 1 << 16 } : {})).multiplyAdds
    : Number.NaN
  const { device } = yield* BACKENDS[name].describe
  return { ms: median(times.slice(1)), cpuMs: median(processor.slice(1)), kernels, multiplyAdds, peak, device }
}, Effect.scoped)

/** The kernels of the last run of each of ONNX Runtime's traces, together. */
function tracedKernels(folder: string): number {
  let kernels = 0
  for (const file of readdirSync(folder).filter((name) => name.endsWith(".json"))) {
    const events: ReadonlyArray<{ name: string; cat: string; ts: number; dur: number }> = JSON.parse(
      readFileSync(join(folder, file), "utf8")
    )
    const last = events.filter(({ name }) => name === "model_run").at(-1)!
    kernels += events.filter(
      ({ cat, name, ts }) =>
        cat === "Node" && name.endsWith("_kernel_time") && ts >= last.ts && ts <= last.ts + last.dur
    ).length
  }
  return kernels
}

/** What one process tells of its backend. */
interface Told extends StepTimes {
  readonly kernels: number
  readonly multiplyAdds: number
  /** Multiply-adds per second of a large matrix product, where they were asked for. */
  readonly peak: number | null
  readonly device: string
}

/** A backend in a process of its own. */
async function apart(name: string, ...extra: ReadonlyArray<string>): Promise<Told> {
  const self = fileURLToPath(import.meta.url)
  const settings = ["--config", `${flags.config}`, "--threads", `${threads}`, "--steps", `${steps}`]
  const args = ["--import", "tsx", self, "--worker", name, ...settings, ...extra]
  const { out, peakBytes } = await runAlone(process.execPath, args)
  const told = lastJson<Told & { readonly problem?: string }>(out)
  if (told.problem !== undefined) throw new Error(told.problem)
  return { ...told, peakBytes }
}

if (flags.worker !== undefined) {
  const name = BACKEND_NAMES.find((known) => known === flags.worker)!
  const traced = flags.trace === "" ? {} : { trace: join(flags.trace, "trace") }
  const layer = name === "onnx" ? Onnx.layer({ threads, ...traced }) : backendLayer(name, { threads })
  const measured = Effect.match(Effect.provide(measure(name), layer), {
    onSuccess: (found) => JSON.stringify(found),
    onFailure: (error) => JSON.stringify({ problem: error.message })
  })
  console.log(await Effect.runPromise(measured))
} else {
  const line = (text: string) => (flags.json ? console.error(text) : console.log(text))
  const sizes = `${flags.config} (channels, cells, batch, image size)`
  line(`one DARTS step, ${sizes}, ${threads} threads, ${rounds} rounds of ${steps}`)
  const details = new Map<string, Told>()
  const ofBackend = (name: string) => async (): Promise<StepTimes> => {
    if (details.has(name)) return apart(name)
    const told = await apart(name, "--peak")
    details.set(name, told)
    if (name !== "onnx") return told
    const folder = mkdtempSync(join(tmpdir(), "na-nas-trace-"))
    await apart(name, "--trace", folder)
    details.set(name, { ...told, kernels: tracedKernels(folder) })
    rmSync(folder, { recursive: true })
    return told
  }
  const runs = await alternate<string, StepTimes>(
    {
      ...Object.fromEntries(flags.backend.map((name) => [name, ofBackend(name)])),
      PyTorch: () => torchDartsStep(flags.peer, flags.config, flags)
    },
    rounds,
    (name, problem) => line(`  ${name.padEnd(12)} left out: ${problem}`)
  )
  const results: Array<object> = []
  const [reference] = Object.keys(runs)
  for (const [name, own] of Object.entries(runs)) {
    const { ms, cpuMs } = medians(own!)
    const ratio = name === reference ? undefined : ratioOf(own!, runs[reference!]!)
    const told = details.get(name)
    const peak = told?.peak ?? undefined
    const share = peak === undefined ? undefined : told!.multiplyAdds / (ms / 1000) / peak
    const rest = [
      `${(cpuMs / 1000).toFixed(2)} processor s`,
      ...(told === undefined ? [] : [`${told.kernels} kernels`]),
      ...(ratio === undefined ? [] : [`/ ${reference}: ${ratioText(ratio)}`]),
      ...(share === undefined
        ? []
        : [`${(100 * share).toFixed(1)} % of ${(peak! / 1e9).toFixed(1)} G multiply-adds/s, ${told!.device}`]),
      ...(own!.first.version === undefined ? [] : [own!.first.version])
    ]
    line(`  ${name.padEnd(12)} ${ms.toFixed(0).padStart(7)} ms  ${rest.join("; ")}`)
    results.push({
      backend: name,
      msPerStep: ms,
      cpuMs,
      peakBytes: own!.first.peakBytes,
      ratio: ratio === undefined ? null : { to: reference, ...ratio, noisy: isNoisy(ratio) },
      ...(told === undefined
        ? { version: own!.first.version }
        : { kernels: told.kernels, multiplyAdds: told.multiplyAdds, peak, share, device: told.device })
    })
  }
  if (flags.json) console.log(JSON.stringify({ config: `${flags.config}`, threads, rounds, results }))
}
