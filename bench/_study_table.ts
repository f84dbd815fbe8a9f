import { STOP_RULE } from "../src/domain/darts/stop_rule.ts"
import { summarize } from "../src/domain/statistics/summary.ts"
import { FORMER_RULE, type StudyEpoch, type StudyFound, type StudyRun, type Tested } from "./_study_results.ts"
import { controlTable, stopTable } from "./_study_stops.ts"
import { summaryTable } from "./_study_summary.ts"

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

/** The floor of the stop rule. */
const FLOOR = STOP_RULE.floor

const DASH = "–"
const fixed = (value: number, digits: number) => value.toFixed(digits)

/** A value of each shown epoch; a dash where the run is not there yet. */
function byEpoch({ epochs }: StudyRun, value: (epoch: StudyEpoch) => string): string {
  return SHOWN.map((epoch) => (epochs[epoch - 1] === undefined ? DASH : value(epochs[epoch - 1]!))).join(" / ")
}

const orDash = (value: number | undefined, digits: number) => (value === undefined ? DASH : fixed(value, digits))

function row(run: StudyRun): ReadonlyArray<string> {
  const { found, epochs } = run
  const eigenvalues = epochs.flatMap(({ eigenvalue }) => (eigenvalue === null ? [] : [fixed(eigenvalue, 2)]))
  return [
    run.variant.label,
    run.seed,
    epochs.length === 0 ? DASH : `${epochs.length}${run.finished ? "" : ", under way"}`,
    ...found.test.map((value) => fixed(value, 2)),
    orDash(found.withoutNone?.test[0], 2),
    epochs.length === 0 ? DASH : byEpoch(run, ({ test }) => fixed(test[0]!, 1)),
    epochs.length === 0 ? fixed(100 * found.skipShare, 0) : byEpoch(run, (epoch) => fixed(100 * epoch.skipShare, 0)),
    orDash(found.loss, 3),
    fixed(100 * found.accuracy, 1),
    eigenvalues.length === 0 ? DASH : eigenvalues.join(" / "),
    fixed(run.cpu / 60, 1),
    fixed(run.wall / 60, 1)
  ]
}

/** Mean ± deviation over the finished seeds of a method. */
function meanRow(runs: ReadonlyArray<StudyRun>): ReadonlyArray<string> {
  const over = (value: (found: StudyFound) => number | undefined, digits: number) => {
    const values = runs.flatMap(({ found }) => value(found) ?? [])
    if (values.length === 0) return DASH
    const { mean, sd } = summarize(values)
    return `**${fixed(mean, digits)} ± ${fixed(sd, digits)}**`
  }
  const test = [0, 1, 2].map((column) => over((found) => found.test[column]!, 2))
  const without = over((found) => found.withoutNone?.test[0], 2)
  const skips = `end: ${over((found) => 100 * found.skipShare, 0)}`
  const valid = [over((found) => found.loss, 3), over((found) => 100 * found.accuracy, 1)]
  return [runs[0]!.variant.label, `mean of ${runs.length}`, "", ...test, without, "", skips, ...valid, "", "", ""]
}

const line = (cells: ReadonlyArray<string>) => `| ${cells.join(" | ")} |`

const COLLAPSE = [
  "method",
  "finished seeds",
  "of them all skips at the end",
  "largest skip share at the end %",
  "epochs with all skips %",
  "valid acc %",
  "last eigenvalue"
]

/**
 * What a choice of settings may look at: how near the finished runs of each method are to all skip
 * connections, and no test column. Least skips first.
 */
export function collapseTable(runs: ReadonlyArray<StudyRun>): string {
  const finished = runs.filter((run) => run.finished && run.epochs.length > 0)
  const rows = [...new Set(finished.map(({ variant }) => variant))].map((variant) => {
    const own = finished.filter((run) => run.variant === variant)
    const ends = own.map(({ found }) => found.skipShare)
    const epochs = own.flatMap((run) => run.epochs)
    const eigenvalues = own.flatMap(
      (run) => run.epochs.findLast(({ eigenvalue }) => eigenvalue !== null)?.eigenvalue ?? []
    )
    const worst = Math.max(...ends)
    const cells = [
      variant.label,
      `${own.length}`,
      `${ends.filter((share) => share === 1).length}`,
      fixed(100 * worst, 0),
      fixed((100 * epochs.filter(({ skipShare }) => skipShare === 1).length) / epochs.length, 0),
      fixed(100 * summarize(own.map(({ found }) => found.accuracy)).mean, 1),
      eigenvalues.length === 0 ? DASH : fixed(summarize(eigenvalues).mean, 2)
    ]
    return { worst, mean: summarize(ends).mean, cells }
  })
  rows.sort((a, b) => a.worst - b.worst || a.mean - b.mean)
  return [line(COLLAPSE), line(COLLAPSE.map(() => "---")), ...rows.map(({ cells }) => line(cells))].join("\n")
}

