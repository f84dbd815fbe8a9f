import { architectureOfKey } from "../../domain/architecture/architecture.ts"
import { drawArchitecture } from "../../domain/architecture/draw.ts"
import { printArchitecture } from "../../domain/architecture/text.ts"
import type { EpochRecord } from "../../domain/search/gradient/record.ts"
import type { GradientRunSettings } from "../../domain/search/gradient/run_settings.ts"
import type { Space } from "../../domain/space/space.ts"
import type { GradientOutcome } from "../../effects/gradient_search.ts"
import { quoted } from "./quoted.ts"

/** All that is told of a finished gradient search. */
export interface GradientResult {
  readonly settings: GradientRunSettings
  readonly space: Space
  readonly dataset: string
  readonly backend: string
  readonly outcome: GradientOutcome
  /** Wall time of this process. */
  readonly seconds: number
  readonly run: string | undefined
}

const percent = (share: number) => `${(100 * share).toFixed(1)} %`

/** The machine-readable result: one object. */
export function gradientJson({ settings, space, outcome, ...rest }: GradientResult): Readonly<Record<string, unknown>> {
  const text = (key: string) => printArchitecture(space, architectureOfKey(key))
  const last = outcome.epochs[outcome.epoch]!
  return {
    architecture: text(outcome.architecture),
    epoch: outcome.epoch,
    stopped: outcome.stopped,
    skipShare: last.skipShare,
    validation: last.validation,
    epochs: outcome.epochs.map((epoch) => ({ ...epoch, architecture: text(epoch.architecture) })),
    dataset: rest.dataset,
    backend: rest.backend,
    seconds: rest.seconds,
    run: rest.run ?? null,
    settings
  }
}

/** The result for people: what was found, how the search went, where it lies, what to type next. */
export function gradientText({ settings, space, outcome, dataset, backend, seconds, run }: GradientResult): string {
  const architecture = architectureOfKey(outcome.architecture)
  const printed = printArchitecture(space, architecture)
  const found = outcome.epochs[outcome.epoch]!
  const every = Math.max(1, Math.ceil(outcome.epochs.length / 8))
  const shown = outcome.epochs.filter(({ epoch }) => epoch % every === every - 1 || epoch === outcome.epochs.length - 1)
  return [
    `${settings.algorithm} in ${space.name} on ${dataset}: ${outcome.epochs.length} epochs in ${seconds.toFixed(0)} s on ${backend}${outcome.stopped ? ", ended by the stop rule" : ""}`,
    "",
    "  epoch  train loss  valid loss  valid accuracy  gap      skips   entropy  eigenvalue",
    ...shown.map(epochLine),
    "",
    ...drawArchitecture(space, architecture).map((line) => `  ${line}`),
    "",
    `  architecture  ${printed}`,
    `  read off      after epoch ${outcome.epoch + 1}, validation accuracy of the supernet ${percent(found.validation.accuracy)}, skips ${percent(found.skipShare)}`,
    "",
    run === undefined ? "not kept: add --run FOLDER to keep and continue a run" : `kept in ${run}`,
    `next: npx tsx bin/export.ts --architecture ${quoted(printed)} --space ${quoted(settings.space)} --describe`
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
