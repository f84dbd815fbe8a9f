import { join } from "node:path"
import * as Console from "effect/Console"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Layer from "effect/Layer"
import { cacheFolder } from "../../src/adapters/cache_folder.ts"
import { beginSupernetRun } from "../../src/adapters/checkpoints/run_record.ts"
import * as DatasetFiles from "../../src/adapters/datasets/layer.ts"
import * as SupernetEvaluator from "../../src/adapters/evaluator/supernet.ts"
import * as TableEvaluator from "../../src/adapters/evaluator/table.ts"
import { makeTrainEvaluator } from "../../src/adapters/evaluator/train.ts"
import { flagOf } from "../../src/adapters/settings/resolve.ts"
import { loadBenchmark, readBenchmark } from "../../src/adapters/table/load_benchmark.ts"
import { backendLayer } from "../../src/adapters/tensor/backends.ts"
import { trainingProgress } from "../../src/adapters/terminal/training_progress.ts"
import { halves } from "../../src/domain/network/cell_networks.ts"
import {
  SUPERNET_SETTINGS,
  TRAIN_ALONE_SETTINGS,
  TRAIN_SETTINGS
} from "../../src/domain/searchers/evaluator_settings.ts"
import { DEFAULT_SAMPLES, planSearch, planSpaceSearch } from "../../src/domain/searchers/plan_search.ts"
import type { SearchPlan } from "../../src/domain/searchers/search_plan.ts"
import type { SearchSettings } from "../../src/domain/searchers/settings.ts"
import { type Halving, rungsOf, successiveHalving } from "../../src/domain/searchers/successive_halving.ts"
import { SettingsError } from "../../src/domain/setting/settings_error.ts"
import type { Space } from "../../src/domain/space/space.ts"
import { isSupernetProtocol, SUPERNET_PROTOCOLS } from "../../src/domain/supernet/protocols.ts"
import { changedProtocol, isTrainingProtocol, TRAINING_PROTOCOLS } from "../../src/domain/training/protocol.ts"
import { checkChanges, protocolOf } from "../../src/domain/training/run_settings.ts"
import { Evaluator } from "../../src/effects/ports/evaluator.ts"
import { Reporter } from "../../src/effects/ports/reporter.ts"
import { TensorBackend } from "../../src/effects/ports/tensor_backend.ts"
import { planSupernet } from "../../src/effects/programs/plan_supernet.ts"
import { checkTraining, openTrainingImages, usedImages } from "../../src/effects/programs/plan_training.ts"
import { type RepeatOptions, repeatSearch } from "../../src/effects/programs/repeat_search.ts"
import { SHORTER, trainingPlanLine } from "../../src/report/run_plan.ts"
import { backendOf } from "./_backend.ts"
import { batchesLayer } from "./_batches.ts"
import { keptIn } from "./_kept.ts"

/** A search that can be run: what scores its architectures is open for as long as the scope. `folder` is that of the run, if it is kept. */
export const openSearch = Effect.fn("openSearch")(function* (
  settings: SearchSettings,
  space: Space,
  folder: string | undefined
) {
  switch (settings.evaluator) {
    case "table":
      return yield* openTableSearch(settings, space)
    case "train":
      return yield* openTrainSearch(settings, space, folder)
    case "supernet":
      return yield* openSupernetSearch(settings, space, folder)
  }
})

/** Refuses settings that are given and stand for nothing: `of` says what they are no settings of. */
function refuse(
  settings: SearchSettings,
  isForeign: (name: string) => boolean,
  of: string
): Either.Either<void, SettingsError> {
  const isGiven = (value: unknown) => value !== undefined && !(Array.isArray(value) && value.length === 0)
  const foreign = Object.entries(settings).find(([name, value]) => isForeign(name) && isGiven(value))?.[0]
  if (foreign === undefined) return Either.right(undefined)
  return Either.left(new SettingsError({ problem: `${foreign} (${flagOf(foreign)}): is no setting of ${of}` }))
}

