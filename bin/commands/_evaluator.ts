import { join } from "node:path"
import * as Console from "effect/Console"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { cacheFolder } from "../../src/adapters/cache_folder.ts"
import { beginSupernetRun } from "../../src/adapters/checkpoints/run_record.ts"
import * as DatasetFiles from "../../src/adapters/datasets/layer.ts"
import * as SupernetEvaluator from "../../src/adapters/evaluator/supernet.ts"
import * as TableEvaluator from "../../src/adapters/evaluator/table.ts"
import { makeTrainEvaluator } from "../../src/adapters/evaluator/train.ts"
import { loadBenchmark, readBenchmark } from "../../src/adapters/table/load_benchmark.ts"
import { backendLayer } from "../../src/adapters/tensor/backends.ts"
import { trainingProgress } from "../../src/adapters/terminal/training_progress.ts"
import { halves } from "../../src/domain/network/cell_networks.ts"
import { DEFAULT_SAMPLES, planSearch, planSpaceSearch } from "../../src/domain/searchers/plan_search.ts"
import type { SearchPlan } from "../../src/domain/searchers/search_plan.ts"
import { type SearchSettings, supernetRunFields } from "../../src/domain/searchers/settings.ts"
import { type Halving, rungsOf, successiveHalving } from "../../src/domain/searchers/successive_halving.ts"
import { encodeSettings } from "../../src/domain/setting/field.ts"
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

/**
 * A search that can be run: what scores its architectures is open for as long as the scope.
 * `folder` is that of the run, if it is kept.
 */
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

const openTableSearch = Effect.fnUntraced(function* (settings: SearchSettings, space: Space) {
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

/** What runs programs and makes batches. */
const openMachine = Effect.fnUntraced(function* ({ backend, threads }: SearchSettings) {
  const options = { cache: cacheFolder("programs"), ...(threads === undefined ? {} : { threads }) }
  return yield* Layer.build(Layer.merge(backendLayer(yield* backendOf(backend), options), batchesLayer()))
})

const openTrainSearch = Effect.fnUntraced(function* (
  settings: SearchSettings,
  space: Space,
  folder: string | undefined
) {
  const plan = yield* planSpaceSearch(settings, space)
  const name = settings.protocol ?? (halves(space) ? "darts-cifar" : "nas-bench-201")
  if (!isTrainingProtocol(name))
    return yield* new SettingsError({
      problem: `\`protocol\`: "${name}" is one of supernets; trainings have ${Object.keys(TRAINING_PROTOCOLS).join(", ")}`
    })
  const protocol = protocolOf(settings, name)
  yield* checkChanges(settings, protocol)
  const { measure, threads } = settings
  const images = yield* Effect.provide(openTrainingImages(settings, protocol), DatasetFiles.layerCached())
  yield* checkTraining(protocol, halves(space) ? "darts" : "nas-bench-201", images.shape)
  const services = yield* openMachine(settings)
  const { algorithm, eta, samples = DEFAULT_SAMPLES } = settings
  const halving = algorithm === "halving" ? { samples, epochs: protocol.epochs, eta } : undefined
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

/**
 * The most epochs that the trainings of a search take: every proposal with all its targets, none of
 * them known.
 */
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
  const plan = yield* planSpaceSearch(settings, space)
  const name = settings.protocol ?? (halves(space) ? "darts" : "nas-bench-201-small")
  if (!isSupernetProtocol(name))
    return yield* new SettingsError({
      problem: `\`protocol\`: "${name}" is one of trainings; supernets have ${Object.keys(SUPERNET_PROTOCOLS).join(", ")}`
    })
  const protocol = changedProtocol(SUPERNET_PROTOCOLS[name], settings)
  yield* checkChanges(settings, protocol)
  const { measure, threads } = settings
  const seed = settings.supernetSeed ?? settings.seed
  const data = { ...settings, seed }
  const images = yield* Effect.provide(openTrainingImages(data, protocol), DatasetFiles.layerCached())
  const { digest } = images.dataset.info
  const supernet = yield* planSupernet({ space, protocol, images, measure, scoreBatches: settings.scoreBatches })
  const services = yield* openMachine(settings)
  const { name: backend } = Context.get(services, TensorBackend)
  const identity = SupernetEvaluator.supernetIdentity(supernet, { backend, threads, data: digest })
  const kept = settings.supernetRun ?? (folder === undefined ? undefined : join(folder, "supernet"))
  if (kept !== undefined) {
    const begun = { ...encodeSettings(supernetRunFields, { ...settings, protocol: name }), supernetSeed: seed }
    yield* beginSupernetRun(kept, { version: 2, kind: "supernet", settings: begun, data: digest })
  }
  const tables = settings.table.length === 0 ? undefined : yield* readBenchmark(settings, space)
  const reporter =
    tables === undefined ? undefined : yield* Layer.build(TableEvaluator.reporterLayer(tables, settings.report))
  if (tables === undefined && settings.report.length > 0)
    return yield* new SettingsError({ problem: "`report`: name the `table` that has these columns" })
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
