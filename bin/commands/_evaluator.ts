import { homedir } from "node:os"
import { join } from "node:path"
import * as Console from "effect/Console"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as DatasetFiles from "../../src/adapters/datasets/layer.ts"
import * as TableEvaluator from "../../src/adapters/evaluator/table.ts"
import { makeTrainEvaluator } from "../../src/adapters/evaluator/train.ts"
import { flagOf } from "../../src/adapters/settings/resolve.ts"
import { loadBenchmark } from "../../src/adapters/table/load_benchmark.ts"
import { backendLayer } from "../../src/adapters/tensor/backends.ts"
import { makeProgress } from "../../src/adapters/terminal/progress.ts"
import { trainingLine } from "../../src/adapters/terminal/training_progress.ts"
import { openTrainingImages } from "../../src/adapters/training/plan.ts"
import { TRAIN_SETTINGS } from "../../src/domain/search/evaluator_settings.ts"
import { DEFAULT_SAMPLES, planSearch, planSpaceSearch } from "../../src/domain/search/plan_search.ts"
import { type SearchSettings, SettingsError } from "../../src/domain/search/settings.ts"
import type { Space } from "../../src/domain/space/space.ts"
import { protocolOf } from "../../src/domain/training/run_settings.ts"
import { Evaluator } from "../../src/effects/evaluator.ts"
import { halvingSearch } from "../../src/effects/halving_search.ts"
import { type RepeatOptions, repeated, repeatSearch } from "../../src/effects/repeat_search.ts"
import { Reporter } from "../../src/effects/reporter.ts"
import { backendOf } from "./_backend.ts"
import { batchesLayer } from "./_batches.ts"

/** A search that can be run: what scores its architectures is open for as long as the scope. */
export const openSearch = Effect.fn("openSearch")(function* (settings: SearchSettings, space: Space) {
  switch (settings.evaluator) {
    case "table":
      return yield* openTableSearch(settings, space)
    case "train":
      return yield* openTrainSearch(settings, space)
  }
})

const openTableSearch = Effect.fnUntraced(function* (settings: SearchSettings, space: Space) {
  const foreign = Object.entries(settings).find(([name, value]) => TRAIN_SETTINGS.has(name) && value !== undefined)
  if (foreign !== undefined)
    return yield* new SettingsError({
      problem: `${foreign[0]} (${flagOf(foreign[0])}): is no setting of a search over a table; --evaluator train has it`
    })
  const { benchmark, score, report, cost, synthetic } = yield* loadBenchmark(settings, space)
  const plan = yield* planSearch({ ...settings, cost }, space, benchmark)
  if (synthetic)
    yield* Console.error("no --table FILE --score COLUMN: searching a made-up landscape (its scores are no accuracies)")
  const options = { benchmark, score, maximize: settings.goal === "maximize", cost, costFactor: settings.costFactor }
  const services = yield* Layer.build(
    Layer.merge(TableEvaluator.layer(options), TableEvaluator.reporterLayer(benchmark, report))
  )
  const evaluator = Context.get(services, Evaluator)
  return {
    score,
    identity: evaluator.identity,
    reportOf: Context.get(services, Reporter).report,
    run: (repetitions: RepeatOptions) => Effect.provideService(repeatSearch(plan, repetitions), Evaluator, evaluator)
  }
})

/** Settings that only searches over tables have. */
const TABLE_SETTINGS = ["table", "key", "score", "report", "cost"] as const

const openTrainSearch = Effect.fnUntraced(function* (settings: SearchSettings, space: Space) {
  const foreign = TABLE_SETTINGS.find((name) => settings[name] !== undefined && settings[name].length > 0)
  if (foreign !== undefined)
    return yield* new SettingsError({
      problem: `${foreign} (${flagOf(foreign)}): is no setting of a search by training; --evaluator table has it`
    })
  const plan = yield* planSpaceSearch(settings, space)
  const halves = space.cells.some((cell) => cell.stride === 2)
  const protocol = protocolOf(settings, settings.protocol ?? (halves ? "darts-cifar" : "nas-bench-201"))
  const { dataset = "mnist", validation = 0.5, measure = "error", backend = "auto", threads } = settings
  const data = { ...settings, dataset, validation }
  const images = yield* Effect.provide(openTrainingImages(data, protocol), DatasetFiles.layerCached())
  const cache = join(homedir(), ".cache", "na-nas")
  const backendOptions = { cache: join(cache, "programs"), ...(threads === undefined ? {} : { threads }) }
  const services = yield* Layer.build(
    Layer.merge(backendLayer(yield* backendOf(backend), backendOptions), batchesLayer())
  )
  const progress = yield* makeProgress(process.stderr)
  const at = yield* Effect.provide(
    makeTrainEvaluator({
      space,
      protocol,
      images,
      measure,
      threads,
      folder: settings.cache ?? join(cache, "trainings"),
      onProgress: (now) => progress.show(() => `training ${trainingLine(now)}`)
    }),
    services
  )
  const evaluator = at(protocol.epochs)
  const { successiveHalving: eta, samples = DEFAULT_SAMPLES } = settings
  const halving = eta === undefined ? undefined : { candidates: samples, epochs: protocol.epochs, eta }
  return {
    score: `validation ${measure === "error" ? "error" : "loss"}`,
    identity: evaluator.identity,
    reportOf: () => new Map(),
    run: (repetitions: RepeatOptions) =>
      Effect.gen(function* () {
        if (halving === undefined) return yield* repeatSearch(plan, repetitions)
        return yield* repeated(repetitions, (once) => halvingSearch(plan, halving, at, once))
      }).pipe(Effect.provideService(Evaluator, evaluator), Effect.ensuring(progress.clear))
  }
})
