import { architectureOfKey } from "../domain/architecture/architecture.ts"
import { printArchitecture } from "../domain/architecture/text.ts"
import type { EpochRecord } from "../domain/darts/record.ts"
import { type DartsRun, encodeDartsRun } from "../domain/darts/run_settings.ts"
import type { DatasetInfo } from "../domain/data/dataset.ts"
import type { Space } from "../domain/space/space.ts"
import type { FoundNetwork } from "../domain/training/found_network.ts"
import type { DartsOutcome } from "../effects/programs/darts_search.ts"
import { aligned, table } from "./aligned.ts"
import { dataJson, dataRows, type UsedImages } from "./data_report.ts"
import { foundReport } from "./found_report.ts"
import { quoted } from "./quoted.ts"

/** All that is told of a finished gradient search. */
interface DartsResult {
  readonly search: DartsRun
  readonly space: Space
  readonly info: DatasetInfo
  readonly used: UsedImages
  readonly backend: string
  /** What the backend computes with. */
  readonly device: string
  readonly outcome: DartsOutcome
  /** The network that was found, with its sizes. */
  readonly found: FoundNetwork
  /** Wall time of this process. */
  readonly seconds: number
  /** Share of its steps' time that it waited for batches; none where it made no step. */
  readonly inputWait: number | undefined
  readonly run: string | undefined
}

const percent = (share: number) => `${(100 * share).toFixed(1)} %`

/** The record of the epoch that the result was read off. */
function keptEpoch({ epochs, epoch }: DartsOutcome): EpochRecord {
  return epochs.find((record) => record.epoch === epoch)!
}

/** The machine-readable result: one object. */
export function dartsJson({
  search,
  space,
  outcome,
  info,
  found,
  ...rest
}: DartsResult): Readonly<Record<string, unknown>> {
  const text = (key: string) => printArchitecture(space, architectureOfKey(key))
  const last = keptEpoch(outcome)
  const { next } = foundReport(space, found, search.settings, info.classes)
  return {
    architecture: text(outcome.architecture),
    epoch: outcome.epoch,
    stopped: outcome.stopped,
    skipShare: last.skipShare,
    validation: last.validation,
    epochs: outcome.epochs.map((epoch) => ({ ...epoch, architecture: text(epoch.architecture) })),
    network: found.network ?? null,
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
export function dartsText(result: DartsResult): string {
  const { search, space, outcome, info, backend, seconds, inputWait, run } = result
  const { drawn, size, next, full } = foundReport(space, result.found, search.settings, info.classes)
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
    ...table([
      ...dataRows(info, result.used),
      ["architecture", printArchitecture(space, result.found.architecture)],
      [
        "read off",
        `after epoch ${outcome.epoch + 1}, validation accuracy of the supernet ${percent(kept.validation.accuracy)}, skips ${percent(kept.skipShare)}`
      ],
      ...(size === undefined ? [] : [size])
    ]),
    "",
    ...(run === undefined
      ? ["not kept: add --run FOLDER to keep and continue a run"]
      : [`kept in ${run}; its curves: tensorboard --logdir ${quoted(run)}`]),
    ...next.map((command) => `next: ${command}`),
    ...(full === undefined ? [] : [full])
  ].join("\n")
}

function epochLine({ epoch, weights, validation, skipShare, entropy, eigenvalue }: EpochRecord): string {
  return aligned(
    [7, 12, 12, 16, 2, -8, 6, 10, 12],
    [
      String(epoch + 1),
      weights.loss.toFixed(3),
      validation.loss.toFixed(3),
      percent(validation.accuracy),
      "",
      validation.gap === null ? "-" : validation.gap.toFixed(3),
      percent(skipShare),
      entropy.toFixed(3),
      eigenvalue === null ? "-" : eigenvalue.toFixed(3)
    ]
  )
}