/** One Markdown table: a row per run, and one per method with more than one finished seed. */
export function studyTable(runs: ReadonlyArray<StudyRun>): string {
  const methods = [...new Set(runs.map(({ variant }) => variant))]
  const rows = methods.flatMap((variant) => {
    const own = runs.filter((run) => run.variant === variant)
    const finished = own.filter((run) => run.finished)
    return [...own.map(row), ...(finished.length > 1 ? [meanRow(finished)] : [])]
  })
  return [line(HEADER), line(HEADER.map(() => "---")), ...rows.map(line)].join("\n")
}

/** The page with the table: how it is made, what its columns are, the plot. */
export function studyPage(runs: ReadonlyArray<StudyRun>, convolutions: Tested): string {
  return `# DARTS and its relatives on a small CIFAR-10

Made by \`npx tsx bench/cifar10_study.ts --report\` from the runs of \`npx tsx bench/cifar10_study.ts\`; every run is one of \`bin/search.ts\`, whose
command the script prints. Our numbers throughout; none is a publication's. What to make of them: [docs/study.md](../../docs/study.md).

NAS-Bench-201's space, 8 channels, one cell a stage; 10,000 images of CIFAR-10 averaged to 16×16, half of them for the weights and half for alpha; batch 64,
25 epochs of 78 steps, mirrored images; weights by SGD, 0.025 → 0.001, Nesterov, weight decay 5e-4; alpha by Adam, 3e-3; first the weights, then alpha.

C10, C100, IN16: test accuracy in the benchmark's table of the cell read off behind the last epoch (columns \`test200_*\`), which no search sees; the best cell
has 94.37, all skip connections have 54.30. Runs with the stop rule end early, and theirs is the cell of the epoch that the rule keeps. Cells are read off by a plain argmax that may choose \`none\`; "without none" leaves it out. Skips: share of the edges of the
cell read off. Valid: of the supernet itself at the relaxed architecture. Eigenvalue: largest of ∇²α of the validation loss after every 5th epoch. Minutes of
a run that shared its machine with others: CPU minutes are comparable, wall minutes are not. Weight sharing: of three searches with one supernet the first pays its training;
"valid acc" is that of the cell found, with the supernet's weights, on the 256 images that the search saw. "mean + std (not monotone)" is the mean plus the
standard deviation, an aggregate that this project had and has no more: it can fall when a loss rises, and its gradient then climbs on the best of the runs.

## Summary

C10 and skips are means over the seeds, C10 with the deviation. Cost: processor time in relation to
a whole search of DARTS, where a rule or a fixed epoch ends a search the share of its epochs up to
there; of weight sharing with the training of the supernet. Controls: the same cell for every seed
without any search, DARTS read off early, the best of three searches by validation accuracy of the
supernet, at three times the cost. "Stop rule": the earlier rule, see below; it ended the runs of
seeds 3 to 5 and is applied to those of seeds 0 to 2, which ran through, by every fifth epoch's
eigenvalue.

${summaryTable(runs, convolutions)}

## Every run

${studyTable(runs)}

## How near to all skip connections

All that a choice of settings may look at, over the finished runs; validation accuracies are comparable between methods whose alpha step measures the architecture itself, not
between these and methods without the center.

${collapseTable(runs)}

## With the stop rule

The runs above that ended by the stop rule had an earlier one: the eigenvalue of one batch, the last of the epoch, and no floor. Today's rule takes the eigenvalue
over four fixed batches and asks for at least ${FLOOR}; no run of this page has it. With the earlier rule 16 of 19 runs stop at epoch 10, the first at which it can, and
read off epoch 5. It is to be read beside its control, the last table.

What the runs without a rule would have ended with under the earlier one (the eigenvalue has grown by more than 1 / 0.75), here on every fifth epoch's
eigenvalue: the cell of the epoch before the growth, or that of the last epoch where the rule never fires.

${stopTable(FORMER_RULE, runs)}

The same with the floor of ${FLOOR}, on the same eigenvalues of one batch:

${stopTable({ ...FORMER_RULE, floor: FLOOR }, runs)}

## Read off at a fixed epoch

The control of every stop rule (\`--read-epoch\`): no eigenvalue, the cell of an epoch that is chosen beforehand. Mean ± deviation over the runs that got so far, in
brackets their number; of runs that a rule ended the epochs up to there.

${controlTable(runs)}

![curves by epoch](cifar10_study.svg)
`
}