const openTableSearch = Effect.fnUntraced(function* (settings: SearchSettings, space: Space) {
  yield* refuse(settings, (name) => TRAIN_SETTINGS.has(name), "a search over a table; --evaluator train has it")
  yield* refuse(settings, (name) => SUPERNET_SETTINGS.has(name), "a search over a table; --evaluator supernet has it")
  const { benchmark, score, report, cost, read, synthetic } = yield* loadBenchmark(settings, space)
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
    info: undefined,
    used: undefined,
    read,
    run: (repetitions: RepeatOptions) => Effect.provideService(repeatSearch(plan, repetitions), Evaluator, evaluator)
  }
})

/** Settings that only searches over tables have. */
const TABLE_SETTINGS: ReadonlySet<string> = new Set(["table", "key", "score", "report", "cost"])

/** What runs programs and makes batches. */
const openMachine = Effect.fnUntraced(function* ({ backend = "auto", threads }: SearchSettings) {
  const options = { cache: cacheFolder("programs"), ...(threads === undefined ? {} : { threads }) }
  return yield* Layer.build(Layer.merge(backendLayer(yield* backendOf(backend), options), batchesLayer()))
})

const openTrainSearch = Effect.fnUntraced(function* (
  settings: SearchSettings,
  space: Space,
  folder: string | undefined
) {
  yield* refuse(settings, (name) => TABLE_SETTINGS.has(name), "a search by training; --evaluator table has it")
  yield* refuse(settings, (name) => SUPERNET_SETTINGS.has(name), "a search by training; --evaluator supernet has it")
  const plan = yield* planSpaceSearch(settings, space)
  const name = settings.protocol ?? (halves(space) ? "darts-cifar" : "nas-bench-201")
  if (!isTrainingProtocol(name))
    return yield* new SettingsError({
      problem: `protocol (--protocol): "${name}" is one of supernets; trainings have ${Object.keys(TRAINING_PROTOCOLS).join(", ")}`
    })
  const protocol = protocolOf(settings, name)
  yield* checkChanges(settings, protocol)
  const { dataset = "mnist", validation = 0.5, measure = "error", threads } = settings
  const data = { ...settings, dataset, validation }
  const images = yield* Effect.provide(openTrainingImages(data, protocol), DatasetFiles.layerCached())
  yield* checkTraining(protocol, halves(space) ? "darts" : "nas-bench-201", images.shape)
  const services = yield* openMachine(settings)
  const { successiveHalving: eta, samples = DEFAULT_SAMPLES } = settings
  const halving = eta === undefined ? undefined : { samples, epochs: protocol.epochs, eta }
  const totalEpochs = settings.repeat * mostEpochs(settings, plan, halving, protocol.epochs)
  const told = { kept: folder !== undefined, shorter: SHORTER.trainings, totalEpochs, prefix: "training " }
  const progress = yield* trainingProgress(process.stderr, told)
  const evaluator = yield* Effect.provide(
    makeTrainEvaluator({
      space,
      protocol,
      images,
      measure,
      threads,
      folder: settings.cache ?? cacheFolder("trainings"),
      onProgress: progress.show
    }),
    services
  )
  yield* progress.note(
    `${Math.ceil(totalEpochs / protocol.epochs)} trainings at most; ${trainingPlanLine(name, protocol, { ...images, epochs: protocol.epochs }, images.dataset.info, images.shape)}`
  )
  const halved = halving === undefined ? plan : { ...plan, searcher: successiveHalving, settings: halving }
  return {
    score: `validation ${measure === "error" ? "error" : "loss"}`,
    identity: evaluator.identity,
    reportOf: () => new Map(),
    info: images.dataset.info,
    used: usedImages(images),
    read: undefined,
    run: (repetitions: RepeatOptions) =>
      repeatSearch(halved, repetitions).pipe(
        Effect.provideService(Evaluator, evaluator),
        Effect.ensuring(progress.clear)
      )
  }
})

