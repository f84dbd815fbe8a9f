import { summarize } from "../src/domain/statistics/summary.ts"
import type { StudyEpoch, StudyRun } from "./_study_results.ts"

/** Epochs that the table shows, counted from 1. */
const SHOWN = [1, 5, 10, 15, 20, 25]

const HEADER = [
  "method",
  "seed",
  "epochs",
  "C10",
  "C100",
  "IN16",
  "C10 without none",
  `C10 after epoch ${SHOWN.join(" / ")}`,
  "skips %, same epochs",
  "valid loss",
  "valid acc %",
  "eigenvalue",
  "CPU min",
  "wall min"
]

const fixed = (value: number, digits: number) => value.toFixed(digits)

/** A value of each shown epoch; a dash where the run is not there yet. */
function byEpoch({ epochs }: StudyRun, value: (epoch: StudyEpoch) => string): string {
  return SHOWN.map((epoch) => (epochs[epoch - 1] === undefined ? "–" : value(epochs[epoch - 1]!))).join(" / ")
}

function row(run: StudyRun): ReadonlyArray<string> {
  const last = run.epochs.at(-1)!
  const eigenvalues = run.epochs.flatMap(({ eigenvalue }) => (eigenvalue === null ? [] : [fixed(eigenvalue, 2)]))
  return [
    run.variant.label,
    run.seed,
    `${run.epochs.length}${run.finished ? "" : ", under way"}`,
    ...last.test.map((value) => fixed(value, 2)),
    fixed(last.withoutNone.test[0]!, 2),
    byEpoch(run, ({ test }) => fixed(test[0]!, 1)),
    byEpoch(run, (epoch) => fixed(100 * epoch.skipShare, 0)),
    fixed(last.validation.loss, 3),
    fixed(100 * last.validation.accuracy, 1),
    eigenvalues.length === 0 ? "–" : eigenvalues.join(" / "),
    fixed(run.cpu / 60, 1),
    fixed(run.wall / 60, 1)
  ]
}

/** Mean ± deviation over the finished seeds of a method. */
function meanRow(runs: ReadonlyArray<StudyRun>): ReadonlyArray<string> {
  const over = (value: (last: StudyEpoch) => number, digits: number) => {
    const { mean, sd } = summarize(runs.map((run) => value(run.epochs.at(-1)!)))
    return `**${fixed(mean, digits)} ± ${fixed(sd, digits)}**`
  }
  const test = [0, 1, 2].map((column) => over((last) => last.test[column]!, 2))
  const without = over((last) => last.withoutNone.test[0]!, 2)
  const skips = `end: ${over((last) => 100 * last.skipShare, 0)}`
  const valid = [over((last) => last.validation.loss, 3), over((last) => 100 * last.validation.accuracy, 1)]
  return [runs[0]!.variant.label, `mean of ${runs.length}`, "", ...test, without, "", skips, ...valid, "", "", ""]
}

/** One Markdown table: a row per run, and one per method with more than one finished seed. */
export function studyTable(runs: ReadonlyArray<StudyRun>): string {
  const methods = [...new Set(runs.map(({ variant }) => variant))]
  const rows = methods.flatMap((variant) => {
    const own = runs.filter((run) => run.variant === variant)
    const finished = own.filter((run) => run.finished)
    return [...own.map(row), ...(finished.length > 1 ? [meanRow(finished)] : [])]
  })
  const line = (cells: ReadonlyArray<string>) => `| ${cells.join(" | ")} |`
  return [line(HEADER), line(HEADER.map(() => "---")), ...rows.map(line)].join("\n")
}

/** The page with the table: how it is made, what its columns are, the plot. */
export function studyPage(table: string): string {
  return `# DARTS and its relatives on a small CIFAR-10

Made by \`npx tsx bench/cifar10_study.ts --report\` from the runs of \`npx tsx bench/cifar10_study.ts\`; every run is one of \`bin/search.ts\`, whose
command the script prints. Our numbers throughout; none is a publication's.

NAS-Bench-201's space, 8 channels, one cell a stage; 10,000 images of CIFAR-10 averaged to 16×16, half of them for the weights and half for alpha; batch 64,
25 epochs of 78 steps, mirrored images; weights by SGD, 0.025 → 0.001, Nesterov, weight decay 5e-4; alpha by Adam, 3e-3; first the weights, then alpha.

C10, C100, IN16: test accuracy in the benchmark's table of the cell read off behind the last epoch (columns \`test200_*\`), which no search sees; the best cell
has 94.37, all skip connections have 54.30. Cells are read off by a plain argmax that may choose \`none\`; "without none" leaves it out. Skips: share of the edges of the
cell read off. Valid: of the supernet itself at the relaxed architecture. Eigenvalue: largest of ∇²α of the validation loss after every 5th epoch. Minutes of
a run that shared its machine with others: CPU minutes are comparable, wall minutes are not.

${table}

![curves by epoch](cifar10_study.svg)
`
}
