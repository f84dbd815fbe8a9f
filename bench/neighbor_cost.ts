/**
 * What neighbors cost a step of a search by gradients, beside PyTorch.
 *
 *     npx tsx bench/neighbor_cost.ts [--neighbors 0,1,2,4,8] [--config 8,5,32,28] [--space darts] [--threads 2]
 *         [--steps 4] [--rounds 3] [--peer torch_darts_step.py] [--cpu] [--json]
 *
 * A configuration is channels, cells, batch, image size. `both`: neighbors in both updates, ours
 * alone, against n + 1 times a step without neighbors. `alpha`: neighbors in the alpha update,
 * which is what the peer does. For each n, these and the step without neighbors take turns in
 * rounds, a process each; a ratio is the median of the rounds' ratios, beside its quartiles. Steps
 * are those of `runDartsSearch`, whole: batches on their way to the device, all runs, both updates.
 * `--cpu`: times and ratios are of processor time in place of wall time, for a machine that others
 * use too; with one thread the two are the same on a quiet machine.
 */
import { mkdtempSync, rmSync } from "node:fs"
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
import { dartsSearch } from "../src/domain/darts/method.ts"
import { naDarts } from "../src/domain/darts/methods/na_darts.ts"
import { stepPrograms } from "../src/domain/darts/step_programs.ts"
import { spaceSearchNetwork } from "../src/domain/network/cell_networks.ts"
import { initialWeights } from "../src/domain/network/initial_weights.ts"
import { fullName } from "../src/domain/program/port.ts"
import { keyOf, uniformAt } from "../src/domain/random.ts"
import { builtinSpace, SPACE_NAMES } from "../src/domain/space/spaces.ts"
import { runDartsSearch } from "../src/effects/programs/darts_search.ts"
import type { DartsPlan } from "../src/effects/programs/darts_step.ts"
import { choice, scriptFlags, sizes, text, toggle, whole, wholes } from "./_flags.ts"
import { type StepTimes, torchDartsStep } from "./_peers.ts"
import { alternate, isNoisy, median, medians, processorMs, type Runs, ratioOf, ratioText } from "./_rounds.ts"
import { lastJson, runAlone } from "./_run_alone.ts"

const flags = scriptFlags({
  neighbors: wholes([0, 1, 2, 4, 8], 0),
  config: sizes([8, 5, 32, 28]),
  space: choice(SPACE_NAMES, "darts"),
  threads: whole(2),
  steps: whole(4),
  rounds: whole(3),
  peer: text("../shared/peers/torch_darts_step.py"),
  cpu: toggle,
  json: toggle,
  /** What a process of its own measures: the number of neighbors and the updates that see them. */
  worker: text(undefined),
  cache: text("")
})
const [channels, cells, batch, size] = flags.config
const { threads, steps, rounds } = flags
const clock = flags.cpu ? "cpuMs" : "ms"
const space = builtinSpace(flags.space)
/** Steps before those that are timed, and the last one, which ends with a checkpoint. */
const [WARM, LAST] = [2, 1]

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
  const asked = yield* dartsSearch(naDarts, given)
  const { weightLayout } = yield* stepPrograms(asked, network)
  const parameters = new Map(weightLayout.map(({ name, shape }) => [name, shape]))
  const examples = 2 * batch * (WARM + steps + LAST)
  const shape = [3, size, size] as const
  const key = keyOf("images")
  const images = Float32Array.from({ length: examples * 3 * size * size }, (_, i) => 2 * uniformAt(key, i) - 1)
  const labels = Int32Array.from({ length: examples }, (_, i) => i % 10)
  const train = { shape, images, labels }
  const { train: reader } = yield* memoryDataset({ name: "made up", classes: 10, train, test: train })
  const plan: DartsPlan = {
    ...asked,
    space,
    network,
    examples,
    seed: "0",
    initial: new Map(
      [...initialWeights(parameters, "0")].map(([name, data]) => [fullName({ role: "parameter", name }), data])
    ),
    reader,
    request: (indices) => ({ indices, options: { classes: 10 } })
  }
  const [times, processor]: [Array<number>, Array<number>] = [[], []]
  let [before, spent] = [Number.NaN, Number.NaN]
  yield* runDartsSearch(plan, () =>
    Effect.sync(() => {
      const [now, used] = [performance.now(), processorMs()]
      times.push(now - before)
      processor.push(used - spent)
      ;[before, spent] = [now, used]
    })
  )
  const timed = (all: ReadonlyArray<number>) => median(all.slice(WARM, WARM + steps))
  return { ms: timed(times), cpuMs: timed(processor) }
})