/** The most epochs that the trainings of a search take: every proposal with all its targets, none of them known. */
function mostEpochs(
  { samples, evaluations, uniqueEvaluations }: SearchSettings,
  { objective: { objective, ball } }: SearchPlan,
  halving: Halving | undefined,
  epochs: number
): number {
  const neighbors =
    objective._tag === "Own"
      ? 0
      : Math.min(ball.changes, objective.neighbors === "all" ? ball.changes : objective.neighbors)
  if (halving === undefined) {
    const limits = [samples === undefined ? [] : samples * (1 + neighbors), evaluations ?? [], uniqueEvaluations ?? []]
    return epochs * Math.min(...(limits.flat().length === 0 ? [DEFAULT_SAMPLES * (1 + neighbors)] : limits.flat()))
  }
  const rungs = rungsOf(halving)
  return rungs.reduce(
    (sum, rung, i) => sum + rung.candidates * (1 + neighbors) * (rung.epochs - (rungs[i - 1]?.epochs ?? 0)),
    0
  )
}

const openSupernetSearch = Effect.fnUntraced(function* (
  settings: SearchSettings,
  space: Space,
  folder: string | undefined
) {
  yield* refuse(
    settings,
    (name) => ["score", "cost"].includes(name),
    "a search with a supernet; --evaluator table has it"
  )
  yield* refuse(
    settings,
    (name) => TRAIN_ALONE_SETTINGS.has(name),
    "a search with a supernet; --evaluator train has it"
  )
  const plan = yield* planSpaceSearch(settings, space)
  const name = settings.protocol ?? (halves(space) ? "darts" : "nas-bench-201-small")
  if (!isSupernetProtocol(name))
    return yield* new SettingsError({
      problem: `protocol (--protocol): "${name}" is one of trainings; supernets have ${Object.keys(SUPERNET_PROTOCOLS).join(", ")}`
    })
  const protocol = changedProtocol(SUPERNET_PROTOCOLS[name], settings)
  yield* checkChanges(settings, protocol)
  const { dataset = "mnist", validation = 0.5, measure = "error", threads } = settings
  const seed = settings.supernetSeed ?? settings.seed
  const data = { ...settings, dataset, validation, seed }
  const images = yield* Effect.provide(openTrainingImages(data, protocol), DatasetFiles.layerCached())
  const { digest } = images.dataset.info
  const supernet = yield* planSupernet({ space, protocol, images, measure, scoreBatches: settings.scoreBatches })
  const services = yield* openMachine(settings)
  const { name: backend } = Context.get(services, TensorBackend)
  const identity = SupernetEvaluator.supernetIdentity(supernet, { backend, threads, data: digest })
  const kept = settings.supernetRun ?? (folder === undefined ? undefined : join(folder, "supernet"))
  if (kept !== undefined) {
    const own = Object.entries(settings).filter(
      ([one, value]) => TRAIN_SETTINGS.has(one) && one !== "measure" && value !== undefined
    )
    const begun = { ...Object.fromEntries(own), supernetSeed: seed }
    yield* beginSupernetRun(kept, { version: 1, kind: "supernet", settings: begun, data: digest })
  }
  const tables = settings.table.length === 0 ? undefined : yield* readBenchmark(settings, space)
  const reporter =
    tables === undefined ? undefined : yield* Layer.build(TableEvaluator.reporterLayer(tables, settings.report))
  if (tables === undefined)
    yield* refuse(settings, (one) => one === "report", "a search without a table: add --table FILE")
  const told = { kept: kept !== undefined, shorter: SHORTER.training, prefix: "supernet " }
  const progress = yield* trainingProgress(process.stderr, told)
  yield* progress.note(
    `supernet by ${trainingPlanLine(name, protocol, supernet.training, images.dataset.info, images.shape)}`
  )
  const layer = SupernetEvaluator.layer({ plan: supernet, identity }, progress.show).pipe(
    Layer.tap(() => progress.clear),
    Layer.provide(Layer.merge(Layer.succeedContext(services), keptIn(kept)))
  )
  return {
    score: `supernet ${measure}`,
    identity,
    reportOf: reporter === undefined ? () => new Map() : Context.get(reporter, Reporter).report,
    info: images.dataset.info,
    used: usedImages(images),
    read: undefined,
    run: (repetitions: RepeatOptions) =>
      repeatSearch(plan, repetitions).pipe(Effect.provide(layer), Effect.ensuring(progress.clear))
  }
})
