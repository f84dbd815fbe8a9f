import { hasGradientRun } from "../../src/adapters/checkpoints/run_record.ts"
import { hasRun } from "../../src/adapters/run_store/sqlite.ts"
import { METHODS } from "../../src/domain/darts/methods/methods.ts"
import { searchFields } from "../../src/domain/darts/run_settings.ts"
import { DARTS_PROTOCOLS, DATA_SIZES } from "../../src/domain/darts/settings.ts"
import { SAMPLING_ALGORITHMS, type SamplingAlgorithm, samplingFields } from "../../src/domain/searchers/settings.ts"
import { withDefaults } from "../../src/domain/setting/field.ts"
import { type Asked, type CommandOf, runnableGroup } from "./_command.ts"
import { keptOptions } from "./_run_options.ts"
import { searchDarts } from "./_search_darts.ts"
import { type SearchCommand, searchTable } from "./_search_table.ts"

type Options = typeof keptOptions

const asked = ({ given, options: { config, run, json } }: Asked<Options>): SearchCommand => ({
  config,
  given,
  run,
  json
})

const EXAMPLES: Readonly<Record<string, ReadonlyArray<string>>> = {
  "na-darts": [
    "search                                    on handwritten digits, half a minute on two cores",
    "search na-darts --dataset cifar10 --data cifar-10-batches-bin --protocol nas-bench-201 --channels 16 --cells 5"
  ],
  darts: ["search darts --space darts --protocol darts --dataset cifar10 --channels 16 --cells 8 --run runs/darts"],
  "na-rs": [
    "search na-rs                              over a made-up table, to see what comes out",
    "search na-rs --table nb201.csv.gz --score val200_c10 --report test200_c10 --neighbors 24",
    "search na-rs --evaluator train --dataset cifar10 --epochs 12 --neighbors 4 --samples 20 --run runs/trained",
    "search na-rs --evaluator supernet --images 2000 --image-size 12 --epochs 5 --neighbors 10"
  ],
  rs: ["search rs --table nb201.csv.gz --score val200_c10 --repeat 500"],
  halving: ["search halving --samples 27 --epochs 9 --channels 4 --cells 1"]
}

const byGradients = METHODS.map(
  (method): CommandOf<Options> => ({
    name: method.name,
    summary: method.summary,
    about: `Source: ${method.source}.`,
    examples: EXAMPLES[method.name] ?? [`search ${method.name}`],
    settings: withDefaults(searchFields(method), { ...DARTS_PROTOCOLS.quick, ...DATA_SIZES.quick }),
    options: keptOptions,
    run: (given) => searchDarts(method, asked(given))
  })
)

const bySamples = (Object.keys(SAMPLING_ALGORITHMS) as ReadonlyArray<SamplingAlgorithm>).map(
  (name): CommandOf<Options> => ({
    name,
    summary: SAMPLING_ALGORITHMS[name],
    examples: EXAMPLES[name] ?? [`search ${name} --table nb201.csv.gz --score val200_c10`],
    settings: samplingFields(name),
    options: keptOptions,
    run: (given) => searchTable(name, asked(given))
  })
)

const [first, ...others] = byGradients

/** Without a word the folder of a run decides; NA-DARTS is meant where there is none. */
const unnamed: CommandOf<Options> = {
  ...first!,
  run: (given) => {
    const { run } = given.options
    if (given.isNamed || run === undefined) return first!.run(given)
    return hasRun(run) && !hasGradientRun(run)
      ? searchTable(undefined, asked(given))
      : searchDarts(undefined, asked(given))
  }
}

export const { main, within } = runnableGroup({
  name: "search",
  summary: "Search for an architecture whose neighborhood is good: itself and every one that differs in one decision.",
  about: "`search ALGORITHM --help` shows the flags of an algorithm.",
  examples: [
    "search                                    NA-DARTS on handwritten digits, half a minute on two cores",
    "search na-rs                              over a made-up table, to see what comes out",
    "search na-rs --table nb201.csv.gz --score val200_c10 --report test200_c10 --neighbors 24",
    "search --run runs/first                   continues a run, or shows its result"
  ],
  commands: [unnamed, ...others, ...bySamples]
})
