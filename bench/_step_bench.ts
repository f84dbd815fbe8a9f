import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as Effect from "effect/Effect"
import * as Onnx from "../src/adapters/tensor/onnx.ts"
import { programCost } from "../src/domain/program/cost.ts"
import { TensorBackend } from "../src/effects/ports/tensor_backend.ts"
import { makeDeviceState } from "../src/effects/programs/device_state.ts"
import { backendRates, type StepSizes, type StepSpace, searchStep } from "./_darts_programs.ts"
import { sizesIn } from "./_flags.ts"
import type { StepRun, StepTimes } from "./_peers.ts"
import {
  alternate,
  isNoisy,
  median,
  medians,
  processorMs,
  type Runs,
  ratioOf,
  ratioText,
  timesText
} from "./_rounds.ts"
import { lastJson, runAlone } from "./_run_alone.ts"

/** What the flags of a bench of steps say. */
export interface StepFlags extends StepRun {
  readonly config: ReadonlyArray<StepSizes>
  readonly rounds: number
  readonly peer: string
  readonly profile: boolean
  readonly json: boolean
  /** What a process of its own measures: sizes, or the machine. */
  readonly worker: string | undefined
  readonly cache: string
}

/** A bench of steps: its script, the space, and one run of its peer. */
export interface StepBench {
  readonly script: string
  readonly space: StepSpace
  readonly peer: (script: string, sizes: StepSizes, run: StepRun) => Promise<StepTimes>
}

/** Runs before those that are timed. */
const WARM = 2

/** Our step: what a process of its own measures. */
const measure = Effect.fn("measure")(function* (space: StepSpace, sizes: StepSizes, steps: number) {
  const backend = yield* TensorBackend
  const begun = performance.now()
  const { levels, inputs } = yield* searchStep(space, sizes)
  const built = performance.now()
  const executables = yield* Effect.forEach(levels, backend.compile)
  const compiled = performance.now()
  const state = yield* makeDeviceState(inputs)
  const [times, processor]: [Array<number>, Array<number>] = [[], []]
  for (let i = 0; i < steps + WARM; i++) {
    const [start, spent] = [performance.now(), processorMs()]
    for (const executable of executables) yield* state.run(executable, new Map(), ["loss"])
    times.push(performance.now() - start)
    processor.push(processorMs() - spent)
  }
  const costs = levels.map((program) => programCost(program))
  const total = (field: "multiplyAdds" | "bytesMoved") => costs.reduce((sum, cost) => sum + cost[field], 0)
  return {
    ms: median(times.slice(WARM)),
    cpuMs: median(processor.slice(WARM)),
    buildSeconds: (built - begun) / 1000,
    compileSeconds: (compiled - built) / 1000,
    multiplyAdds: total("multiplyAdds"),
    bytesMoved: total("bytesMoved")
  }
}, Effect.scoped)

/** Milliseconds of the last run of each trace, by operator. */
function profileOf(folder: string): ReadonlyArray<readonly [string, number]> {
  const sums = new Map<string, number>()
  for (const file of readdirSync(folder).filter((name) => name.endsWith(".json"))) {
    const events: Array<{ name: string; cat: string; ts: number; dur: number; args: { op_name?: string } }> =
      JSON.parse(readFileSync(join(folder, file), "utf8"))
    const last = events.filter(({ name }) => name === "model_run").at(-1)!
    for (const { name, cat, ts, dur, args } of events) {
      if (cat !== "Node" || !name.endsWith("_kernel_time") || ts < last.ts || ts > last.ts + last.dur) continue
      sums.set(args.op_name!, (sums.get(args.op_name!) ?? 0) + dur / 1000)
    }
  }
  return [...sums].sort((a, b) => b[1] - a[1])
}

/** What one process of our side tells. */
type OwnStep = Effect.Effect.Success<ReturnType<typeof measure>>

/** What a process of its own does: it prints one JSON object. */
async function work({ space }: StepBench, flags: StepFlags, worker: string): Promise<void> {
  const { threads, steps, cache, profile } = flags
  const layer = Onnx.layer({
    threads,
    ...(cache === "" ? {} : { cache }),
    ...(profile ? { trace: join(cache, "trace") } : {})
  })
  const measured =
    worker === "machine"
      ? await Effect.runPromise(Effect.provide(backendRates(), layer))
      : await Effect.runPromise(Effect.provide(measure(space, sizesIn(worker)!, steps), layer))
  console.log(JSON.stringify(measured))
}

