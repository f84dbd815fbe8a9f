/**
 * Random search and neighborhood-aware random search on the 15,625 architectures of NAS-Bench-201,
 * side by side with the values that a correct implementation gives: mean ± standard deviation over
 * seeds, and the distance in standard errors. Controls that cost little stand below: all 3×3
 * convolutions, most parameters, an additive model of as many evaluations as NA-RS spends. The last
 * line says what explains CIFAR-100 among the 1,000 best of CIFAR-10 validation.
 *
 *     npx tsx bench/method_table.ts [--seeds 500] [--json]
 *
 * The expected values are our reconstruction's, to one or two decimals; they are no numbers of the
 * paper. Both searches see one column alone; the others are read after the search. Exits 1 where a
 * mean is further than 3 standard errors, and half a unit of the expected value's last digit, from
 * what is expected. Seeds repeat the searches over one table, whose one supernet is one sample of
 * supernets.
 */
import { existsSync } from "node:fs"
import * as NodeContext from "@effect/platform-node/NodeContext"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as TableEvaluator from "../src/adapters/evaluator/table.ts"
import * as NoRunStore from "../src/adapters/run_store/none.ts"
import { readTable } from "../src/adapters/table/file.ts"
import { architectureOfKey } from "../src/domain/architecture/architecture.ts"
import { planSearch } from "../src/domain/searchers/plan_search.ts"
import { decodeSearch, type SamplingAlgorithm } from "../src/domain/searchers/settings.ts"
import { builtinSpace } from "../src/domain/space/spaces.ts"
import { summarize } from "../src/domain/statistics/summary.ts"
import { Reporter } from "../src/effects/ports/reporter.ts"
import { repeatSearch } from "../src/effects/programs/repeat_search.ts"
import { bestByAdditive, bestOfRandom, choicesOf, explained } from "./_controls.ts"
import { scriptFlags, toggle, whole } from "./_flags.ts"

const FOLDER = "../shared/data"
const ONE_SHOT = "oneshot_supernet_acc_c10"
const COLUMNS = ["test200_c10", "val200_c100", "val200_in16"]

interface Row {
  readonly name: string
  readonly score: string
  readonly settings: Readonly<Record<string, unknown>> & { readonly algorithm?: SamplingAlgorithm }
  /** Per column, as given: the number of decimals says how exact it is. */
  readonly expected: ReadonlyArray<string>
}

const table = (name: string, samples: number, settings: object, ...expected: ReadonlyArray<string>): Row => ({
  name: `${name}, ${samples} samples`,
  score: "val200_c10",
  settings: { samples, ...settings },
  expected
})
const supernet = (name: string, settings: object, ...expected: ReadonlyArray<string>): Row => ({
  ...table(name, 100, settings, ...expected),
  score: ONE_SHOT
})

const ROWS: ReadonlyArray<Row> = [
  table("RS", 100, { algorithm: "rs" }, "93.77", "71.02", "44.62"),
  table("NA-RS mean of 24", 100, {}, "93.74", "71.19", "44.66"),
  table("RS", 3000, { algorithm: "rs" }, "94.12", "72.48", "45.63"),
  table("NA-RS mean of 24", 3000, {}, "94.26", "72.94", "45.74"),
  supernet("RS", { algorithm: "rs" }, "91.4", "66.1", "37.5"),
  supernet("NA-RS mean of 10", { neighbors: 10 }, "92.5", "68.7", "40.9"),
  supernet("NA-RS mean of 24", {}, "92.9", "69.4", "41.8"),
  supernet("NA-RS worst of 24", { aggregate: "worst" }, "92.9"),
  supernet("NA-RS median of 24", { aggregate: "median" }, "92.0"),
  supernet("NA-RS best of 24", { aggregate: "best" }, "86.7")
]

/**
 * The expected values come from runs of their own: at least 500, so their error is about that of
 * ours.
 */
const EXPECTED_RUNS = 500

const flags = scriptFlags({ seeds: whole(500, 2), json: toggle })

