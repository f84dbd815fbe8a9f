import * as Command from "@effect/cli/Command"
import * as Options from "@effect/cli/Options"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { tableLosses } from "../../src/adapters/evaluator/table.ts"
import { resolveSettings } from "../../src/adapters/settings/resolve.ts"
import { loadSpace } from "../../src/adapters/space/file.ts"
import { loadBenchmark } from "../../src/adapters/table/load_benchmark.ts"
import { runnable } from "../../src/adapters/terminal/run_command.ts"
import { parseArchitecture } from "../../src/domain/architecture/text.ts"
import { flatness } from "../../src/domain/objective/flatness.ts"
import { networkLosses, objectiveOfAll } from "../../src/domain/objective/objective_of_all.ts"
import { planSearch } from "../../src/domain/searchers/plan_search.ts"
import { SettingsError } from "../../src/domain/setting/settings_error.ts"
import { benchmarkColumn } from "../../src/domain/table/benchmark.ts"
import { flatnessJson, flatnessText, landscapeJson, landscapeText } from "../../src/report/landscape_report.ts"
import { givenSettings, OBJECTIVE_OPTIONS, TABLE_OPTIONS } from "./_options.ts"

const HELP = `Show the objective of every architecture of a table, or how flat the scores are around one.

Examples:

  landscape --table nb201.csv.gz --score val200_c10 --report test200_c10 --aggregate mean --radius 1 --top 10

  landscape --table nb201.csv.gz --score val200_c10 --architecture 333333

Exit codes: 0 done, 1 failed, 2 wrong usage, 130 interrupted.`

const top = Options.integer("top").pipe(Options.withDescription("architectures to list (10)"), Options.withDefault(10))
const architecture = Options.text("architecture").pipe(
  Options.withDescription("an architecture in any text form: report on this one"),
  Options.optional
)

const command = Command.make(
  "landscape",
  { ...TABLE_OPTIONS, ...OBJECTIVE_OPTIONS, top, architecture },
  Effect.fn("landscape")(function* ({ config, json, top, architecture, ...flags }) {
    const settings = yield* resolveSettings(Option.getOrUndefined(config), givenSettings(flags))
    if (top < 1) return yield* new SettingsError({ problem: `top (--top): expected a positive number, actual ${top}` })
    const space = yield* loadSpace(settings.space)
    const { benchmark, score, report, read, synthetic } = yield* loadBenchmark(settings, space)
    if (synthetic)
      yield* Console.error("no --table FILE --score COLUMN: this is a made-up landscape (its scores are no accuracies)")
    const { objective: prepared } = yield* planSearch({ ...settings, algorithm: "na-rs" }, space, benchmark)
    const maximize = settings.goal === "maximize"
    const [table] = benchmark.tables
    const own = networkLosses(prepared.identifier, table, yield* tableLosses({ benchmark, score, maximize }))
    const objectives = objectiveOfAll(prepared, table, own)
    const sign = maximize ? -1 : 1
    if (Option.isNone(architecture)) {
      const reported = new Map(
        yield* Effect.forEach(report, (name) =>
          Effect.map(benchmarkColumn(benchmark, name), (values) => [name, values] as const)
        )
      )
      const reach = settings.exactRadius ? "at distance" : "within distance"
      const objective = `${settings.aggregate} ${reach} ${settings.radius}`
      const landscape = {
        space,
        score,
        objective,
        sign,
        architectures: table.architectures,
        own,
        objectives,
        reported,
        read
      } as const
      return yield* Console.log(json ? JSON.stringify(landscapeJson(landscape, top)) : landscapeText(landscape, top))
    }
    const center = yield* parseArchitecture(space, architecture.value)
    if (prepared.objective._tag === "Own") return
    const found = flatness(prepared.ball, center, {
      lossOf: (one) => own[table.rowOf(one)] ?? Number.NaN,
      aggregate: prepared.objective.aggregate,
      center: settings.center,
      population: { own, objective: objectives }
    })
    if (found === undefined) {
      return yield* new SettingsError({
        problem: `the table has no row for "${architecture.value}", or for none of its neighbors`
      })
    }
    yield* Console.log(
      json
        ? JSON.stringify(flatnessJson(space, center, found, sign, read))
        : flatnessText(space, center, found, sign, score, read)
    )
  })
).pipe(Command.withDescription(HELP))

export const { main, within } = runnable(command, "landscape")
