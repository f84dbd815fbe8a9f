import * as Either from "effect/Either"
import * as Option from "effect/Option"
import { architectureOfKey } from "../../domain/architecture/architecture.ts"
import { drawArchitecture } from "../../domain/architecture/draw.ts"
import { printArchitecture } from "../../domain/architecture/text.ts"
import type { DatasetInfo } from "../../domain/data/dataset.ts"
import { type UsualNetwork, usualNetwork } from "../../domain/network/usual_network.ts"
import type { EpochRecord } from "../../domain/search/gradient/record.ts"
import type { GradientRunSettings } from "../../domain/search/gradient/run_settings.ts"
import type { Space } from "../../domain/space/space.ts"
import type { GradientOutcome } from "../../effects/gradient_search.ts"
import { nextCommands } from "./next_commands.ts"
import { quoted } from "./quoted.ts"

/** All that is told of a finished gradient search. */
export interface GradientResult {
  readonly settings: GradientRunSettings
  readonly space: Space
  readonly info: DatasetInfo
  readonly backend: string
  /** What the backend computes with. */
  readonly device: string
  readonly outcome: GradientOutcome
  /** Wall time of this process. */
  readonly seconds: number
  /** Share of its steps' time that it waited for batches; none where it made no step. */
  readonly inputWait: number | undefined
  readonly run: string | undefined
}

const percent = (share: number) => `${(100 * share).toFixed(1)} %`

/** The machine-readable result: one object. */
export function gradientJson({
  settings,
  space,
  outcome,
  info,
  ...rest
}: GradientResult): Readonly<Record<string, unknown>> {
  const text = (key: string) => printArchitecture(space, architectureOfKey(key))
  const last = outcome.epochs[outcome.epoch]!
  return {
    architecture: text(outcome.architecture),
    epoch: outcome.epoch,
    stopped: outcome.stopped,
    skipShare: last.skipShare,
    validation: last.validation,
    epochs: outcome.epochs.map((epoch) => ({ ...epoch, architecture: text(epoch.architecture) })),
    network: networkOf(space, outcome, info) ?? null,
    dataset: info.name,
    backend: rest.backend,
    device: rest.device,
    seconds: rest.seconds,
    inputWait: rest.inputWait ?? null,
    run: rest.run ?? null,
    next: nextCommands(text(outcome.architecture), settings),
    settings
  }
}

/** The result for people: what was found, how the search went, where it lies, what to type next. */
export function gradientText(result: GradientResult): string {
  const { settings, space, outcome, info, backend, seconds, inputWait, run } = result
  const architecture = architectureOfKey(outcome.architecture)
  const printed = printArchitecture(space, architecture)
  const found = outcome.epochs[outcome.epoch]!
  const every = Math.max(1, Math.ceil(outcome.epochs.length / 8))
  const shown = outcome.epochs.filter(({ epoch }) => epoch % every === every - 1 || epoch === outcome.epochs.length - 1)
  return [
    `${settings.algorithm} in ${space.name} on ${info.name}: ${outcome.epochs.length} ${outcome.epochs.length === 1 ? "epoch" : "epochs"} in ${seconds.toFixed(0)} s on ${backend}${inputWait === undefined ? "" : `, input wait ${percent(inputWait)}`}${outcome.stopped ? ", ended by the stop rule" : ""}`,
    "",
    "  epoch  train loss  valid loss  valid accuracy  gap      skips   entropy  eigenvalue",
    ...shown.map(epochLine),
    "",
    ...drawArchitecture(space, architecture).map((line) => `  ${line}`),
    "",
    `  architecture  ${printed}`,
    `  read off      after epoch ${outcome.epoch + 1}, validation accuracy of the supernet ${percent(found.validation.accuracy)}, skips ${percent(found.skipShare)}`,
    ...networkLine(networkOf(space, outcome, info)),
    "",
    ...(run === undefined
      ? ["not kept: add --run FOLDER to keep and continue a run"]
      : [`kept in ${run}; its curves: tensorboard --logdir ${quoted(run)}`]),
    ...nextCommands(printed, settings).map((command) => `next: ${command}`)
  ].join("\n")
}

function networkOf(space: Space, { architecture }: GradientOutcome, info: DatasetInfo): UsualNetwork | undefined {
  return Option.getOrUndefined(Either.getRight(usualNetwork(space, architectureOfKey(architecture), info)))
}

/** The found network in numbers; no line where its size does not fit the images. */
function networkLine(network: UsualNetwork | undefined): ReadonlyArray<string> {
  if (network === undefined) return []
  const { parameters, multiplyAdds, sizes, image } = network
  const count = (value: number) => value.toLocaleString("en-US")
  const cells = sizes.cells === undefined ? `${sizes.cellsPerStage} cells a stage` : `${sizes.cells} cells`
  return [
    `  from scratch  ${count(parameters)} parameters, ${count(multiplyAdds)} multiply-adds (${sizes.channels} channels, ${cells}, images ${image.join("×")})`
  ]
}

function epochLine({ epoch, weights, validation, skipShare, entropy, eigenvalue }: EpochRecord): string {
  const cells = [
    String(epoch + 1).padStart(7),
    weights.loss.toFixed(3).padStart(12),
    validation.loss.toFixed(3).padStart(12),
    percent(validation.accuracy).padStart(16),
    "  ",
    (validation.gap === null ? "-" : validation.gap.toFixed(3)).padEnd(8),
    percent(skipShare).padStart(6),
    entropy.toFixed(3).padStart(10),
    (eigenvalue === null ? "-" : eigenvalue.toFixed(3)).padStart(12)
  ]
  return cells.join("")
}
