/**
 * Times the first-order DARTS step of the DARTS search network beside PyTorch's in one run: one alpha update on a validation batch, one weight update
 * on a training batch. Ours is the very program that a search runs.
 *
 *     npx tsx bench/darts_step.ts [--peer torch_darts_step.py] [--config 8,5,32,28] [--threads 2] [--steps 8] [--profile] [--json]
 *
 * A configuration is channels, cells, batch, image size. Each runs in a process of its own, so that its peak memory can be told; the second
 * process finds the compiled programs on disk. `--profile` prints where ONNX Runtime's time goes, by operator. The roofline is what this machine's own matrix
 * products and additions would need for the programs' multiply-adds, and for the bytes if each node's operands and result went through memory.
 */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import * as Effect from "effect/Effect"
import * as Onnx from "../src/adapters/tensor/onnx.ts"
import { programCost } from "../src/domain/program/cost.ts"
import { makeDeviceState } from "../src/effects/device_state.ts"
import { TensorBackend } from "../src/effects/tensor_backend.ts"
import { backendRates, dartsStep, median, type StepSizes } from "./_darts_programs.ts"
import { many, scriptFlags, sizes, sizesIn, text, toggle, whole } from "./_flags.ts"
import { lastJson, runAlone } from "./_run_alone.ts"

const flags = scriptFlags({
  peer: text("../shared/peers/torch_darts_step.py"),
  config: many(sizes([8, 5, 32, 28]), [
    [8, 5, 32, 28],
    [16, 8, 64, 32]
  ]),
  threads: whole(2),
  steps: whole(8),
  profile: toggle,
  json: toggle,
  worker: text(undefined),
  cache: text("")
})
const { threads, steps } = flags

interface Measured {
  readonly msPerStep: number
  readonly minMs: number
  readonly buildSeconds: number
  readonly compileSeconds: number
  readonly multiplyAdds: number
  readonly bytesMoved: number
}

/** Our step: what one process measures. */
const measure = Effect.fn("measure")(function* (sizes: StepSizes) {
  const backend = yield* TensorBackend
  const begun = performance.now()
  const { levels, inputs } = yield* dartsStep(sizes)
  const built = performance.now()
  const executables = yield* Effect.forEach(levels, backend.compile)
  const compiled = performance.now()
  const state = yield* makeDeviceState(inputs)
  const times: Array<number> = []
  for (let i = 0; i < steps + 2; i++) {
    const start = performance.now()
    for (const executable of executables) yield* state.run(executable, new Map(), ["loss"])
    times.push(performance.now() - start)
  }
  const costs = levels.map((program) => programCost(program))
  const total = (field: "multiplyAdds" | "bytesMoved") => costs.reduce((sum, cost) => sum + cost[field], 0)
  const measured: Measured = {
    msPerStep: median(times.slice(2)),
    minMs: Math.min(...times.slice(2)),
    buildSeconds: (built - begun) / 1000,
    compileSeconds: (compiled - built) / 1000,
    multiplyAdds: total("multiplyAdds"),
    bytesMoved: total("bytesMoved")
  }
  return measured
}, Effect.scoped)

function ours(config: string, cache: string, trace = false) {
  const self = fileURLToPath(import.meta.url)
  const args = ["--import", "tsx", self, "--worker", config, "--threads", `${threads}`, "--steps", `${steps}`]
  return runAlone(process.execPath, [...args, "--cache", cache, ...(trace ? ["--profile"] : [])])
}

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

if (flags.worker !== undefined) {
  const program = flags.worker === "machine" ? backendRates() : measure(sizesIn(flags.worker)!)
  const trace = flags.profile ? { trace: join(flags.cache, "trace") } : {}
  const cache = flags.cache === "" ? {} : { cache: flags.cache }
  const layer = Onnx.layer({ threads, ...cache, ...trace })
  console.log(
    JSON.stringify(
      await Effect.runPromise(Effect.provide(program as Effect.Effect<unknown, unknown, TensorBackend>, layer))
    )
  )
} else {
  const rates = lastJson((await ours("machine", "")).out)
  const results: Array<object> = []
  const line = (text: string) => (flags.json ? console.error(text) : console.log(text))
  line(
    `this machine, ${threads} threads: ${(rates.multiplyAdds! / 1e9).toFixed(0)} G multiply-adds/s, ${(rates.bytes! / 1e9).toFixed(0)} GB/s`
  )
  for (const [channels, cells, batch, size] of flags.config) {
    const config = [channels, cells, batch, size].join()
    const cache = mkdtempSync(join(tmpdir(), "na-nas-step-"))
    const first = await ours(config, cache)
    const again = await ours(config, cache)
    const [own, cached] = [lastJson(first.out), lastJson(again.out)]
    const peer = existsSync(flags.peer)
      ? await runAlone("python3", [
          ...[flags.peer, "--channels", `${channels}`, "--layers", `${cells}`, "--batch", `${batch}`],
          ...["--image", `${size}`, "--threads", `${threads}`, "--steps", `${steps}`]
        ]).catch((error: Error) => {
          line(`no peer: ${error.message}; pip install torch`)
          return undefined
        })
      : undefined
    const theirs = peer === undefined ? undefined : lastJson(peer.out)
    const time = cached.msPerStep!
    const ratio = theirs === undefined ? undefined : theirs.ms_per_step! / time
    const [compute, memory] = [own.multiplyAdds! / rates.multiplyAdds!, own.bytesMoved! / rates.bytes!]
    line(`${channels} channels, ${cells} cells, batch ${batch}, ${size}×${size}`)
    line(
      `  ours     ${time.toFixed(0)} ms per step (median of ${steps}; in the first process ${own.msPerStep!.toFixed(0)})`
    )
    if (theirs !== undefined)
      line(`  PyTorch  ${theirs.ms_per_step!.toFixed(0)} ms per step (${theirs.version}): ratio ${ratio!.toFixed(2)}`)
    const gigabytes = (bytes: number) => `${(bytes / 1e9).toFixed(2)} GB`
    line(
      `  peak memory ${gigabytes(again.peakBytes)}${peer === undefined ? "" : `, PyTorch ${gigabytes(peer.peakBytes)}`}`
    )
    line(
      `  programs built in ${own.buildSeconds!.toFixed(1)} s, compiled in ${own.compileSeconds!.toFixed(1)} s, from disk in ${cached.compileSeconds!.toFixed(1)} s`
    )
    line(
      `  roofline ${(compute * 1000).toFixed(0)} ms for ${(own.multiplyAdds! / 1e9).toFixed(1)} G multiply-adds, ${(memory * 1000).toFixed(0)} ms for ${gigabytes(own.bytesMoved!)} moved`
    )
    if (flags.profile) {
      await ours(config, cache, true)
      const profile = profileOf(cache)
      const total = profile.reduce((sum, [, ms]) => sum + ms, 0)
      for (const [name, ms] of profile.slice(0, 12))
        line(`    ${name.padEnd(16)} ${ms.toFixed(0).padStart(6)} ms ${((100 * ms) / total).toFixed(0).padStart(3)} %`)
    }
    rmSync(cache, { recursive: true })
    results.push({
      config: { channels, cells, batch, image: size },
      ours: time,
      peer: theirs?.ms_per_step ?? null,
      ratio: ratio ?? null,
      peakBytes: { ours: again.peakBytes, peer: peer?.peakBytes ?? null },
      compileSeconds: own.compileSeconds,
      cachedCompileSeconds: cached.compileSeconds,
      rooflineMs: { compute: compute * 1000, memory: memory * 1000 }
    })
  }
  if (flags.json) console.log(JSON.stringify({ threads, configurations: results }))
}
