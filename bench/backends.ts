/**
 * One first-order DARTS step on several backends, side by side in one run: milliseconds and kernels per step, and the share of the multiply-adds per
 * second that the backend itself reaches on a large matrix product. PyTorch's step stands beside them.
 *
 *     npx tsx bench/backends.ts [--backend onnx --backend tfjs-wasm …] [--peer torch_darts_step.py] [--config 8,5,16,16] [--steps 5] [--threads 2] [--json]
 *
 * The configuration is channels, cells, batch, image size. Each backend has a process of its own; one that is not there is told with the reason.
 * Kernels: of ONNX Runtime those in its own trace; of TensorFlow.js the calls of `runKernel`, without views; PyTorch's are not
 * counted.
 */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import * as Effect from "effect/Effect"
import { BACKENDS, backendLayer } from "../src/adapters/tensor/backends.ts"
import * as Onnx from "../src/adapters/tensor/onnx.ts"
import { kernelCount, RUNTIMES } from "../src/adapters/tensor/tfjs.ts"
import { BACKEND_NAMES } from "../src/domain/data/names.ts"
import { programCost } from "../src/domain/program/cost.ts"
import { makeDeviceState } from "../src/effects/device_state.ts"
import { TensorBackend } from "../src/effects/tensor_backend.ts"
import { backendRates, dartsStep, median } from "./_darts_programs.ts"
import { choice, many, scriptFlags, sizes, text, toggle, whole } from "./_flags.ts"
import { lastJson, runAlone } from "./_run_alone.ts"

const flags = scriptFlags({
  backend: many(choice(BACKEND_NAMES, "onnx"), ["onnx", "tfjs-node", "tfjs-wasm", "tfjs-cpu"]),
  peer: text("../shared/peers/torch_darts_step.py"),
  config: sizes([8, 5, 16, 16]),
  threads: whole(2),
  steps: whole(5),
  json: toggle,
  worker: text(undefined),
  trace: text("")
})
const { threads, steps } = flags

/** What one process measures of its backend. */
const measure = Effect.fn("measure")(function* (name: (typeof BACKEND_NAMES)[number]) {
  const backend = yield* TensorBackend
  const runtime = RUNTIMES.find((known) => known === name)
  const { levels, inputs } = yield* dartsStep(flags.config)
  const executables = yield* Effect.forEach(levels, backend.compile)
  const state = yield* makeDeviceState(inputs)
  const times: Array<number> = []
  let kernels = 0
  for (let i = 0; i < steps + 1; i++) {
    const before = runtime === undefined ? 0 : kernelCount(runtime).kernels
    const start = performance.now()
    for (const executable of executables) yield* state.run(executable, new Map(), ["loss"])
    times.push(performance.now() - start)
    if (runtime !== undefined) kernels = kernelCount(runtime).kernels - before
  }
  const multiplyAdds = levels.reduce((sum, program) => sum + programCost(program).multiplyAdds, 0)
  const slow = name === "tfjs-cpu" || name === "reference"
  const peak = flags.trace === "" ? (yield* backendRates(slow ? { side: 256, elements: 1 << 16 } : {})).multiplyAdds : 1
  const msPerStep = median(times.slice(1))
  const { device } = yield* BACKENDS[name].describe
  return { msPerStep, kernels, multiplyAdds, peak, share: multiplyAdds / (msPerStep / 1000) / peak, device }
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

/** A backend in a process of its own. */
function apart(name: string, extra: ReadonlyArray<string> = []) {
  const self = fileURLToPath(import.meta.url)
  const settings = ["--config", `${flags.config}`, "--threads", `${threads}`, "--steps", `${steps}`]
  return runAlone(process.execPath, ["--import", "tsx", self, "--worker", name, ...settings, ...extra])
}

/** PyTorch's step. */
async function peer(): Promise<{ readonly msPerStep: number; readonly version: string }> {
  const [channels, cells, batch, size] = flags.config
  const args = ["--channels", channels, "--layers", cells, "--batch", batch, "--image", size, "--threads", threads]
  const { out } = await runAlone("python3", [flags.peer, ...args, "--steps", steps].map(String))
  const { ms_per_step: msPerStep, version } = lastJson(out)
  return { msPerStep: msPerStep!, version: `PyTorch ${version}` }
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
  line(`one DARTS step, ${flags.config} (channels, cells, batch, image size), ${threads} threads, median of ${steps}`)
  const results: Array<object> = []
  const row = (name: string, ms: number, kernels: number | string, rest: string) =>
    line(`  ${name.padEnd(12)} ${ms.toFixed(0).padStart(7)} ms ${String(kernels).padStart(7)} kernels  ${rest}`)
  for (const name of flags.backend) {
    try {
      const { out, peakBytes } = await apart(name)
      const found = lastJson(out)
      if (found.problem !== undefined) throw new Error(String(found.problem))
      if (name === "onnx") {
        const folder = mkdtempSync(join(tmpdir(), "na-nas-trace-"))
        await apart(name, ["--trace", folder])
        found.kernels = tracedKernels(folder)
        rmSync(folder, { recursive: true })
      }
      const percent = (100 * found.share!).toFixed(1)
      const rate = (found.peak! / 1e9).toFixed(1)
      row(name, found.msPerStep!, found.kernels!, `${percent} % of ${rate} G multiply-adds/s, ${found.device}`)
      results.push({ backend: name, ...found, peakBytes })
    } catch (error) {
      line(`  ${name.padEnd(12)} left out: ${(error as Error).message}`)
    }
  }
  if (existsSync(flags.peer)) {
    try {
      const theirs = await peer()
      row("PyTorch", theirs.msPerStep, "-", theirs.version)
      results.push({ backend: "pytorch", ...theirs })
    } catch (error) {
      line(`  PyTorch      left out: ${(error as Error).message}; pip install torch`)
    }
  } else line(`  PyTorch      left out: there is no ${flags.peer}`)
  if (flags.json) console.log(JSON.stringify({ config: `${flags.config}`, threads, results }))
}
