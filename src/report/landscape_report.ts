import type { Architecture } from "../domain/architecture/architecture.ts"
import { printArchitecture } from "../domain/architecture/text.ts"
import type { Flatness, ScoredNeighbor } from "../domain/objective/flatness.ts"
import type { Space } from "../domain/space/space.ts"
import { kendallTau } from "../domain/statistics/kendall.ts"
import type { ReadBenchmark } from "../domain/table/benchmark.ts"
import { aligned, table } from "./aligned.ts"
import { number } from "./search_report.ts"
import { tableJson, tableRows } from "./table_report.ts"

/** The objective of every architecture of a table, by row. Losses: lower is better. */
interface Landscape {
  readonly space: Space
  readonly score: string
  readonly objective: string
  /** Turns a loss into a score. */
  readonly sign: 1 | -1
  readonly architectures: ReadonlyArray<Architecture>
  readonly own: Float64Array
  readonly objectives: Float64Array
  readonly reported: ReadonlyMap<string, Float64Array>
  /** What was read of files; none of a table that was made up. */
  readonly read: ReadBenchmark | undefined
}

/**
 * The `top` architectures by objective, and how well own score and objective rank each reported
 * column (Kendall's τ-b).
 */
export function landscapeJson(landscape: Landscape, top: number) {
  const { space, sign, architectures, own, objectives, reported } = landscape
  const order = Array.from(objectives.keys())
    .filter((row) => !Number.isNaN(objectives[row]!))
    .sort((a, b) => objectives[a]! - objectives[b]! || a - b)
  return {
    count: order.length,
    top: order.slice(0, top).map((row) => ({
      architecture: printArchitecture(space, architectures[row]!),
      objective: sign * objectives[row]!,
      own: sign * own[row]!,
      reported: Object.fromEntries(
        [...reported].map(([name, values]) => [name, Number.isNaN(values[row]!) ? null : values[row]!])
      )
    })),
    kendall: Object.fromEntries(
      [...reported].map(([name, values]) => {
        const rows = order.filter((row) => !Number.isNaN(values[row]!))
        const tau = (losses: Float64Array) =>
          kendallTau(
            rows.map((row) => sign * losses[row]!),
            rows.map((row) => values[row]!)
          )
        return [name, { own: tau(own), objective: tau(objectives) }]
      })
    ),
    ...(landscape.read === undefined ? {} : { read: tableJson(landscape.read) })
  }
}

/** The same for people. */
export function landscapeText(landscape: Landscape, top: number): string {
  const json = landscapeJson(landscape, top)
  const lines = [`${landscape.objective} of ${landscape.score} over ${json.count} architectures`]
  if (landscape.read !== undefined) lines.push(...table(tableRows(landscape.read)))
  lines.push("")
  const names = [...landscape.reported.keys()]
  const heads = ["objective", "own", ...names]
  const widths = [...heads.map((name, i) => Math.max(10, name.length) + (i === 0 ? 0 : 2)), -4, 0]
  lines.push(aligned(widths, [...heads, "", "architecture"]))
  for (const row of json.top) {
    const values = [row.objective, row.own, ...names.map((name) => row.reported[name] ?? Number.NaN)]
    lines.push(aligned(widths, [...values.map((value) => value.toFixed(4)), "", row.architecture]))
  }
  const taus = Object.entries(json.kendall)
  if (taus.length > 0) lines.push("", "Kendall's tau with        own  objective")
  for (const [name, { own, objective }] of taus)
    lines.push(aligned([-2, -22, 7, 11], ["", name, own.toFixed(3), objective.toFixed(3)]))
  return lines.join("\n")
}

/** A flatness report in the direction of the score. */
export function flatnessJson(
  space: Space,
  architecture: Architecture,
  report: Flatness,
  sign: 1 | -1,
  read?: ReadBenchmark
) {
  const neighbor = ({ architecture: other, loss }: ScoredNeighbor) => ({
    architecture: printArchitecture(space, other),
    score: sign * loss
  })
  const { edges, counts } = report.histogram
  return {
    architecture: printArchitecture(space, architecture),
    own: sign * report.own,
    objective: sign * report.objective,
    neighbors: report.neighbors,
    missing: report.missing,
    neighborMean: sign * report.neighborMean,
    neighborSd: report.neighborSd,
    best: neighbor(report.best),
    worst: neighbor(report.worst),
    histogram:
      sign === 1 ? { edges, counts } : { edges: edges.map((edge) => -edge).reverse(), counts: [...counts].reverse() },
    sensitivity: report.sensitivity.map(({ decision, meanAbsoluteChange, replacements }) => ({
      decision: space.decisions[decision]!.name,
      choice: space.decisions[decision]!.choices[architecture[decision]!]!,
      meanAbsoluteChange,
      replacements: Object.fromEntries(
        replacements.map(({ choice, change }) => [space.decisions[decision]!.choices[choice]!, sign * change])
      )
    })),
    ownPercentile: 100 * report.ownPercentile,
    objectivePercentile: 100 * report.objectivePercentile,
    objectivePercentileAmongPeers: 100 * report.objectivePercentileAmongPeers,
    peers: report.peers,
    ...(read === undefined ? {} : { read: tableJson(read) })
  }
}

/** The same for people. */
export function flatnessText(
  space: Space,
  architecture: Architecture,
  report: Flatness,
  sign: 1 | -1,
  score: string,
  read?: ReadBenchmark
): string {
  const json = flatnessJson(space, architecture, report, sign)
  const percent = (value: number) => `better than ${value.toFixed(1)} %`
  const most = Math.max(...json.histogram.counts)
  return [
    json.architecture,
    "",
    ...table([
      [`own ${score}`, `${number(json.own)}   ${percent(json.ownPercentile)} of all`],
      [
        "objective",
        `${number(json.objective)}   ${percent(json.objectivePercentile)} of all, ${percent(json.objectivePercentileAmongPeers)} of the ${json.peers} closest in own score`
      ],
      [
        "neighbors",
        `${json.neighbors}${json.missing > 0 ? ` (${json.missing} more not in the table)` : ""}, mean ${number(json.neighborMean)} ± ${number(json.neighborSd)}`
      ],
      ["best neighbor", `${number(json.best.score)}   ${json.best.architecture}`],
      ["worst neighbor", `${number(json.worst.score)}   ${json.worst.architecture}`],
      ...(read === undefined ? [] : tableRows(read))
    ]),
    "",
    "  neighbors by score",
    ...json.histogram.counts.map((count, i) => {
      const [from, to] = [json.histogram.edges[i]!, json.histogram.edges[i + 1]!]
      const bar = `${"█".repeat(Math.ceil((40 * count) / most))} ${count}`
      return aligned([11, 3, 8, 2, 0], [from.toFixed(2), " … ", to.toFixed(2), "", bar])
    }),
    "",
    "  change of the score when one decision is replaced (mean of |change| first)",
    ...json.sensitivity.map(({ decision, choice, meanAbsoluteChange, replacements }) => {
      const changes = Object.entries(replacements).map(
        ([name, change]) => `${name} ${change >= 0 ? "+" : ""}${change.toFixed(2)}`
      )
      return `  ${decision} ${choice}: ${meanAbsoluteChange.toFixed(2)} (${changes.join(", ")})`
    })
  ].join("\n")
}
