import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { cacheFolder } from "../../src/adapters/cache_folder.ts"
import { beginTrainingRun, readTrainingRun } from "../../src/adapters/checkpoints/run_record.ts"
import { mendStopped, noteStop, type RunStop } from "../../src/adapters/checkpoints/stopped_run.ts"
import * as DatasetFiles from "../../src/adapters/datasets/layer.ts"
import { readConfig } from "../../src/adapters/settings/config_file.ts"
import { backendLayer } from "../../src/adapters/tensor/backends.ts"
import { trainingProgress } from "../../src/adapters/terminal/training_progress.ts"
import { readSubject } from "../../src/adapters/training/subject.ts"
import { writeWeights } from "../../src/adapters/training/weights.ts"
import { decodeSettings, encodeSettings, field, type Given, grouped } from "../../src/domain/setting/field.ts"
import { yesNo } from "../../src/domain/setting/kind.ts"
import { SettingsError } from "../../src/domain/setting/settings_error.ts"
import { checkChanges, protocolOf, trainingRunFields } from "../../src/domain/training/run_settings.ts"
import type { Dataset } from "../../src/effects/ports/datasets.ts"
import { TensorBackend } from "../../src/effects/ports/tensor_backend.ts"
import { openTrainingImages, planTraining, usedImages } from "../../src/effects/programs/plan_training.ts"
import { trainNetwork } from "../../src/effects/programs/train_network.ts"
import { SHORTER, trainingPlanLine } from "../../src/report/run_plan.ts"
import { trainingJson, trainingText } from "../../src/report/training_report.ts"
import { backendOf, deviceOf } from "./_backend.ts"
import { batchesLayer } from "./_batches.ts"
import { runnable } from "./_command.ts"
import { keptIn } from "./_kept.ts"
import { keptOptions } from "./_run_options.ts"

/**
 * The settings of a run: those given, over those that a run that continues was begun with. Another
 * architecture tells its space anew.
 */
const settingsOf = Effect.fnUntraced(function* (config: string | undefined, typed: Given, run: string | undefined) {
  const given = { ...(yield* readConfig(config)), ...typed }
  const stored = run === undefined ? undefined : yield* readTrainingRun(run)
  const { space, ...rest } = stored?.settings ?? {}
  const begunWith = given.architecture === undefined && space !== undefined ? { ...rest, space } : rest
  const asked = yield* decodeSettings(trainingRunFields, { ...begunWith, ...given }, { of: "a training" })
  if (asked.architecture === undefined)
    return yield* new SettingsError({
      problem: run === undefined ? "add `architecture`" : `"${run}" holds no run: add \`architecture\` to begin one`
    })
  const known = stored === undefined ? undefined : yield* decodeSettings(trainingRunFields, stored.settings)
  const kept = run === undefined || known === undefined ? undefined : { folder: run, backend: known.backend }
  return { asked: { ...asked, architecture: asked.architecture }, kept }
})

/** From how many test images on it is told that they are looked at. */
const MANY_IMAGES = 5000

/**
 * A training that begins looks at the test images first: what is wrong with one would else be found
 * behind the last epoch.
 */
const checkTestImages = Effect.fnUntraced(function* ({ info, checkTest }: Dataset) {
  if (info.test >= MANY_IMAGES && checkTest !== Effect.void)
    yield* Console.error(`looking whether all ${info.test.toLocaleString("en-US")} test images can be read`)
  yield* checkTest
})

const options = {
  ...grouped("Run", { saveWeights: field(yesNo, false, "end with the weights in the run's folder, for export") }),
  ...keptOptions
}