const program = Effect.gen(function* () {
  const space = builtinSpace("nas-bench-201")
  const benchmark = {
    tables: [
      yield* readTable(space, `${FOLDER}/nb201.csv.gz`),
      yield* readTable(space, `${FOLDER}/nb201_proxies.csv.gz`)
    ] as const
  }
  const rows: Array<Result> = []
  const tell = (row: Result) => {
    rows.push(row)
    if (!flags.json) console.log(line(row))
  }
  for (const { name, score, settings: given, expected } of ROWS) {
    const { algorithm = "na-rs", ...own } = given
    const settings = yield* decodeSearch(algorithm, { ...own, repeat: flags.seeds, seed: "table" })
    const plan = yield* planSearch(settings, space, benchmark)
    const options = { benchmark, score, maximize: true, cost: undefined, costFactor: 1 }
    const found = yield* Effect.gen(function* () {
      const outcomes = yield* repeatSearch(plan, {
        seed: settings.seed,
        repeat: settings.repeat,
        onProgress: () => Effect.void
      })
      const { report } = yield* Reporter
      return outcomes.map((outcome) => ({ outcome, report: report(architectureOfKey(outcome.architecture)) }))
    }).pipe(
      Effect.provide(
        Layer.mergeAll(
          TableEvaluator.layer(options),
          TableEvaluator.reporterLayer(benchmark, COLUMNS),
          NoRunStore.layer
        )
      )
    )
    const spent = (field: "evaluations" | "uniqueEvaluations") =>
      summarize(found.map(({ outcome }) => outcome[field])).mean
    tell({
      name,
      score,
      cells: cellsOf((column) => found.map(({ report }) => report.get(column)!), expected),
      evaluations: spent("evaluations"),
      uniqueEvaluations: spent("uniqueEvaluations")
    })
  }
  const [first, second] = benchmark.tables
  const { architectures } = first
  const values = new Map<string, ArrayLike<number>>()
  for (const column of [...COLUMNS, "val200_c10", "test200_c100", "params", "mflops"])
    values.set(column, yield* first.column(column))
  const proxy = yield* second.column(ONE_SHOT)
  values.set(
    ONE_SHOT,
    architectures.map((architecture) => proxy[second.rowOf(architecture)]!)
  )
  const control = (
    name: string,
    score: string,
    uniqueEvaluations: number,
    expected: ReadonlyArray<string>,
    choose: (seed: string) => number
  ) => {
    const chosen = Array.from({ length: flags.seeds }, (_, i) => choose(`table/${i}`))
    const cells = cellsOf((column) => chosen.map((row) => values.get(column)![row]!), expected)
    tell({ name, score, cells, evaluations: uniqueEvaluations, uniqueEvaluations })
  }
  const convolutions = space.decisions.map(({ choices }) => choices.indexOf("nor_conv_3x3"))
  control("all 3×3 convolutions", "none", 0, ["93.76"], () => first.rowOf(convolutions))
  for (const [count, expected] of [
    [100, "93.17"],
    [1000, "93.47"]
  ] as const)
    control(`most parameters of ${count}`, "params", 0, [expected], (seed) =>
      bestOfRandom(values.get("params")!, count, seed)
    )
  const features = architectures.map((architecture) => choicesOf(space, architecture))
  for (const score of ["val200_c10", ONE_SHOT]) {
    const spent = rows.find((row) => row.score === score && row.name === "NA-RS mean of 24, 100 samples")!
    const count = Math.round(spent.uniqueEvaluations)
    control(`additive model of ${count}`, score, count, score === ONE_SHOT ? ["93.5"] : [], (seed) =>
      bestByAdditive(features, values.get(score)!, count, seed)
    )
  }
  const columns = {
    score: values.get("val200_c10")!,
    cost: values.get("mflops")!,
    wanted: values.get("test200_c100")!
  }
  return { rows, best1000: explained(space, architectures, columns, 1000) }
})

/** Mean and deviation of each column, beside what is expected. */
function cellsOf(found: (column: string) => ReadonlyArray<number>, expected: ReadonlyArray<string>) {
  return COLUMNS.map((column, i) => {
    const { mean, sd } = summarize(found(column))
    const text = expected[i]
    if (text === undefined) return { column, mean, sd }
    const rounding = 0.5 * 10 ** -(text.split(".")[1]?.length ?? 0)
    const error = Math.hypot(sd / Math.sqrt(flags.seeds), sd / Math.sqrt(EXPECTED_RUNS))
    const away = Math.max(0, Math.abs(mean - Number(text)) - rounding - 1e-9)
    return { column, mean, sd, expected: Number(text), standardErrors: away === 0 ? 0 : away / error }
  })
}

interface Result {
  readonly name: string
  readonly score: string
  readonly cells: ReturnType<typeof cellsOf>
  readonly evaluations: number
  readonly uniqueEvaluations: number
}

function line({ name, score, cells, uniqueEvaluations }: Result): string {
  const shown = cells.map(({ mean, sd, expected, standardErrors }) => {
    const given = expected === undefined ? "" : ` (${expected}, ${standardErrors.toFixed(1)} se)`
    return `${mean.toFixed(2)} ± ${sd.toFixed(2)}${given}`.padEnd(28)
  })
  const evaluator = { [ONE_SHOT]: "supernet", val200_c10: "table" }[score] ?? score
  return `${evaluator.padEnd(8)}  ${name.padEnd(33)}  ${shown.join("  ")}  ${uniqueEvaluations.toFixed(0)}`
}

if (existsSync(FOLDER)) {
  if (!flags.json) {
    console.log(
      `${flags.seeds} seeds; mean ± sd (expected, distance in standard errors of the difference, rounding allowed)`
    )
    console.log(
      `${"score".padEnd(8)}  ${"search".padEnd(33)}  ${COLUMNS.map((name) => name.padEnd(28)).join("  ")}  unique evaluations`
    )
  }
  const { rows, best1000 } = await Effect.runPromise(Effect.provide(program, NodeContext.layer))
  const far = rows.flatMap(({ cells }) => cells.filter(({ standardErrors }) => (standardErrors ?? 0) > 3))
  if (flags.json)
    console.log(JSON.stringify({ seeds: flags.seeds, rows, best1000, withinThreeStandardErrors: far.length === 0 }))
  else {
    const { own, ownAndNeighbors, ownAndMainEffects, all } = best1000
    console.log(
      `R² of CIFAR-100 test among the 1,000 best by validation: own score ${own.toFixed(3)}, with neighbors ${ownAndNeighbors.toFixed(3)}, with main effects ${ownAndMainEffects.toFixed(3)}, with both ${all.toFixed(3)}`
    )
  }
  if (!flags.json)
    console.log(far.length === 0 ? "all within 3 standard errors" : `${far.length} further than 3 standard errors`)
  process.exitCode = far.length === 0 ? 0 : 1
} else {
  console.log(`left out: ${FOLDER} is absent`)
}
