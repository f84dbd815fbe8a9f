import { stopOf } from "../src/domain/search/gradient/stop_rule.ts"
import { summarize } from "../src/domain/statistics/summary.ts"
import type { StudyEpoch, StudyRun } from "./_study_results.ts"

/** The rule of DARTS-ES on eigenvalues that are measured every fifth epoch: each is compared with the one before it. */
const RULE = { window: 1, ratio: 0.75 } as const

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

/** The epoch whose cell a run would have ended with under the rule, and whether that is before its last. */
export function stopped({ epochs }: StudyRun): { readonly early: boolean; readonly kept: StudyEpoch } {
  const measured = epochs.filter(({ eigenvalue }) => eigenvalue !== null)
  const stop = stopOf(
    RULE,
    measured.map(({ eigenvalue }) => eigenvalue!)
  )
  return stop === undefined ? { early: false, kept: epochs.at(-1)! } : { early: true, kept: measured[stop.kept]! }
}

/** A Markdown table of what the finished runs of each method would have ended with under the stop rule of DARTS-ES. */
export function stopTable(runs: ReadonlyArray<StudyRun>): string {
  const finished = runs.filter(
    ({ finished: whole, variant, epochs }) =>
      whole && variant.settings.stopRule !== true && epochs.some(({ eigenvalue }) => eigenvalue !== null)
  )
  const rows = [...new Set(finished.map(({ variant }) => variant))].map((variant) => {
    const ends = finished.filter((run) => run.variant === variant).map(stopped)
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
