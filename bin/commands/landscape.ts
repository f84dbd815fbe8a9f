import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import { tableLosses } from "../../src/adapters/evaluator/table.ts"
import { readConfig } from "../../src/adapters/settings/config_file.ts"
import { loadSpace } from "../../src/adapters/space/file.ts"
import { loadBenchmark } from "../../src/adapters/table/load_benchmark.ts"
import { parseArchitecture } from "../../src/domain/architecture/text.ts"
import { printAggregate } from "../../src/domain/objective/aggregate_text.ts"
import { flatness } from "../../src/domain/objective/flatness.ts"
import { networkLosses, objectiveOfAll } from "../../src/domain/objective/objective_of_all.ts"
import { planSearch } from "../../src/domain/searchers/plan_search.ts"
import { decodeSearch, landscapeFields } from "../../src/domain/searchers/settings.ts"
import { decodeSettings, encodeSettings, field, grouped, optional } from "../../src/domain/setting/field.ts"
import { text, whole } from "../../src/domain/setting/kind.ts"
import { SettingsError } from "../../src/domain/setting/settings_error.ts"
import { benchmarkColumn } from "../../src/domain/table/benchmark.ts"
import { flatnessJson, flatnessText, landscapeJson, landscapeText } from "../../src/report/landscape_report.ts"
import { runnable } from "./_command.ts"
import { shownOptions } from "./_run_options.ts"

const options = {
  ...grouped("Landscape", {
    top: field(whole(1), 10, "architectures to list"),
    architecture: optional(text(), "report on this one, in any text form", "the best of all")
  }),
  ...shownOptions
}

export const { main, within } = runnable({
  name: "landscape",
  summary: "Show the objective of every architecture of a table, or how flat the scores are around one.",
  examples: [
    "landscape --table nb201.csv.gz --score val200_c10 --report test200_c10 --radius 1 --top 10",
    "landscape --table nb201.csv.gz --score val200_c10 --architecture 333333"
  ],
  settings: landscapeFields,
  options,
  run: Effect.fn("landscape")(function* ({ given, options: { config, json, top, architecture } }) {
    const asked = { ...(yield* readConfig(config)), ...given }
    const own = yield* decodeSettings(landscapeFields, asked, { of: "a landscape" })
    const settings = yield* decodeSearch("na-rs", encodeSettings(landscapeFields, own))
    const space = yield* loadSpace(settings.space)
    const { benchmark, score, report, read, synthetic } = yield* loadBenchmark(settings, space)
    if (synthetic)
      yield* Console.error("no --table FILE --score COLUMN: this is a made-up landscape (its scores are no accuracies)")
    const { objective: prepared } = yield* planSearch(settings, space, benchmark)
    const maximize = settings.goal === "maximize"
    const [table] = benchmark.tables
    const losses = networkLosses(prepared.identifier, table, yield* tableLosses({ benchmark, score, maximize }))
    const objectives = objectiveOfAll(prepared, table, losses)
    const sign = maximize ? -1 : 1
    if (architecture === undefined) {
      const reported = new Map(
        yield* Effect.forEach(report, (name) =>
          Effect.map(benchmarkColumn(benchmark, name), (values) => [name, values] as const)
        )
      )
      const reach = settings.exactRadius ? "at distance" : "within distance"
      const objective = `${printAggregate(settings.aggregate)} ${reach} ${settings.radius}`
      const landscape = {
        space,
        score,
        objective,
        sign,
        architectures: table.architectures,
        own: losses,
        objectives,
        reported,
        read
      } as const
      return yield* Console.log(json ? JSON.stringify(landscapeJson(landscape, top)) : landscapeText(landscape, top))
    }
    const center = yield* parseArchitecture(space, architecture)
    if (prepared.objective._tag === "Own") return
    const found = flatness(prepared.ball, center, {
      lossOf: (one) => losses[table.rowOf(one)] ?? Number.NaN,
      aggregate: prepared.objective.aggregate,
      center: settings.center,
      population: { own: losses, objective: objectives }
    })
    if (found === undefined) {
      return yield* new SettingsError({
        problem: `the table has no row for "${architecture}", or for none of its neighbors`
      })
    }
    yield* Console.log(
      json
        ? JSON.stringify(flatnessJson(space, center, found, sign, read))
        : flatnessText(space, center, found, sign, score, read)
    )
  })
})
