import * as Command from "@effect/cli/Command"
import * as Schema from "@effect/schema/Schema"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import { cacheFolder } from "../../src/adapters/cache_folder.ts"
import { beginTrainingRun, readTrainingRun } from "../../src/adapters/checkpoints/run_record.ts"
import { mendStopped, noteStop, type RunStop } from "../../src/adapters/checkpoints/stopped_run.ts"
import * as DatasetFiles from "../../src/adapters/datasets/layer.ts"
import { resolveTrainingSettings } from "../../src/adapters/settings/resolve.ts"
import { backendLayer } from "../../src/adapters/tensor/backends.ts"
import { runnable } from "../../src/adapters/terminal/run_command.ts"
import { trainingProgress } from "../../src/adapters/terminal/training_progress.ts"
import { readSubject } from "../../src/adapters/training/subject.ts"
import { writeWeights } from "../../src/adapters/training/weights.ts"
import { SettingsError } from "../../src/domain/setting/settings_error.ts"
import { checkChanges, protocolOf, TrainingRunSettings } from "../../src/domain/training/run_settings.ts"
import type { Dataset } from "../../src/effects/ports/datasets.ts"
import { TensorBackend } from "../../src/effects/ports/tensor_backend.ts"
import { openTrainingImages, planTraining, usedImages } from "../../src/effects/programs/plan_training.ts"
import { trainNetwork } from "../../src/effects/programs/train_network.ts"
import { SHORTER, trainingPlanLine } from "../../src/report/run_plan.ts"
import { trainingJson, trainingText } from "../../src/report/training_report.ts"
import { backendOf, deviceOf } from "./_backend.ts"
import { batchesLayer } from "./_batches.ts"
import { EVALUATE_OPTIONS } from "./_evaluate_options.ts"
import { keptIn } from "./_kept.ts"
import { givenSettings } from "./_options.ts"

const HELP = `Train an architecture from scratch and measure it once on all test images.

Examples:

  evaluate --architecture DARTS_V2 --dataset cifar10 --run runs/darts-v2 --save-weights

  evaluate --architecture '|nor_conv_3x3~0|+|none~0|nor_conv_1x1~1|+|skip_connect~0|none~1|nor_conv_3x3~2|' --dataset cifar10 --protocol nas-bench-201

  evaluate --architecture DARTS_V1 --dataset image-folder --data imagenet --protocol darts-imagenet

  evaluate --architecture DARTS_V2 --channels 4 --cells 3 --epochs 2 --image-size 16 --auxiliary-weight 0 --cutout 4 --flip no

  evaluate --run runs/darts-v2              continues a run, or shows its result

A protocol is that of a publication; every flag goes before its number. The images of an epoch that do not fill a batch wait for the next epoch's
order. Test images are measured with running statistics, the last batch too.

Exit codes: 0 done, 1 failed, 2 wrong usage, 130 interrupted.`

/** The settings of a run: those given, over those that a run that continues was begun with. Another architecture tells its space anew. */
const settingsOf = Effect.fnUntraced(function* (
  config: string | undefined,
  given: Readonly<Record<string, unknown>>,
  run: string | undefined
) {
  const stored = run === undefined ? undefined : yield* readTrainingRun(run)
  if (config === undefined && given.architecture === undefined && stored === undefined)
    return yield* new SettingsError({
      problem: run === undefined ? "add --architecture" : `"${run}" holds no run: add --architecture to begin one`
    })
  const begunWith = given.architecture === undefined ? stored?.settings : withoutSpace(stored?.settings)
  const asked = yield* resolveTrainingSettings(config, given, begunWith)
  const kept = run === undefined || stored === undefined ? undefined : { folder: run, backend: stored.settings.backend }
  return { asked, kept }
})

function withoutSpace(settings: TrainingRunSettings | undefined): TrainingRunSettings | undefined {
  if (settings === undefined) return undefined
  const { space: _, ...rest } = settings
  return rest
}

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

const command = Command.make(
  "evaluate",
  EVALUATE_OPTIONS,
  Effect.fn("evaluate")(function* ({ config, run: folder, json, saveWeights, ...flags }) {
    const run = Option.getOrUndefined(folder)
    if (saveWeights && run === undefined)
      return yield* new SettingsError({ problem: "--save-weights needs a folder: add --run FOLDER" })
    const { asked, kept } = yield* settingsOf(Option.getOrUndefined(config), givenSettings(flags), run)
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
    const stop = (reason: RunStop) => (run === undefined ? Effect.void : Effect.ignore(noteStop(run, reason)))
    if (run !== undefined)
      yield* mendStopped(run, {
        settings: Schema.encodeSync(TrainingRunSettings)(settings),
        data: info.digest,
        train: info.train
      })
    if (run !== undefined) yield* beginTrainingRun(run, { version: 1, kind: "training", settings, data: info.digest })
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
).pipe(Command.withDescription(HELP))

export const { main, within } = runnable(command, "evaluate")
