import * as Command from "@effect/cli/Command"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { hasGradientRun } from "../../src/adapters/checkpoints/run_record.ts"
import { hasRun } from "../../src/adapters/run_store/sqlite.ts"
import { readConfig } from "../../src/adapters/settings/resolve.ts"
import { runnable } from "../../src/adapters/terminal/run_command.ts"
import { METHODS, methodNamed } from "../../src/domain/darts/methods/methods.ts"
import { ALGORITHM_NAMES } from "../../src/domain/searchers/settings.ts"
import { SettingsError } from "../../src/domain/setting/settings_error.ts"
import {
  EVALUATOR_OPTIONS,
  FURTHER_OPTIONS,
  GRADIENT_OPTIONS,
  givenSettings,
  OBJECTIVE_OPTIONS,
  SEARCH_OPTIONS,
  TABLE_OPTIONS
} from "./_options.ts"
import { searchByGradient } from "./_search_gradient.ts"
import { type SearchCommand, searchTable } from "./_search_table.ts"

const HELP = `Search for an architecture whose neighborhood is good: itself and every architecture that differs in one decision.

Examples:

  search                                    NA-DARTS on handwritten digits, about half a minute on two cores

  search --neighbors 4 --seed 5             the same with four neighbors and another seed

  search --protocol nas-bench-201-small     on all images, 25 epochs

  search --algorithm na-darts --dataset cifar10 --data cifar-10-batches-bin --channels 16 --cells 5 --protocol nas-bench-201

  search --algorithm darts --space darts --protocol darts --dataset cifar10 --channels 16 --cells 8 --run runs/darts

  search --algorithm na-rs                  a search over a made-up table, to see what comes out

  search --table nb201.csv.gz --score val200_c10 --report test200_c10 --samples 100 --neighbors 24

  search --algorithm rs --table nb201.csv.gz --score val200_c10 --repeat 500

  search --algorithm na-rs --evaluator train --dataset cifar10 --epochs 12 --neighbors 4 --samples 20 --run runs/trained

  search --algorithm rs --evaluator train --successive-halving 3 --samples 27 --epochs 9 --channels 4 --cells 1

  search --algorithm na-rs --evaluator supernet --images 2000 --image-size 12 --epochs 5 --neighbors 10 --run runs/supernet

  search --space my-space.json --table my.csv --key code --score accuracy --run runs/mine

Exit codes: 0 done, 1 failed, 2 wrong usage, 130 interrupted.`

const command = Command.make(
  "search",
  {
    ...TABLE_OPTIONS,
    ...OBJECTIVE_OPTIONS,
    ...SEARCH_OPTIONS,
    ...EVALUATOR_OPTIONS,
    ...GRADIENT_OPTIONS,
    ...FURTHER_OPTIONS
  },
  Effect.fn("search")(function* (parsed) {
    const { config, json, run, ...flags } = parsed
    const asked = {
      config: Option.getOrUndefined(config),
      run: Option.getOrUndefined(run),
      given: givenSettings(flags),
      json
    }
    return yield* (yield* isByGradient(asked)) ? searchByGradient(asked) : searchTable(asked)
  })
).pipe(Command.withDescription(HELP))

/** An algorithm decides. Without one a kept run does, then who scores: a table or an evaluator. No other setting changes the method. */
const isByGradient = Effect.fnUntraced(function* ({ config, run, given }: SearchCommand) {
  const file = config === undefined ? {} : yield* readConfig(config)
  const settings = { ...file, ...given }
  if (typeof settings.algorithm === "string") {
    const known: ReadonlyArray<string> = [...METHODS.map(({ name }) => name), ...ALGORITHM_NAMES]
    const problem = `algorithm (--algorithm): Expected ${known.join(", ")}, actual "${settings.algorithm}"`
    return known.includes(settings.algorithm)
      ? methodNamed(settings.algorithm) !== undefined
      : yield* new SettingsError({ problem })
  }
  if (run !== undefined && (hasRun(run) || hasGradientRun(run))) return hasGradientRun(run)
  return settings.table === undefined && settings.evaluator === undefined
})

export const { main, within } = runnable(command, "search")