/** The search step of a space beside PyTorch's, in alternating rounds. */
export async function stepBench(bench: StepBench, flags: StepFlags): Promise<void> {
  if (flags.worker !== undefined) return work(bench, flags, flags.worker)
  const { threads, steps, rounds } = flags
  const line = (text: string) => (flags.json ? console.error(text) : console.log(text))
  const alone = (worker: string, cache: string, trace = false) => {
    const own = ["--worker", worker, "--threads", `${threads}`, "--steps", `${steps}`, "--cache", cache]
    return runAlone(process.execPath, ["--import", "tsx", bench.script, ...own, ...(trace ? ["--profile"] : [])])
  }
  const rates = lastJson((await alone("machine", "")).out)
  const [multiplyAdds, bytes] = [rates.multiplyAdds! / 1e9, rates.bytes! / 1e9]
  line(`this machine, ${threads} threads: ${multiplyAdds.toFixed(0)} G multiply-adds/s, ${bytes.toFixed(0)} GB/s`)
  const results: Array<object> = []
  for (const sizes of flags.config) {
    const [channels, cells, batch, image] = sizes
    const cache = mkdtempSync(join(tmpdir(), "na-nas-step-"))
    const told: Array<OwnStep> = []
    const ours = async (): Promise<StepTimes> => {
      const { out, peakBytes } = await alone(sizes.join(), cache)
      const step = lastJson<OwnStep>(out)
      told.push(step)
      return { ...step, peakBytes }
    }
    line(`${channels} channels, ${cells} ${cellsOf(bench.space)}, batch ${batch}, ${image}×${image}`)
    const sides = { ours, PyTorch: () => bench.peer(flags.peer, sizes, flags) }
    const runs = await alternate(sides, rounds, (name, problem) => line(`  ${name} left out: ${problem}`))
    if (runs.ours === undefined) throw new Error("our own step did not run")
    const [first, again] = [told[0]!, told[1]!]
    const gigabytes = (of: number) => `${(of / 1e9).toFixed(2)} GB`
    const side = (name: string, own: Runs<StepTimes>) =>
      line(`  ${name.padEnd(8)} ${timesText(own)}, peak memory ${gigabytes(peakOf(own))}`)
    side("ours", runs.ours)
    const peer = runs.PyTorch
    const ratio = peer === undefined ? undefined : ratioOf(peer, runs.ours)
    if (peer !== undefined) {
      side("PyTorch", peer)
      line(`  PyTorch ${peer.first.version} / ours: ${ratioText(ratio!)}, ${rounds} rounds`)
    }
    const cached = again.compileSeconds
    line(
      `  programs built in ${first.buildSeconds.toFixed(1)} s, compiled in ${first.compileSeconds.toFixed(1)} s, from disk in ${cached.toFixed(1)} s`
    )
    const [compute, memory] = [first.multiplyAdds / multiplyAdds / 1e6, first.bytesMoved / bytes / 1e6]
    line(
      `  roofline ${compute.toFixed(0)} ms for ${(first.multiplyAdds / 1e9).toFixed(1)} G multiply-adds, ${memory.toFixed(0)} ms for ${gigabytes(first.bytesMoved)} moved`
    )
    if (flags.profile) {
      await alone(sizes.join(), cache, true)
      const profile = profileOf(cache)
      const total = profile.reduce((sum, [, ms]) => sum + ms, 0)
      for (const [name, ms] of profile.slice(0, 12))
        line(`    ${name.padEnd(16)} ${ms.toFixed(0).padStart(6)} ms ${((100 * ms) / total).toFixed(0).padStart(3)} %`)
    }
    rmSync(cache, { recursive: true })
    results.push({
      config: { channels, cells, batch, image },
      rounds,
      ours: medians(runs.ours),
      peer: peer === undefined ? null : medians(peer),
      ratio: ratio === undefined ? null : { ...ratio, noisy: isNoisy(ratio) },
      peakBytes: { ours: peakOf(runs.ours), peer: peer === undefined ? null : peakOf(peer) },
      compileSeconds: first.compileSeconds,
      cachedCompileSeconds: cached,
      rooflineMs: { compute, memory }
    })
  }
  if (flags.json) console.log(JSON.stringify({ threads, configurations: results }))
}

/** The most memory of a side in its rounds. */
function peakOf({ rounds }: Runs<StepTimes>): number {
  return Math.max(...rounds.map(({ peakBytes }) => peakBytes))
}

/** What a space's sizes count. */
function cellsOf(space: StepSpace): string {
  return space === "darts" ? "cells" : "cells a stage"
}
