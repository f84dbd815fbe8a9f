import { architectureOfKey } from "../domain/architecture/architecture.ts"
import { printArchitecture } from "../domain/architecture/text.ts"
import type { EpochRecord } from "../domain/darts/record.ts"
import { type DartsRun, encodeDartsRun } from "../domain/darts/run_settings.ts"
import type { DatasetInfo } from "../domain/data/dataset.ts"
import type { Space } from "../domain/space/space.ts"
import type { GradientOutcome } from "../effects/programs/darts_search.ts"
import { dataJson, dataRows, type UsedImages } from "./data_report.ts"
import { foundOn } from "./found_report.ts"
import { quoted } from "./quoted.ts"

/** All that is told of a finished gradient search. */
export interface GradientResult {
  readonly search: DartsRun
  readonly space: Space
  readonly info: DatasetInfo
  readonly used: UsedImages
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

/** The record of the epoch that the result was read off. */
function keptEpoch({ epochs, epoch }: GradientOutcome): EpochRecord {
  return epochs.find((record) => record.epoch === epoch)!
}

/** The machine-readable result: one object. */
export function gradientJson({
  search,
  space,
  outcome,
  info,
  ...rest
}: GradientResult): Readonly<Record<string, unknown>> {
  const text = (key: string) => printArchitecture(space, architectureOfKey(key))
  const last = keptEpoch(outcome)
  const { network, next } = foundOn(space, architectureOfKey(outcome.architecture), info, search.settings)
  return {
    architecture: text(outcome.architecture),
    epoch: outcome.epoch,
    stopped: outcome.stopped,
    skipShare: last.skipShare,
    validation: last.validation,
    epochs: outcome.epochs.map((epoch) => ({ ...epoch, architecture: text(epoch.architecture) })),
    network: network ?? null,
    dataset: info.name,
    data: dataJson(info, rest.used),
    backend: rest.backend,
    device: rest.device,
    seconds: rest.seconds,
    inputWait: rest.inputWait ?? null,
    run: rest.run ?? null,
    next,
    algorithm: search.method.name,
    settings: encodeDartsRun(search)
  }
}

/** The result for people: what was found, how the search went, where it lies, what to type next. */
export function gradientText(result: GradientResult): string {
  const { search, space, outcome, info, backend, seconds, inputWait, run } = result
  const architecture = architectureOfKey(outcome.architecture)
  const printed = printArchitecture(space, architecture)
  const { drawn, size, next, full } = foundOn(space, architecture, info, search.settings)
  const kept = keptEpoch(outcome)
  const every = Math.max(1, Math.ceil(outcome.epochs.length / 8))
  const shown = outcome.epochs.filter(({ epoch }) => epoch % every === every - 1 || epoch === outcome.epochs.length - 1)
  return [
    `${search.method.name} in ${space.name} on ${info.name}: ${outcome.epochs.length} ${outcome.epochs.length === 1 ? "epoch" : "epochs"} in ${seconds.toFixed(0)} s on ${backend}${inputWait === undefined ? "" : `, input wait ${percent(inputWait)}`}${outcome.stopped ? ", ended by the stop rule" : search.settings.readEpoch !== undefined ? ", ended by --read-epoch" : ""}`,
    "",
    "  epoch  train loss  valid loss  valid accuracy  gap      skips   entropy  eigenvalue",
    ...shown.map(epochLine),
    "",
    ...drawn.map((line) => `  ${line}`),
    "",
    ...dataRows(info, result.used).map(([name, value]) => `  ${name.padEnd(12)}  ${value}`),
    `  architecture  ${printed}`,
    `  read off      after epoch ${outcome.epoch + 1}, validation accuracy of the supernet ${percent(kept.validation.accuracy)}, skips ${percent(kept.skipShare)}`,
    ...(size === undefined ? [] : [`  ${size.join("  ")}`]),
    "",
    ...(run === undefined
      ? ["not kept: add --run FOLDER to keep and continue a run"]
      : [`kept in ${run}; its curves: tensorboard --logdir ${quoted(run)}`]),
    ...next.map((command) => `next: ${command}`),
    ...(full === undefined ? [] : [full])
  ].join("\n")
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
