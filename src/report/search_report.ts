import type { Architecture } from "../domain/architecture/architecture.ts"
import { printArchitecture } from "../domain/architecture/text.ts"
import type { DatasetInfo } from "../domain/data/dataset.ts"
import { printAggregate } from "../domain/objective/aggregate_text.ts"
import type { ReportedScore } from "../domain/score/score.ts"
import type { SearchSettings } from "../domain/searchers/settings.ts"
import type { Space } from "../domain/space/space.ts"
import { type Summary, summarize } from "../domain/statistics/summary.ts"
import type { ReadBenchmark } from "../domain/table/benchmark.ts"
import type { FoundNetwork } from "../domain/training/found_network.ts"
import type { Outcome } from "../effects/ports/run_store.ts"
import { bestRepetition, repetitionSeed } from "../effects/programs/repeat_search.ts"
import { table } from "./aligned.ts"
import { dataJson, dataRows, type UsedImages } from "./data_report.ts"
import { type FoundReport, foundReport } from "./found_report.ts"
import { tableJson, tableRows } from "./table_report.ts"

/** All that is told of a finished search. */
export interface SearchResult {
  readonly settings: SearchSettings
  readonly space: Space
  readonly score: string
  /** One per repetition, with what is reported of its architecture. */
  readonly outcomes: ReadonlyArray<Outcome>
  readonly architectures: ReadonlyArray<Architecture>
  readonly reports: ReadonlyArray<ReadonlyMap<string, ReportedScore | undefined>>
  /** Wall time of this process. */
  readonly seconds: number
  readonly run: string | undefined
  /** The dataset whose images scored architectures; none of a search over a table. */
  readonly info: DatasetInfo | undefined
  /** The network of the best repetition, where images scored it. */
  readonly found?: FoundNetwork | undefined
  /** How many of its images were used. */
  readonly used?: UsedImages | undefined
  /**
   * The files whose table was searched; none of a table that was made up, or where images scored
   * architectures.
   */
  readonly read?: ReadBenchmark | undefined
}

/** What is told of what was found, where images scored it. */
function foundOf({ space, found, info, settings }: SearchResult): FoundReport | undefined {
  return found === undefined || info === undefined ? undefined : foundReport(space, found, settings, info.classes)
}

/** The machine-readable result: one object. Scores are in the direction of the score column. */
export function searchJson(result: SearchResult): Readonly<Record<string, unknown>> {
  const { settings, outcomes, reports } = result
  const best = bestRepetition(outcomes)
  const outcome = outcomes[best]!
  const toScore = scoreOf(settings)
  const common = {
    architecture: printArchitecture(result.space, result.architectures[best]!),
    score: toScore(outcome.loss),
    ownScore: outcome.ownLoss === null ? null : toScore(outcome.ownLoss),
    ownDiverged: outcome.ownDiverged
  }
  const found = foundOf(result)
  const { info, used } = result
  const data = info === undefined || used === undefined ? {} : { data: dataJson(info, used) }
  const ofImages = found === undefined ? {} : { ...data, network: result.found?.network ?? null, next: found.next }
  const ofTables = result.read === undefined ? {} : { read: tableJson(result.read) }
  const tail = { seconds: result.seconds, run: result.run ?? null, ...ofImages, ...ofTables, settings }
  if (settings.repeat === 1) {
    const { samples, evaluations, uniqueEvaluations, diverged, simulatedSeconds, stop } = outcome
    const reported = Object.fromEntries([...reports[0]!].map(([name, value]) => [name, value ?? null]))
    return {
      ...common,
      samples,
      evaluations,
      uniqueEvaluations,
      diverged,
      simulatedSeconds,
      stop,
      reported,
      seed: settings.seed,
      ...tail
    }
  }
  const summary = summaries(result)
  return {
    ...common,
    samples: summary.samples.mean,
    evaluations: summary.evaluations.mean,
    uniqueEvaluations: summary.uniqueEvaluations.mean,
    diverged: summary.diverged.mean,
    simulatedSeconds: summary.simulatedSeconds.mean,
    reported: Object.fromEntries(summary.reported),
    repeat: settings.repeat,
    seed: repetitionSeed(settings.seed, best, settings.repeat),
    statistics: {
      score: summary.score,
      evaluations: summary.evaluations,
      uniqueEvaluations: summary.uniqueEvaluations,
      simulatedSeconds: summary.simulatedSeconds
    },
    ...tail
  }
}

function scoreOf({ goal }: SearchSettings): (loss: number) => number {
  return goal === "maximize" ? (loss) => -loss : (loss) => loss
}