export const { main, within } = runnable({
  name: "evaluate",
  summary: "Train an architecture from scratch and measure it once on all test images.",
  about:
    "A protocol is that of a publication; every flag goes before its number. Images of an epoch that do not " +
    "fill a batch wait for the next epoch's order. Test images are measured with running statistics.",
  examples: [
    "evaluate --architecture DARTS_V2 --dataset cifar10 --run runs/darts-v2 --save-weights",
    "evaluate --architecture 333333 --space nas-bench-201 --dataset cifar10 --protocol nas-bench-201",
    "evaluate --architecture DARTS_V1 --dataset image-folder --data imagenet --protocol darts-imagenet",
    "evaluate --run runs/darts-v2              continues a run, or shows its result"
  ],
  settings: trainingRunFields,
  options,
  run: Effect.fn("evaluate")(function* ({ given, options: { config, run, json, saveWeights } }) {
    if (saveWeights && run === undefined)
      return yield* new SettingsError({ problem: "`saveWeights` needs a folder: add `run`" })
    const { asked, kept } = yield* settingsOf(config, given, run)
    const subject = yield* readSubject(asked.architecture, asked.space)
    const name = asked.protocol ?? (subject.skeleton === "darts" ? "darts-cifar" : "nas-bench-201")
    const protocol = protocolOf(asked, name)
    yield* checkChanges(asked, protocol)
    const images = yield* Effect.provide(openTrainingImages(asked, protocol), DatasetFiles.layerCached())
    const { info } = images.dataset
    if (kept === undefined) yield* checkTestImages(images.dataset)
    const { plan, network } = yield* planTraining(protocol, subject, images, true)
    const backendName = yield* backendOf(asked.backend, kept)
    const settings = {
      ...asked,
      architecture: subject.text,
      space: subject.space,
      protocol: name,
      backend: backendName
    }
    const encoded = encodeSettings(trainingRunFields, settings)
    const stop = (reason: RunStop) => (run === undefined ? Effect.void : Effect.ignore(noteStop(run, reason)))
    if (run !== undefined)
      yield* mendStopped(run, {
        settings: encoded,
        data: info.digest,
        train: info.train
      })
    if (run !== undefined)
      yield* beginTrainingRun(run, { version: 2, kind: "training", settings: encoded, data: info.digest })
    const progress = yield* trainingProgress(process.stderr, { kept: run !== undefined, shorter: SHORTER.training })
    const layers = Layer.mergeAll(
      backendLayer(backendName, {
        cache: cacheFolder("programs"),
        ...(settings.threads === undefined ? {} : { threads: settings.threads })
      }),
      keptIn(run),
      batchesLayer()
    )
    const { trained, backend, weights } = yield* Effect.gen(function* () {
      yield* deviceOf(backendName)
      yield* progress.note(trainingPlanLine(name, protocol, plan, info, images.shape, network.parameters))
      const trained = yield* trainNetwork(plan, progress.show)
      const weights =
        saveWeights && run !== undefined
          ? yield* writeWeights(run, {
              ...{ tensors: trained.tensors, position: trained.position, step: plan.step },
              ...{ parameters: network.shapes, normalization: images.normalization }
            })
          : undefined
      return { trained, backend: (yield* TensorBackend).name, weights }
    }).pipe(
      Effect.tapErrorTag("TrainingDiverged", ({ what }) =>
        what === "test loss" ? Effect.void : stop({ _tag: "Diverged" })
      ),
      Effect.tapErrorTag("DatasetError", () => stop({ _tag: "BadData", train: info.train })),
      Effect.onInterrupt(() => progress.interrupted),
      Effect.ensuring(progress.clear),
      Effect.provide(layers)
    )
    const result = {
      settings,
      protocol,
      position: trained.position,
      parameters: network.parameters,
      multiplyAdds: network.multiplyAdds,
      info,
      used: usedImages(images),
      shape: images.shape,
      normalization: images.normalization,
      backend,
      run,
      weights,
      exportable: subject.exportable
    }
    if (json) yield* Console.error(trainingText(result))
    yield* Console.log(json ? JSON.stringify(trainingJson(result)) : trainingText(result))
  })
})
