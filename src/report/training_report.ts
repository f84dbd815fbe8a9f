import type { DatasetInfo, ImageShape } from "../domain/data/dataset.ts"
import type { Normalization } from "../domain/data/normalization.ts"
import type { TrainingProtocol, TrainingProtocolName } from "../domain/training/protocol.ts"
import type { TrainedEpoch, TrainingPosition } from "../domain/training/record.ts"
import type { TrainingRunSettings } from "../domain/training/run_settings.ts"
import { aligned, table } from "./aligned.ts"
import { dataJson, dataRows, type UsedImages } from "./data_report.ts"
import { duration } from "./duration.ts"
import { networkFlags } from "./next_commands.ts"
import { quoted } from "./quoted.ts"

/** All that is told of a finished training. */
export interface TrainingResult {
  readonly settings: TrainingRunSettings & { readonly architecture: string; readonly space: string } & {
    readonly space: string
    readonly protocol: TrainingProtocolName
  }
  /** The protocol with the settings' numbers. */
  readonly protocol: TrainingProtocol
  readonly position: TrainingPosition
  readonly parameters: number
  readonly multiplyAdds: number
  readonly info: DatasetInfo
  readonly used: UsedImages
  /** Of the images that the network saw. */
  readonly shape: ImageShape
  /** What its images were normalized with, as an exported network takes them. */
  readonly normalization: Normalization | undefined
  readonly backend: string
  readonly run: string | undefined
  /** File of the weights. */
  readonly weights: string | undefined
  readonly exportable: boolean
}

/** The machine-readable result: one object. */
export function trainingJson({ position, ...result }: TrainingResult): Readonly<Record<string, unknown>> {
  return {
    version: 1,
    architecture: result.settings.architecture,
    test: position.test,
    parameters: result.parameters,
    multiplyAdds: result.multiplyAdds,
    epochs: position.epochs,
    protocol: result.protocol,
    dataset: result.info.name,
    data: dataJson(result.info, result.used),
    image: result.shape,
    normalization: result.normalization ?? null,
    backend: result.backend,
    seconds: position.seconds,
    run: result.run ?? null,
    weights: result.weights ?? null,
    settings: result.settings
  }
}

const percent = (share: number) => `${(100 * share).toFixed(2)} %`
const count = (value: number) => value.toLocaleString("en-US")

/**
 * The result for people: how the training went, the test score, the network's size, where the run
 * lies, what to type next.
 */
export function trainingText(result: TrainingResult): string {
  const { settings, position, info, backend, run } = result
  const { epochs, seconds } = position
  const every = Math.max(1, Math.ceil(epochs.length / 8))
  const shown = epochs.filter(({ epoch }) => epoch % every === every - 1 || epoch === epochs.length - 1)
  const plural = epochs.length === 1 ? "epoch" : "epochs"
  return [
    `${settings.protocol} on ${info.name}: ${epochs.length} ${plural} in ${duration(seconds)} on ${backend}`,
    "",
    "  epoch  learning rate  train loss  train accuracy  validation accuracy",
    ...shown.map(epochLine),
    "",
    ...table(rows(result)),
    "",
    run === undefined
      ? "not kept: add --run FOLDER to keep and continue a run"
      : `kept in ${run}; its curves: tensorboard --logdir ${quoted(run)}`,
    ...(result.weights === undefined ? [] : [`weights in ${result.weights}`]),
    ...next(result)
  ].join("\n")
}

function rows(result: TrainingResult): ReadonlyArray<readonly [string, string]> {
  const { test } = result.position
  const tested =
    test === null
      ? "not measured: the data have no test images"
      : `${percent(test.accuracy)} (loss ${test.loss.toFixed(4)}, ${count(test.images)} images, measured once)`
  return [
    ...dataRows(result.info, result.used),
    ["architecture", result.settings.architecture],
    ["test accuracy", tested],
    ...(result.normalization === undefined
      ? []
      : [["normalization", normalizationText(result.normalization)] as const]),
    ["network", `${count(result.parameters)} parameters, ${count(result.multiplyAdds)} multiply-adds an image`]
  ]
}

/** What the pixels of an image go through before the network. */
function normalizationText({ mean, std }: Normalization): string {
  const list = (numbers: ReadonlyArray<number>) => numbers.map((value) => Number(value.toPrecision(6))).join(",")
  return `pixels from 0 to 1, mean ${list(mean)}, deviation ${list(std)}`
}

function epochLine({ epoch, learningRate, training, validation }: TrainedEpoch): string {
  return aligned(
    [7, 15, 12, 16, 21],
    [
      String(epoch + 1),
      learningRate.toPrecision(3),
      training.loss.toFixed(3),
      percent(training.accuracy),
      validation === null ? "-" : percent(validation.accuracy)
    ]
  )
}

function next({ settings, protocol, shape, info, run, ...result }: TrainingResult): ReadonlyArray<string> {
  const { weights, exportable, normalization } = result
  if (!exportable) return []
  if (weights === undefined)
    return run === undefined ? [] : [`next: npx tsx bin/evaluate.ts --run ${quoted(run)} --save-weights`]
  const sizes = [
    networkFlags(protocol, shape, info.classes),
    `--weights ${quoted(weights)}`,
    ...(normalization === undefined ? [] : ["--normalize"])
  ].join(" ")
  return [
    `next: npx tsx bin/export.ts --architecture ${quoted(settings.architecture)} --space ${quoted(settings.space)} ${sizes} --out network.onnx`
  ]
}
