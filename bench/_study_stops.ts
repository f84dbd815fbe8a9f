import { type StopRule, stopOf } from "../src/domain/darts/stop_rule.ts"
import { summarize } from "../src/domain/statistics/summary.ts"
import type { StudyEpoch, StudyRun } from "./_study_results.ts"

const HEADER = [
  "method",
  "finished seeds",
  "stopped",
  "read off after epoch",
  "skips %",
  "largest %",
  "all skips",
  "C10"
]

/**
 * The epoch whose cell a run would have ended with under a rule, and whether that is before its
 * last.
 */
export function stopped(rule: StopRule, { epochs }: StudyRun): { readonly early: boolean; readonly kept: StudyEpoch } {
  const stop = stopOf(rule, epochs)
  const kept = epochs.find(({ epoch }) => epoch === stop?.kept)
  return { early: kept !== undefined, kept: kept ?? epochs.at(-1)! }
}

/**
 * A Markdown table of what the finished runs of each method would have ended with under a stop
 * rule.
 */
export function stopTable(rule: StopRule, runs: ReadonlyArray<StudyRun>): string {
  const finished = runs.filter(
    ({ finished: whole, variant, epochs }) =>
      whole && variant.settings.stopRule !== true && epochs.some(({ eigenvalue }) => eigenvalue !== null)
  )
  const rows = [...new Set(finished.map(({ variant }) => variant))].map((variant) => {
    const ends = finished.filter((run) => run.variant === variant).map((run) => stopped(rule, run))
    const over = (value: (kept: StudyEpoch) => number, digits: number) => {
      const { mean, sd } = summarize(ends.map(({ kept }) => value(kept)))
      return `${mean.toFixed(digits)}${ends.length > 1 ? ` ± ${sd.toFixed(digits)}` : ""}`
    }
    return [
      variant.label,
      `${ends.length}`,
      `${ends.filter(({ early }) => early).length}`,
      ends.map(({ kept }) => kept.epoch + 1).join(", "),
      over(({ skipShare }) => 100 * skipShare, 0),
      (100 * Math.max(...ends.map(({ kept }) => kept.skipShare))).toFixed(0),
      `${ends.filter(({ kept }) => kept.skipShare === 1).length}`,
      over(({ test }) => test[0]!, 2)
    ]
  })
  return [HEADER, HEADER.map(() => "---"), ...rows].map((cells) => `| ${cells.join(" | ")} |`).join("\n")
}

/** Epochs, counted from 1, after which the control reads the cells off. */
const CONTROLS = [1, 5, 10, 15, 20, 25]

/**
 * The control of every stop rule: a Markdown table of the cells of fixed epochs, mean over the runs
 * that got so far.
 */
export function controlTable(runs: ReadonlyArray<StudyRun>): string {
  const finished = runs.filter((run) => run.finished && run.epochs.length > 0)
  const header = ["method", ...CONTROLS.map((epoch) => `C10 after epoch ${epoch}`)]
  const rows = [...new Set(finished.map(({ variant }) => variant))].map((variant) => [
    variant.label,
    ...CONTROLS.map((number) => {
      const ends = finished.flatMap((run) =>
        run.variant === variant ? run.epochs.filter(({ epoch }) => epoch === number - 1) : []
      )
      if (ends.length === 0) return "–"
      const { mean, sd } = summarize(ends.map(({ test }) => test[0]!))
      return `${mean.toFixed(2)}${ends.length > 1 ? ` ± ${sd.toFixed(2)}` : ""} (${ends.length})`
    })
  ])
  return [header, header.map(() => "---"), ...rows].map((cells) => `| ${cells.join(" | ")} |`).join("\n")
}
