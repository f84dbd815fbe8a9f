/**
 * What neighbors cost: milliseconds of a step of NA-DARTS with n neighbors, beside n + 1 separate steps of DARTS, and PyTorch's.
 *
 *     npx tsx bench/neighbor_cost.ts [--neighbors 0,1,2,4,8] [--config 8,5,32,28] [--space darts] [--threads 2] [--steps 6]
 *         [--peer torch_darts_step.py] [--cpu] [--json]
 *
 * A configuration is channels, cells, batch, image size. `both`: neighbors in both updates, ours alone, against n + 1 times a step without neighbors. `alpha`: neighbors in the
 * alpha update, which is what the peer does. Each measurement has a process of its own, so that its peak memory can be told. Steps are those of `gradientSearch`, whole: batches
 * on their way to the device, all runs, both updates. `--cpu`: processor time in place of wall time, for a machine that others use too; with one thread the two are the same on
 * a quiet machine.
 */
import { existsSync, mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Memory from "../src/adapters/checkpoints/memory.ts"
import * as NoCurves from "../src/adapters/curves/none.ts"
import { memoryDataset } from "../src/adapters/datasets/memory.ts"
import * as Inline from "../src/adapters/datasets/on_demand.ts"
import * as Onnx from "../src/adapters/tensor/onnx.ts"
import { spaceSearchNetwork } from "../src/domain/network/cell_networks.ts"
import { initialWeights } from "../src/domain/network/initial_weights.ts"
import { keyOf, uniformAt } from "../src/domain/random.ts"
import { gradientSearch as settingsOf } from "../src/domain/search/gradient/settings.ts"
import { stepPrograms } from "../src/domain/search/gradient/step_programs.ts"
import { builtinSpace, SPACE_NAMES } from "../src/domain/space/spaces.ts"
import { gradientSearch } from "../src/effects/gradient_search.ts"
import type { GradientPlan } from "../src/effects/gradient_step.ts"
import { median } from "./_darts_programs.ts"
import { choice, scriptFlags, sizes, text, toggle, whole, wholes } from "./_flags.ts"
import { lastJson, runAlone } from "./_run_alone.ts"

const flags = scriptFlags({
  neighbors: wholes([0, 1, 2, 4, 8], 0),
  config: sizes([8, 5, 32, 28]),
  space: choice(SPACE_NAMES, "darts"),
  threads: whole(2),
  steps: whole(6),
  peer: text("../shared/peers/torch_darts_step.py"),
  cpu: toggle,
  json: toggle,
  /** What a process of its own measures: the number of neighbors and the updates that see them. */
  worker: text(undefined),
  cache: text("")
})
const [channels, cells, batch, size] = flags.config
const { threads, steps } = flags
const space = builtinSpace(flags.space)
/** Steps before those that are timed, and the last one, which ends with a checkpoint. */
const [WARM, LAST] = [2, 1]

/** Milliseconds by the clock that was asked for. */
function clock(): number {
  if (!flags.cpu) return performance.now()
  const { user, system } = process.cpuUsage()
  return (user + system) / 1000
}

/** The median milliseconds of a step. */
const measure = Effect.fn("measure")(function* (neighbors: number, updates: "both" | "alpha") {
  const halves = space.cells.some((cell) => cell.stride === 2)
  const network = yield* spaceSearchNetwork(space, {
    ...(halves ? { cells } : { cellsPerStage: cells }),
    channels,
    classes: 10,
    image: [batch, 3, size, size]
  })
  const given = { neighbors, steps: updates, batchSize: batch, epochs: 1 }
  const settings = yield* settingsOf("NaDarts", "darts", given)
  const { weightLayout } = yield* stepPrograms(settings, network)
  const parameters = new Map([...weightLayout].map(([name, shape]) => [name.slice("param/".length), shape]))
  const examples = 2 * batch * (WARM + steps + LAST)
  const shape = [3, size, size] as const
  const key = keyOf("images")
  const images = Float32Array.from({ length: examples * 3 * size * size }, (_, i) => 2 * uniformAt(key, i) - 1)
  const labels = Int32Array.from({ length: examples }, (_, i) => i % 10)
  const train = { shape, images, labels }
  const { train: reader } = yield* memoryDataset({ name: "made up", classes: 10, train, test: train })
  const plan: GradientPlan = {
    space,
    settings,
    network,
    examples,
    seed: "0",
    initial: new Map([...initialWeights(parameters, "0")].map(([name, data]) => [`param/${name}`, data])),
    eigenvalueEvery: 0,
    reader,
    request: (indices) => ({ indices, options: { classes: 10 } })
  }
  const times: Array<number> = []
  let before = Number.NaN
  yield* gradientSearch(plan, () =>
    Effect.sync(() => {
      const now = clock()
      times.push(now - before)
      before = now
    })
  )
  return { msPerStep: median(times.slice(WARM, WARM + steps)) }
})

interface Cost {
  readonly ms: number
  readonly peakBytes: number
}

async function ours(neighbors: number, updates: "both" | "alpha", cache: string): Promise<Cost> {
  const network = ["--config", `${flags.config}`, "--space", flags.space]
  const same = [...network, "--threads", `${threads}`, "--steps", `${steps}`, ...(flags.cpu ? ["--cpu"] : [])]
  const own = ["--worker", `${neighbors},${updates}`, "--cache", cache]
  const args = ["--import", "tsx", fileURLToPath(import.meta.url), ...same, ...own]
  const { out, peakBytes } = await runAlone(process.execPath, args)
  return { ms: lastJson(out).msPerStep!, peakBytes }
}

/** Runs a script of Python whose clock is the processor's. */
const CPU_CLOCK =
  "import runpy, sys, time; time.perf_counter = time.process_time; del sys.argv[0]; runpy.run_path(sys.argv[0], run_name='__main__')"

async function theirs(neighbors: number): Promise<Cost | undefined> {
  if (!existsSync(flags.peer) || flags.space !== "darts") return undefined
  const network = ["--channels", channels, "--layers", cells, "--batch", batch, "--image", size]
  const clocked = flags.cpu ? ["-c", CPU_CLOCK, flags.peer] : [flags.peer]
  const args = [...clocked, ...network, "--neighbors", neighbors, "--threads", threads, "--steps", steps].map(String)
  try {
    const { out, peakBytes } = await runAlone("python3", args)
    return { ms: lastJson(out).ms_per_step!, peakBytes }
  } catch (error) {
    console.error(`no peer: ${error instanceof Error ? error.message : String(error)}; pip install torch`)
    return undefined
  }
}

if (flags.worker !== undefined) {
  const [neighbors, updates] = flags.worker.split(",") as [string, "both" | "alpha"]
  const layers = Layer.mergeAll(Onnx.layer({ threads, cache: flags.cache }), Memory.layer, Inline.layer, NoCurves.layer)
  const program = Effect.provide(measure(Number(neighbors), updates), layers)
  console.log(JSON.stringify(await Effect.runPromise(program)))
} else {
  const cache = mkdtempSync(join(tmpdir(), "na-nas-neighbors-"))
  const megabytes = ({ peakBytes }: Cost) => `${(peakBytes / 1e6).toFixed(0)} MB`
  const cell = (text: string) => text.padStart(14)
  if (!flags.json) {
    console.log(
      `${flags.space}: ${channels} channels, ${cells} cells, batch ${batch}, ${size}×${size}, ${threads} threads${flags.cpu ? ", processor time" : ""}`
    )
    const names = ["n", "both", "of n+1 steps", "peak", "alpha", "peak", "PyTorch alpha", "its peak", "PyTorch/ours"]
    console.log(names.map(cell).join(""))
  }
  const rows = []
  let alone = Number.NaN
  for (const neighbors of flags.neighbors) {
    const both = await ours(neighbors, "both", cache)
    const alpha = neighbors === 0 ? both : await ours(neighbors, "alpha", cache)
    const peer = await theirs(neighbors)
    if (neighbors === 0) alone = both.ms
    const share = both.ms / ((neighbors + 1) * alone)
    const row = { neighbors, both, alpha, peer: peer ?? null, shareOfSeparateSteps: Number.isNaN(share) ? null : share }
    rows.push(row)
    if (flags.json) continue
    const texts = [
      `${neighbors}`,
      `${both.ms.toFixed(0)} ms`,
      Number.isNaN(share) ? "–" : share.toFixed(2),
      megabytes(both),
      `${alpha.ms.toFixed(0)} ms`,
      megabytes(alpha),
      peer === undefined ? "–" : `${peer.ms.toFixed(0)} ms`,
      peer === undefined ? "–" : megabytes(peer),
      peer === undefined ? "–" : (peer.ms / alpha.ms).toFixed(2)
    ]
    console.log(texts.map(cell).join(""))
  }
  rmSync(cache, { recursive: true })
  if (flags.json) console.log(JSON.stringify({ space: flags.space, config: `${flags.config}`, threads, steps, rows }))
}
