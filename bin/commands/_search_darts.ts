import * as Clock from "effect/Clock"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { cacheFolder } from "../../src/adapters/cache_folder.ts"
import { beginGradientRun, GRADIENT_VERSION, readGradientRun } from "../../src/adapters/checkpoints/run_record.ts"
import { mendStopped, noteStop, type RunStop } from "../../src/adapters/checkpoints/stopped_run.ts"
import * as DatasetFiles from "../../src/adapters/datasets/layer.ts"
import { readConfig } from "../../src/adapters/settings/config_file.ts"
import { loadSpace } from "../../src/adapters/space/file.ts"
import { backendLayer } from "../../src/adapters/tensor/backends.ts"
import { dartsProgress } from "../../src/adapters/terminal/darts_progress.ts"
import { architectureOfKey } from "../../src/domain/architecture/architecture.ts"
import type { Method } from "../../src/domain/darts/method.ts"
import { METHODS, methodNamed } from "../../src/domain/darts/methods/methods.ts"
import { dartsRun, encodeDartsRun } from "../../src/domain/darts/run_settings.ts"
import { machineFields } from "../../src/domain/data/data_fields.ts"
import { elementCount } from "../../src/domain/program/program.ts"
import { decodeSettings } from "../../src/domain/setting/field.ts"
import { foundNetwork } from "../../src/domain/training/found_network.ts"
import { TensorBackend } from "../../src/effects/ports/tensor_backend.ts"
import { runDartsSearch } from "../../src/effects/programs/darts_search.ts"
import { planDartsSearch } from "../../src/effects/programs/plan_darts.ts"
import { dartsJson, dartsText } from "../../src/report/darts_report.ts"
import { dartsPlanLine } from "../../src/report/run_plan.ts"
import { backendOf, deviceOf } from "./_backend.ts"
import { batchesLayer } from "./_batches.ts"
import { keptIn } from "./_kept.ts"
import type { SearchCommand } from "./_search_table.ts"

/** Batches that are made ahead: those of two steps. */
const BATCHES_AHEAD = 4

/**
 * Search by gradients. Without a method it is that of the run which the folder holds, else
 * NA-DARTS, and so are settings that nobody gives.
 */
export const searchDarts = Effect.fn("searchDarts")(function* (
  named: Method | undefined,
  { config, given, run, json }: SearchCommand
) {
  const begun = yield* Clock.currentTimeMillis
  const stored = run === undefined ? undefined : yield* readGradientRun(run)
  const method = named ?? methodNamed(stored?.algorithm ?? "") ?? METHODS[0]
  const begunWith = stored !== undefined && method.name === stored.algorithm ? stored.settings : {}
  const asked = yield* dartsRun(method, { ...begunWith, ...(yield* readConfig(config)), ...given })
  const space = yield* loadSpace(asked.settings.space)
  const planned = yield* Effect.provide(planDartsSearch(asked, space), DatasetFiles.layerCached())
  const { plan, info, used } = planned
  const { backend: backendField } = machineFields
  const kept =
    run === undefined || stored === undefined
      ? undefined
      : { folder: run, ...(yield* decodeSettings({ backend: backendField }, { backend: stored.settings.backend })) }
  const backendName = yield* backendOf(asked.settings.backend, kept)
  const search = { ...planned.run, settings: { ...planned.run.settings, backend: backendName } }
  const settings = encodeDartsRun(search)
  const { threads } = search.settings
  const stop = (reason: RunStop) => (run === undefined ? Effect.void : Effect.ignore(noteStop(run, reason)))
  if (run !== undefined) yield* mendStopped(run, { settings, data: info.digest, train: info.train })
  if (run !== undefined) {
    const algorithm = search.method.name
    yield* beginGradientRun(run, { version: GRADIENT_VERSION, algorithm, settings, data: info.digest })
  }
  const progress = yield* dartsProgress(process.stderr, run !== undefined)
  const backendOptions = {
    cache: cacheFolder("programs"),
    ...(threads === undefined ? {} : { threads })
  }
  const layers = Layer.mergeAll(
    backendLayer(backendName, backendOptions),
    batchesLayer({ ahead: BATCHES_AHEAD }),
    keptIn(run)
  )
  const { outcome, backend, device } = yield* Effect.gen(function* () {
    const { name } = yield* TensorBackend
    const device = yield* deviceOf(backendName)
    const weights = [...planned.parameters.values()].reduce((sum, shape) => sum + elementCount(shape), 0)
    yield* progress.note(dartsPlanLine(plan, planned.run.settings, info, weights))
    return { outcome: yield* runDartsSearch(plan, progress.show), backend: name, device }
  }).pipe(
    Effect.tapErrorTag("DartsDiverged", () => stop({ _tag: "Diverged" })),
    Effect.tapErrorTag("DatasetError", () => stop({ _tag: "BadData", train: info.train })),
    Effect.onInterrupt(() => progress.interrupted),
    Effect.ensuring(progress.clear),
    Effect.provide(layers)
  )
  const seconds = ((yield* Clock.currentTimeMillis) - begun) / 1000
  const found = foundNetwork(space, architectureOfKey(outcome.architecture), search.settings, info)
  const inputWait = yield* progress.inputWait
  const result = { search, space, info, used, backend, device, outcome, found, seconds, inputWait, run }
  if (json) yield* Console.error(dartsText(result))
  yield* Console.log(json ? JSON.stringify(dartsJson(result)) : dartsText(result))
})