function summaries(result: SearchResult) {
  const { outcomes, reports, settings } = result
  const toScore = scoreOf(settings)
  const over = (of: (outcome: Outcome) => number) => summarize(outcomes.map(of))
  const names = [...(reports[0]?.keys() ?? [])]
  return {
    score: over((outcome) => toScore(outcome.loss)),
    samples: over((outcome) => outcome.samples),
    evaluations: over((outcome) => outcome.evaluations),
    uniqueEvaluations: over((outcome) => outcome.uniqueEvaluations),
    diverged: over((outcome) => outcome.diverged),
    simulatedSeconds: over((outcome) => outcome.simulatedSeconds),
    reported: names.map((name): readonly [string, Summary | null] => {
      const values = reports.flatMap((report) => report.get(name) ?? [])
      return [name, values.length === 0 ? null : summarize(values)]
    })
  }
}

/** The human-readable result, several lines. */
export function searchText(result: SearchResult): string {
  const { settings, outcomes, reports } = result
  const best = bestRepetition(outcomes)
  const outcome = outcomes[best]!
  const toScore = scoreOf(settings)
  const architecture = printArchitecture(result.space, result.architectures[best]!)
  const objective = describeObjective(settings)
  const found = foundOf(result)
  const { info, used } = result
  const rows: Array<readonly [string, string]> = [
    ...(info === undefined || used === undefined ? [] : dataRows(info, used)),
    ...(result.read === undefined ? [] : tableRows(result.read)),
    ["architecture", architecture],
    [objective === "own" ? result.score : `${objective} of ${result.score}`, number(toScore(outcome.loss))]
  ]
  if (objective !== "own" && outcome.ownLoss !== null)
    rows.push([`own ${result.score}`, number(toScore(outcome.ownLoss))])
  if (outcome.ownDiverged) rows.push([`own ${result.score}`, "none: its training diverged"])
  for (const [name, value] of reports[best]!) rows.push([name, value === undefined ? "not known" : number(value)])
  if (found?.size !== undefined) rows.push(found.size)
  const counts = [
    `${outcome.samples} samples`,
    `${outcome.evaluations} evaluations`,
    `${outcome.uniqueEvaluations} unique`,
    ...(outcome.diverged === 0 ? [] : [`${outcome.diverged} diverged`]),
    ...(settings.cost === undefined && outcome.simulatedSeconds === 0
      ? []
      : [`${number(outcome.simulatedSeconds)} simulated seconds`])
  ]
  const lines = [`${settings.algorithm} in ${result.space.name}: ${counts.join(", ")}, ended by ${STOPS[outcome.stop]}`]
  if (settings.repeat > 1) {
    const { score, evaluations, uniqueEvaluations, reported } = summaries(result)
    const summaryRows: Array<readonly [string, Summary | null]> = [
      [objective === "own" ? result.score : `${objective} of ${result.score}`, score],
      ...reported,
      ["evaluations", evaluations],
      ["unique evaluations", uniqueEvaluations]
    ]
    lines.push("", `${settings.repeat} seeds, mean ± standard deviation:`)
    lines.push(
      ...table(
        summaryRows.map(([name, value]) => [
          name,
          value === null ? "not known" : `${number(value.mean)} ± ${number(value.sd)}`
        ])
      )
    )
    lines.push(
      "",
      `best of them by ${objective === "own" ? "score" : "objective"} (seed ${repetitionSeed(settings.seed, best, settings.repeat)}):`
    )
  }
  if (found !== undefined) lines.push("", ...found.drawn.map((line) => `  ${line}`), "")
  lines.push(...table(rows), "")
  lines.push(
    result.run === undefined
      ? "not kept: add --run FOLDER to keep and continue a run"
      : `kept in ${result.run}: the same command shows it again`,
    ...(found === undefined ? [] : found.next.map((command) => `next: ${command}`)),
    ...(found?.full === undefined ? [] : [found.full])
  )
  return lines.join("\n")
}

const STOPS: Readonly<Record<Outcome["stop"], string>> = {
  samples: "its budget of samples",
  evaluations: "its budget of evaluations",
  uniqueEvaluations: "its budget of unique evaluations",
  simulatedSeconds: "its budget of simulated seconds",
  exhausted: "having nothing left to propose"
}

function describeObjective(settings: SearchSettings): string {
  return settings.objective === "neighborhood" ? printAggregate(settings.aggregate) : "own"
}

/** A number with at most 4 decimals. */
export function number(value: number): string {
  return `${Number(value.toFixed(4))}`
}
