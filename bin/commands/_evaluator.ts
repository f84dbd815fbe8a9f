import { homedir } from "node:os"
import { join } from "node:path"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Folder from "../../src/adapters/checkpoints/folder.ts"
import * as Memory from "../../src/adapters/checkpoints/memory.ts"
import { beginSupernetRun } from "../../src/adapters/checkpoints/run_record.ts"
import * as DatasetFiles from "../../src/adapters/datasets/layer.ts"
import * as SupernetEvaluator from "../../src/adapters/evaluator/supernet.ts"
import * as TableEvaluator from "../../src/adapters/evaluator/table.ts"
import { readConfig, resolveSupernetSettings } from "../../src/adapters/settings/resolve.ts"
import { planSupernet } from "../../src/adapters/supernet/plan.ts"
import { loadBenchmark, readBenchmark } from "../../src/adapters/table/load_benchmark.ts"
import { backendLayer } from "../../src/adapters/tensor/backends.ts"
import { trainingProgress } from "../../src/adapters/terminal/training_progress.ts"
import type { DatasetError } from "../../src/domain/data/dataset.ts"
import type { ProgramError } from "../../src/domain/program/program.ts"
import { EVALUATOR_NAMES, SearchSettings } from "../../src/domain/search/settings.ts"
import { SUPERNET_MEASURES, SupernetSettings } from "../../src/domain/search/supernet/settings.ts"
import type { Space } from "../../src/domain/space/space.ts"
import type { Benchmark } from "../../src/domain/table/benchmark.ts"
import type { TableError } from "../../src/domain/table/table.ts"
import type { CheckpointError } from "../../src/effects/checkpoints.ts"
import { Evaluator } from "../../src/effects/evaluator.ts"
import type { TensorError } from "../../src/effects/tensor_backend.ts"
import type { TrainingDiverged } from "../../src/effects/train_network.ts"
import { batchesLayer } from "./_batches.ts"
import { choice, float, integer, text } from "./_options.ts"

/** Flags that say what evaluates architectures, and how. */
export const EVALUATOR_OPTIONS = {
  evaluator: choice("evaluator", EVALUATOR_NAMES, "what scores architectures (table)"),
  measure: choice("measure", SUPERNET_MEASURES, "supernet: what a score is (error)"),
  validation: float("validation", "supernet: share of the images that scores are measured on (0.5)"),
  scoreBatches: integer("score-batches", "supernet: validation batches that an architecture is scored on (all)"),
  supernetSeed: text("supernet-seed", "supernet: its own seed (that of the search)"),
  supernetRun: text("supernet-run", "folder that keeps the supernet, for further searches too (within that of --run)")
}

type Given = Readonly<Record<string, unknown>>

/** Given settings of a search in which those that only a supernet has stand under `supernet`, where one is asked for. */
export const nestedSettings = Effect.fn("nestedSettings")(function* (config: string | undefined, given: Given) {
  const file = config === undefined ? {} : yield* readConfig(config)
  if ((given.evaluator ?? file.evaluator) !== "supernet") return given
  const isSupernets = (name: string) =>
    Object.hasOwn(SupernetSettings.fields, name) && !Object.hasOwn(SearchSettings.fields, name)
  const split = (own: boolean) => Object.entries(given).filter(([name]) => isSupernets(name) === own)
  return {
    ...Object.fromEntries(split(false)),
    supernet: { ...Object(file.supernet), ...Object.fromEntries(split(true)) }
  }
})

/** An evaluator, ready for a search. */
interface OpenedEvaluator {
  /** The table that candidates or reports come from. */
  readonly benchmark: Benchmark | undefined
  /** What a score is called. */
  readonly score: string
  readonly report: ReadonlyArray<string>
  readonly cost: string | undefined
  readonly goal: SearchSettings["goal"]
  readonly identity: string
  readonly layer: Layer.Layer<
    Evaluator,
    CheckpointError | DatasetError | ProgramError | TableError | TensorError | TrainingDiverged
  >
}

/** The evaluator that settings ask for. `folder` is that of the run. */
export const openEvaluator = Effect.fn("openEvaluator")(function* (
  settings: SearchSettings,
  space: Space,
  folder: string | undefined
) {
  switch (settings.evaluator) {
    case "table": {
      const { benchmark, score, report, cost, synthetic } = yield* loadBenchmark(settings, space)
      if (synthetic)
        yield* Console.error(
          "no --table FILE --score COLUMN: searching a made-up landscape (its scores are no accuracies)"
        )
      const { goal, costFactor } = settings
      const options = { benchmark, score, maximize: goal === "maximize", cost, costFactor }
      const layer = TableEvaluator.layer(options)
      const { identity } = yield* Effect.provide(Evaluator, layer)
      const opened: OpenedEvaluator = { benchmark, score, report, cost, goal, identity, layer }
      return opened
    }
    case "supernet":
      return yield* openSupernet(settings, space, folder)
  }
})

const openSupernet = Effect.fn("openSupernet")(function* (
  settings: SearchSettings,
  space: Space,
  folder: string | undefined
) {
  const own = yield* resolveSupernetSettings(settings.supernet)
  const planned = yield* Effect.provide(planSupernet(own, space, settings.seed), DatasetFiles.layerCached())
  const kept = settings.supernetRun ?? (folder === undefined ? undefined : join(folder, "supernet"))
  if (kept !== undefined)
    yield* beginSupernetRun(kept, {
      version: 1,
      kind: "supernet",
      settings: { ...own, supernetSeed: planned.plan.training.seed },
      data: planned.digest
    })
  const benchmark = yield* readBenchmark(settings, space)
  const progress = yield* trainingProgress(process.stderr, kept !== undefined)
  const backend = {
    cache: join(homedir(), ".cache", "na-nas", "programs"),
    ...(own.threads === undefined ? {} : { threads: own.threads })
  }
  const layer = SupernetEvaluator.layer(planned, progress.show).pipe(
    Layer.tap(() => progress.clear),
    Layer.provide(
      Layer.mergeAll(
        backendLayer(own.backend, backend),
        kept === undefined ? Memory.layer : Folder.layer(kept),
        batchesLayer()
      )
    )
  )
  const opened: OpenedEvaluator = {
    benchmark,
    score: `supernet ${own.measure}`,
    report: settings.report,
    cost: undefined,
    goal: "minimize",
    identity: SupernetEvaluator.supernetIdentity(planned.digest),
    layer
  }
  return opened
})
