import { suite } from "uvu"
import * as assert from "uvu/assert"
import type { StudyEpoch, StudyRun } from "../../bench/_study_results.ts"
import { summaryTable } from "../../bench/_study_summary.ts"

const tested = (accuracy: number, skipShare = 0) => ({ text: "", test: [accuracy, 0, 0], skipShare })
const CONVOLUTIONS = tested(93.5)
const variant = (name: string, settings: Readonly<Record<string, unknown>> = {}) => ({
  name,
  label: name.toUpperCase(),
  family: "",
  settings
})
const [darts, stopping] = [variant("darts"), variant("darts-es", { stopRule: true })]
const [first, second] = ["ws-rs", "ws-na"].map((name) => variant(name, { evaluator: "supernet" }))

/** A run of epochs by their test accuracies, the validation accuracy given for all; read off after the last. */
function run(
  of: StudyRun["variant"],
  seed: string,
  cpu: number,
  accuracies: ReadonlyArray<number>,
  valid = 0.5
): StudyRun {
  const epochs = accuracies.map(
    (accuracy, epoch): StudyEpoch => ({
      ...{ epoch, architecture: "", alpha: {}, eigenvalue: null, withoutNone: tested(0) },
      validation: { loss: 1, accuracy: valid, gap: null },
      ...tested(accuracy, accuracy === 54.3 ? 1 : 0)
    })
  )
  const end = { ...tested(accuracies.at(-1)!, accuracies.at(-1) === 54.3 ? 1 : 0), withoutNone: undefined }
  const found = { ...end, loss: 1, accuracy: valid }
  return { variant: of, seed, finished: true, cpu, wall: cpu, found, epochs }
}

const test = suite("summaryTable()")
const row = (runs: ReadonlyArray<StudyRun>, label: string) =>
  summaryTable(runs, CONVOLUTIONS)
    .split("\n")
    .find((line) => line.startsWith(`| ${label} |`))

test("a method has mean and deviation, collapses and its cost beside DARTS's; the control has no search", () => {
  const runs = [
    run(darts, "0", 80, [92, 54.3]),
    run(darts, "1", 120, [93, 90.3]),
    run(variant("na"), "0", 250, [91, 92])
  ]
  assert.is(row(runs, "DARTS"), "| DARTS | 0 to 1 | 72.30 ± 25.46 | 50 | 1 of 2 | 1.00 |")
  assert.is(row(runs, "NA"), "| NA | 0 | 92.00 | 0 | 0 of 1 | 2.50 |")
  assert.is(row(runs, "control: all 3×3 convolutions, no search")?.split(" | ")[2], "93.50")
})

test("reading off early costs the epochs up to there, also of runs that a rule ended", () => {
  const runs = [run(darts, "0", 100, [92, 90, 70, 60]), run(stopping, "3", 60, [94, 80, 70])]
  assert.is(
    row(runs, "control: DARTS, read off after epoch 1"),
    "| control: DARTS, read off after epoch 1 | 0 to 3 | 93.00 ± 1.41 | 0 | 0 of 2 | 0.23 |"
  )
})

test("the best of three is chosen by validation accuracy, and costs what the three do", () => {
  const runs = [run(darts, "0", 100, [60], 0.4), run(darts, "1", 100, [70], 0.6), run(darts, "2", 100, [90], 0.5)]
  const label = "control: best of three DARTS by validation"
  assert.is(row(runs, label), `| ${label} | 0 to 2 | 70.00 | 0 | 0 of 1 | 3.00 |`)
})

test("searches that share a supernet all pay its training", () => {
  const runs = [run(darts, "0", 100, [90]), run(first!, "0", 60, [90]), run(second!, "0", 30, [91])]
  assert.is(row(runs, "WS-NA"), "| WS-NA | 0 | 91.00 | 0 | 0 of 1 | 0.90 |")
})

test("a method that a rule ended keeps its name, whichever rule it was", () => {
  const floor = { ...variant("na-stop", { stopRule: true }), label: "NA, stop rule with a floor" }
  const runs = [run(darts, "0", 100, [90]), run(floor, "3", 40, [92, 93])]
  assert.is(row(runs, floor.label), `| ${floor.label} | 3 | 93.00 | 0 | 0 of 1 | 0.40 |`)
})

test("what did not run has no row, and costs are open without a whole search of DARTS", () => {
  const lines = summaryTable([run(variant("na"), "0", 250, [91])], CONVOLUTIONS).split("\n")
  assert.equal(lines.slice(3), [
    "| NA | 0 | 91.00 | 0 | 0 of 1 | – |",
    "| NA, stop rule | 0 | 91.00 | 0 | 0 of 1 | – |"
  ])
})

test.run()
