/**
 * DARTS and its relatives on a small CIFAR-10 in the space of NAS-Bench-201, where DARTS collapses
 * to skip connections: what each finds, by the benchmark's own table, epoch by epoch.
 *
 *     npx tsx bench/cifar10_study.ts --data FOLDER --table nb201.csv.gz [--out runs/cifar10_study] [--only darts,hard-n2]
 *         [--seeds 0,1,2] [--epochs 25] [--threads 1] [--eigenvalue 5] [--results bench/results] [--report]
 *
 * Writes the table and the plot of what is there, which is all that `--report` does. `--eigenvalue
 * 5`: of the Hessian in alpha, after every fifth epoch; 0 for none. It costs a third of an epoch of
 * DARTS. Kill it and give the same command again: finished runs stay, the one that was going goes
 * on. Two processes share the work, since a run that another process has is passed over. What is
 * finished is kept beside the table as well (`--results`). Every run is a run of `bin/search.ts`,
 * whose command is printed. No search sees a column of the table.
 */
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import * as NodeContext from "@effect/platform-node/NodeContext"
import * as Schema from "@effect/schema/Schema"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { batchesLayer } from "../bin/commands/_batches.ts"
import { flagOf } from "../bin/commands/_command.ts"
import { openSearch } from "../bin/commands/_evaluator.ts"
import { cacheFolder } from "../src/adapters/cache_folder.ts"
import * as Folder from "../src/adapters/checkpoints/folder.ts"
import { beginGradientRun, GRADIENT_VERSION } from "../src/adapters/checkpoints/run_record.ts"
import * as NoCurves from "../src/adapters/curves/none.ts"
import * as DatasetFiles from "../src/adapters/datasets/layer.ts"
import { openStoredRun } from "../src/adapters/run_store/stored_run.ts"
import { backendLayer } from "../src/adapters/tensor/backends.ts"
import { progressLine } from "../src/adapters/terminal/darts_progress.ts"
import { METHODS, methodNamed } from "../src/domain/darts/methods/methods.ts"
import { dartsRun, encodeDartsRun } from "../src/domain/darts/run_settings.ts"
import { decodeSearch, samplingAlgorithm, samplingFields } from "../src/domain/searchers/settings.ts"
import { encodeSettings } from "../src/domain/setting/field.ts"
import { builtinSpace } from "../src/domain/space/spaces.ts"
import { type DartsProgress, runDartsSearch } from "../src/effects/programs/darts_search.ts"
import { planDartsSearch } from "../src/effects/programs/plan_darts.ts"
import { scriptFlags, text, toggle, value, whole } from "./_flags.ts"
import { studyPlot } from "./_study_plot.ts"
import { readRuns, Spent } from "./_study_results.ts"
import { collapseTable, studyPage, studyTable } from "./_study_table.ts"
import { COMMON, samples, VARIANTS, type Variant } from "./_study_variants.ts"

const values = scriptFlags({
  data: text("../shared/data"),
  table: text("../shared/data/nb201.csv.gz"),
  out: text("runs/cifar10_study"),
  only: value(VARIANTS, `some of ${VARIANTS.map(({ name }) => name).join()}`, variantsIn),
  seeds: value(["0", "1", "2"], "seeds, as 0,1,2", (given) => given.split(",")),
  epochs: whole(25),
  threads: whole(1),
  eigenvalue: whole(5, 0),
  results: text("bench/results"),
  report: toggle
})

const { only: chosen, eigenvalue: every, seeds, threads } = values

function variantsIn(names: string): ReadonlyArray<Variant> | undefined {
  const variants = names.split(",").map((name) => VARIANTS.find((one) => one.name === name))
  return variants.every((one) => one !== undefined) ? variants : undefined
}

/** A file is there whole, or as it was before. */
function writeWhole(file: string, text: string): void {
  writeFileSync(`${file}.draft`, text)
  renameSync(`${file}.draft`, file)
}

const writeJson = (file: string, value: unknown) => writeWhole(file, `${JSON.stringify(value)}\n`)

/** What all processes have spent on a run so far, and what notes it for the next one. */
function clockOf(folder: string) {
  const file = join(folder, "spent.json")
  const before = existsSync(file)
    ? Schema.decodeSync(Schema.parseJson(Spent))(readFileSync(file, "utf8"))
    : { wall: 0, cpu: 0 }
  const [wall, cpu] = [performance.now(), process.cpuUsage()]
  const spent = (): Spent => {
    const { user, system } = process.cpuUsage(cpu)
    return { wall: before.wall + (performance.now() - wall) / 1e3, cpu: before.cpu + (user + system) / 1e6 }
  }
  return { spent, note: () => writeJson(file, spent()) }
}

/** The command that does the same as a run of the study. */
function command({ algorithm, ...given }: Readonly<Record<string, unknown>>, folder: string): string {
  const flags = Object.entries(given).flatMap(([name, value]) =>
    typeof value === "boolean" ? [`--${value ? "" : "no-"}${flagOf(name).slice(2)}`] : [flagOf(name), value]
  )
  return ["npx tsx bin/search.ts", algorithm, ...flags, "--run", folder].join(" ")
}

