import { stopOf } from "../src/domain/darts/stop_rule.ts"
import { summarize } from "../src/domain/statistics/summary.ts"
import { FORMER_RULE, type StudyRun, type Tested } from "./_study_results.ts"
import { samples } from "./_study_variants.ts"

const HEADER = ["method", "seeds", "C10", "skips %", "all skips", "cost"]
const DARTS = "darts"
/** The variant that trains the supernet which the other searches of its seed share. */
const PAYS = "ws-rs"

/** What a search would have ended with, and the processor seconds that it would have taken. */
interface End {
  readonly seed: string
  readonly test: number
  readonly skipShare: number
  readonly accuracy: number
  readonly cpu: number
}

/** How a run is read off; undefined where it did not get so far. */
type Reading = (run: StudyRun) => End | undefined

const found: Reading = ({ seed, found, cpu }) => ({
  seed,
  test: found.test[0]!,
  skipShare: found.skipShare,
  accuracy: found.accuracy,
  cpu
})

/** Reading off the cell of one epoch, counted from 0, behind `spent` epochs. */
const at = (run: StudyRun, epoch: number, spent: number): End | undefined => {
  const { seed, epochs, cpu } = run
  const kept = epochs.find((one) => one.epoch === epoch)
  return kept === undefined
    ? undefined
    : {
        seed,
        test: kept.test[0]!,
        skipShare: kept.skipShare,
        accuracy: kept.validation.accuracy,
        cpu: (cpu * spent) / epochs.length
      }
}

const after =
  (epochs: number): Reading =>
  (run) =>
    at(run, epochs - 1, epochs)

/** By the earlier stop rule: it ended the runs that have it, and is applied to the others. */
const byRule: Reading = (run) => {
  const stop = run.variant.settings.stopRule === true ? undefined : stopOf(FORMER_RULE, run.epochs)
  return stop === undefined ? found(run) : at(run, stop.kept, stop.epoch + 1)
}

/**
 * Of every three seeds in order the end of the best validation accuracy, at the cost of the three.
 */
function bestOfThree(ends: ReadonlyArray<End>): ReadonlyArray<End> {
  return ends.flatMap((_, i) => {
    const three = ends.slice(i, i + 3)
    if (i % 3 > 0 || three.length < 3) return []
    const best = three.reduce((one, other) => (other.accuracy > one.accuracy ? other : one))
    return [{ ...best, cpu: three.reduce((sum, { cpu }) => sum + cpu, 0) }]
  })
}

/**
 * A Markdown table of what the methods and their controls find and cost: a row for each method that
 * runs through, each under the stop rule, each search that samples. Costs are processor time in
 * relation to a whole search of DARTS.
 */
export function summaryTable(all: ReadonlyArray<StudyRun>, convolutions: Tested): string {
  const runs = all.filter(({ finished }) => finished)
  const of = (name: string) => runs.filter(({ variant }) => variant.name === name)
  const whole = summarize(of(DARTS).map(({ cpu }) => cpu)).mean
  const rowOf = (label: string, ends: ReadonlyArray<End>, seeds = ends.map(({ seed }) => seed)) => {
    if (ends.length === 0) return []
    const [test, skips, cost] = [
      summarize(ends.map(({ test }) => test)),
      summarize(ends.map(({ skipShare }) => 100 * skipShare)),
      summarize(ends.map(({ cpu }) => cpu / whole))
    ]
    const row = [
      label,
      seeds.length === 1 ? seeds[0]! : `${seeds[0]} to ${seeds.at(-1)}`,
      `${test.mean.toFixed(2)}${ends.length > 1 ? ` ± ${test.sd.toFixed(2)}` : ""}`,
      skips.mean.toFixed(0),
      `${ends.filter(({ skipShare }) => skipShare === 1).length} of ${ends.length}`,
      whole > 0 ? cost.mean.toFixed(2) : "–"
    ]
    return [row]
  }
  /** Ends of a variant's runs and of those that a rule ended, which count first, by seed. */
  const ends = (name: string, read: Reading): ReadonlyArray<End> => {
    const bySeed = new Map<string, End>()
    for (const run of [...of(`${name}-es`), ...of(name)]) {
      const end = read(run)
      if (end !== undefined && !bySeed.has(run.seed)) bySeed.set(run.seed, end)
    }
    return [...bySeed.values()].sort((a, b) => Number(a.seed) - Number(b.seed))
  }
  const three = (label: string, of: ReadonlyArray<End>) => {
    const best = bestOfThree(of)
    const seeds = of.slice(0, 3 * best.length).map(({ seed }) => seed)
    return rowOf(label, best, seeds)
  }
  const withRule = (label: string) => (label.includes("stop rule") ? label : `${label}, stop rule`)
  const gradients = [...new Set(runs.map(({ variant }) => variant))].filter((variant) => !samples(variant))
  const through = gradients.filter(({ settings }) => settings.stopRule !== true)
  const ruled = gradients.filter(
    ({ name, settings }) => settings.stopRule !== true || !through.some((one) => `${one.name}-es` === name)
  )
  const sampling = (run: StudyRun) => {
    const payer = run.variant.name === PAYS ? undefined : of(PAYS).find(({ seed }) => seed === run.seed)
    return { ...found(run)!, cpu: run.cpu + (payer?.cpu ?? 0) }
  }
  const skips = (100 * convolutions.skipShare).toFixed(0)
  const rows = [
    ["control: all 3×3 convolutions, no search", "–", convolutions.test[0]!.toFixed(2), skips, "–", "0"],
    ...rowOf("control: DARTS, read off after epoch 1", ends(DARTS, after(1))),
    ...rowOf("control: DARTS, read off after epoch 5", ends(DARTS, after(5))),
    ...rowOf("control: NA-DARTS mix 0.5, n = 2, read off after epoch 5", ends("mix-n2", after(5))),
    ...through.flatMap((variant) =>
      rowOf(
        variant.label,
        of(variant.name).map((run) => found(run)!)
      )
    ),
    ...three(
      "control: best of three DARTS by validation",
      of(DARTS).map((run) => found(run)!)
    ),
    ...ruled.flatMap(({ name, label }) => rowOf(withRule(label), ends(name.replace(/-es$/, ""), byRule))),
    ...three("control: best of three DARTS by validation, stop rule", ends(DARTS, byRule)),
    ...[...new Set(runs.map(({ variant }) => variant))]
      .filter(samples)
      .flatMap(({ name, label }) => rowOf(label, of(name).map(sampling)))
  ]
  return [HEADER, HEADER.map(() => "---"), ...rows].map((cells) => `| ${cells.join(" | ")} |`).join("\n")
}