async function ours(neighbors: number, updates: "both" | "alpha", cache: string): Promise<StepTimes> {
  const network = ["--config", `${flags.config}`, "--space", flags.space]
  const own = ["--worker", `${neighbors},${updates}`, "--cache", cache]
  const args = [fileURLToPath(import.meta.url), ...network, "--threads", `${threads}`, "--steps", `${steps}`, ...own]
  const { out, peakBytes } = await runAlone(process.execPath, ["--import", "tsx", ...args])
  return { ...lastJson<Omit<StepTimes, "peakBytes">>(out), peakBytes }
}

if (flags.worker !== undefined) {
  const [neighbors, updates] = flags.worker.split(",") as [string, "both" | "alpha"]
  const layers = Layer.mergeAll(Onnx.layer({ threads, cache: flags.cache }), Memory.layer, Inline.layer, NoCurves.layer)
  const program = Effect.provide(measure(Number(neighbors), updates), layers)
  console.log(JSON.stringify(await Effect.runPromise(program)))
} else {
  const cache = mkdtempSync(join(tmpdir(), "na-nas-neighbors-"))
  const line = (text: string) => (flags.json ? console.error(text) : console.log(text))
  const time = flags.cpu ? "processor time" : "wall time"
  line(
    `${flags.space}: ${channels} channels, ${cells} cells, batch ${batch}, ${size}×${size}, ${threads} threads, ${time}, ${rounds} rounds of ${steps}`
  )
  const leftOut = (name: string, problem: string) => line(`    ${name.padEnd(8)} left out: ${problem}`)
  const rows: Array<object> = []
  for (const neighbors of flags.neighbors) {
    line(`  n = ${neighbors}`)
    const sides: Record<string, () => Promise<StepTimes>> = { alone: () => ours(0, "both", cache) }
    if (neighbors > 0) {
      sides.both = () => ours(neighbors, "both", cache)
      sides.alpha = () => ours(neighbors, "alpha", cache)
    }
    if (flags.space === "darts")
      sides.PyTorch = () => torchDartsStep(flags.peer, flags.config, { threads, steps }, neighbors)
    const runs = await alternate(sides, rounds, leftOut)
    const row: Record<string, object | number> = { neighbors }
    for (const [name, own] of Object.entries(runs)) {
      const { ms, cpuMs } = medians(own!)
      const peakBytes = Math.max(...own!.rounds.map((round) => round.peakBytes))
      line(
        `    ${name.padEnd(8)} ${ms.toFixed(0)} ms, ${(cpuMs / 1000).toFixed(2)} processor s, peak ${(peakBytes / 1e6).toFixed(0)} MB`
      )
      row[name] = { ms, cpuMs, peakBytes }
    }
    const { alone, both, alpha = alone, PyTorch } = runs
    const compare = (
      name: string,
      over: Runs<StepTimes> | undefined,
      under: Runs<StepTimes> | undefined,
      steps = 1
    ) => {
      if (over === undefined || under === undefined) return
      const ratio = ratioOf(over, under, clock, steps)
      line(`    ${name}: ${ratioText(ratio)}`)
      row[name] = { ...ratio, noisy: isNoisy(ratio) }
    }
    compare(`both / ${neighbors + 1} steps alone`, both, alone, neighbors + 1)
    compare("PyTorch / alpha", PyTorch, alpha)
    rows.push(row)
  }
  rmSync(cache, { recursive: true })
  if (flags.json)
    console.log(JSON.stringify({ space: flags.space, config: `${flags.config}`, threads, steps, rounds, rows }))
}