/** A search that samples, with the weights of a supernet. */
const runSampling = Effect.fn("runSampling")(function* (
  variant: Variant,
  seed: string,
  given: Readonly<Record<string, unknown>>,
  folder: string
) {
  console.log(command(given, folder))
  const { algorithm = "na-rs", ...own } = given
  const settings = yield* decodeSearch(yield* samplingAlgorithm(String(algorithm)), own)
  const told = encodeSettings(samplingFields(settings.algorithm, settings.evaluator), settings)
  const { spent, note } = clockOf(folder)
  const { begin } = yield* openStoredRun(folder, () =>
    Effect.succeed({ algorithm: settings.algorithm, settings: told })
  )
  const { identity, run } = yield* openSearch(settings, builtinSpace(COMMON.space), folder)
  const [outcome] = yield* run({ seed, repeat: 1, onProgress: () => Effect.sync(note) }).pipe(
    Effect.provide(yield* begin({ algorithm: settings.algorithm, settings: told, evaluator: identity }))
  )
  const { architecture, ownLoss } = outcome!
  const error = ownLoss ?? Number.NaN
  writeJson(join(folder, "result.json"), {
    _tag: "Sampling",
    variant: variant.name,
    seed,
    ...spent(),
    architecture,
    error
  })
  console.log(`${variant.name} seed ${seed}: done`)
}, Effect.scoped)

const runOne = Effect.fn("runOne")(function* (variant: Variant, seed: string) {
  const folder = join(values.out, `${variant.name}-seed${seed}`)
  const result = join(folder, "result.json")
  if (existsSync(result)) return
  if (variant.retired !== undefined) return console.log(`passed over ${variant.name}: ${variant.retired}`)
  mkdirSync(folder, { recursive: true })
  const common = { ...COMMON, ...variant.settings, data: values.data, epochs: values.epochs, seed }
  if (samples(variant)) {
    const supernetRun = join(values.out, `supernet-seed${seed}`)
    return yield* runSampling(variant, seed, { ...common, threads, supernetRun }, folder)
  }
  const given = {
    ...common,
    backend: "onnx",
    threads,
    ...(every === 0 ? {} : { eigenvalue: true, eigenvalueEvery: every })
  }
  console.log(command(given, folder))
  const { algorithm, ...own }: Readonly<Record<string, unknown>> = given
  const asked = yield* dartsRun(methodNamed(String(algorithm)) ?? METHODS[0], own)
  const { plan, info, run } = yield* Effect.provide(
    planDartsSearch(asked, builtinSpace(COMMON.space)),
    DatasetFiles.layerCached()
  )
  yield* beginGradientRun(folder, {
    ...{ version: GRADIENT_VERSION, algorithm: run.method.name, settings: encodeDartsRun(run) },
    data: info.digest
  })
  const { spent, note } = clockOf(folder)
  const onProgress = (now: DartsProgress) =>
    Effect.sync(() => {
      if (now.step < now.steps) return
      note()
      console.log(`${variant.name} seed ${seed}: ${progressLine(now)}`)
    })
  const cache = cacheFolder("programs")
  const outcome = yield* runDartsSearch(plan, onProgress).pipe(
    Effect.provide(
      Layer.mergeAll(backendLayer("onnx", { cache, threads }), Folder.layer(folder), batchesLayer(), NoCurves.layer)
    )
  )
  const { stopped, epoch: readOff, epochs } = outcome
  writeJson(result, { _tag: "Gradient", variant: variant.name, seed, ...spent(), stopped, readOff, epochs })
  console.log(`${variant.name} seed ${seed}: done`)
})

/**
 * Finished runs lie beside the table too, so that a study goes on where its run folders are gone.
 * Moves what one of both places lacks.
 */
function shareFinished(): void {
  const kept = join(values.results, "cifar10_study")
  mkdirSync(kept, { recursive: true })
  for (const variant of chosen)
    for (const seed of seeds) {
      const folder = join(values.out, `${variant.name}-seed${seed}`)
      const [own, recorded] = [join(folder, "result.json"), join(kept, `${variant.name}-seed${seed}.json`)]
      if (existsSync(own) && !existsSync(recorded)) writeWhole(recorded, readFileSync(own, "utf8"))
      if (existsSync(own) || !existsSync(recorded)) continue
      mkdirSync(folder, { recursive: true })
      writeWhole(own, readFileSync(recorded, "utf8"))
    }
}

/** Writes the table and the plot of all runs that there are. */
const report = Effect.gen(function* () {
  shareFinished()
  const { runs, convolutions } = yield* readRuns(values.out, values.table, chosen, seeds)
  if (runs.length === 0) return console.log(`no runs in ${values.out}`)
  mkdirSync(values.results, { recursive: true })
  writeWhole(join(values.results, "cifar10_study.md"), studyPage(runs, convolutions))
  writeWhole(join(values.results, "cifar10_study.svg"), yield* Effect.promise(() => studyPlot(runs)))
  console.log(`${studyTable(runs)}\n\n${collapseTable(runs)}`)
})

const passOver = (error: Error) => Effect.sync(() => console.log(`passed over: ${error.message}`))

const program = Effect.gen(function* () {
  if (values.report) return yield* report
  shareFinished()
  for (const seed of seeds)
    for (const variant of chosen)
      yield* Effect.catchTags(runOne(variant, seed), { CheckpointError: passOver, RunStoreError: passOver })
  yield* report
})

await Effect.runPromise(Effect.provide(program, NodeContext.layer))
