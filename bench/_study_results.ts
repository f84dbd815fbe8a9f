import { existsSync, readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import * as Schema from "@effect/schema/Schema"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as TableEvaluator from "../src/adapters/evaluator/table.ts"
import { readTable } from "../src/adapters/table/file.ts"
import { readSafetensors } from "../src/adapters/tensor/safetensors.ts"
import { architectureOfKey } from "../src/domain/architecture/architecture.ts"
import { printArchitecture } from "../src/domain/architecture/text.ts"
import { probabilities, relaxedShape } from "../src/domain/neighborhood/relaxed_shape.ts"
import { skipShare } from "../src/domain/search/gradient/diagnosis.ts"
import { discretize } from "../src/domain/search/gradient/discretize.ts"
import { EpochRecord, GradientPosition } from "../src/domain/search/gradient/record.ts"
import { builtinSpace } from "../src/domain/space/spaces.ts"
import { Reporter } from "../src/effects/reporter.ts"
import type { Variant } from "./_study_variants.ts"

/** Columns of the table that are read behind the searches. */
export const TEST_COLUMNS = ["test200_c10", "test200_c100", "test200_in16"] as const

/** Seconds that all processes have spent on a run. */
export const Spent = Schema.Struct({ wall: Schema.Number, cpu: Schema.Number })
export type Spent = typeof Spent.Type

/** What a finished run leaves. */
export const RunResult = Schema.Struct({
  variant: Schema.String,
  seed: Schema.String,
  ...Spent.fields,
  stopped: Schema.Boolean,
  epochs: Schema.Array(EpochRecord)
})

/** An epoch of a run, with the table's accuracies of what would be read off: with `none` as an operation like others, and without. */
export interface StudyEpoch extends EpochRecord {
  readonly text: string
  readonly test: ReadonlyArray<number>
  readonly withoutNone: { readonly test: ReadonlyArray<number>; readonly skipShare: number }
}

/** A run of the study, finished or under way. */
export interface StudyRun extends Spent {
  readonly variant: Variant
  readonly seed: string
  readonly finished: boolean
  readonly epochs: ReadonlyArray<StudyEpoch>
}

const space = builtinSpace("nas-bench-201")
const position = Schema.decodeUnknownEither(Schema.parseJson(GradientPosition))

/** The epochs that lie in the last checkpoint of a run under way. */
function epochsUnderWay(folder: string): ReadonlyArray<EpochRecord> {
  const files = readdirSync(folder).filter((name) => /^checkpoint-\d+\.safetensors$/.test(name))
  for (const name of files.sort().reverse()) {
    const record = Either.flatMap(readSafetensors(name, readFileSync(join(folder, name))), ({ metadata }) =>
      position(metadata.record)
    )
    if (Either.isRight(record)) return record.right.epochs
  }
  return []
}

/** The runs in a folder, by variant and seed. */
export const readRuns = Effect.fn("readRuns")(function* (
  out: string,
  table: string,
  variants: ReadonlyArray<Variant>,
  seeds: ReadonlyArray<string>
) {
  const benchmark = { tables: [yield* readTable(space, table)] as const }
  const { report } = yield* Effect.provide(Reporter, TableEvaluator.reporterLayer(benchmark, TEST_COLUMNS))
  const test = (architecture: ReadonlyArray<number>) => {
    const found = report(architecture)
    return TEST_COLUMNS.map((column) => found.get(column) ?? Number.NaN)
  }
  const scored = (epoch: EpochRecord): StudyEpoch => {
    const architecture = architectureOfKey(epoch.architecture)
    const alpha = new Map(Object.entries(epoch.alpha))
    const without = discretize(space, probabilities(relaxedShape(space), alpha), false)
    return {
      ...epoch,
      text: printArchitecture(space, architecture),
      test: test(architecture),
      withoutNone: { test: test(without), skipShare: skipShare(space, without) }
    }
  }
  const runs: Array<StudyRun> = []
  for (const variant of variants)
    for (const seed of seeds) {
      const folder = join(out, `${variant.name}-seed${seed}`)
      const [result, spent] = [join(folder, "result.json"), join(folder, "spent.json")]
      if (existsSync(result)) {
        const { epochs, wall, cpu } = yield* Schema.decode(Schema.parseJson(RunResult))(readFileSync(result, "utf8"))
        runs.push({ variant, seed, finished: true, wall, cpu, epochs: epochs.map(scored) })
      } else if (existsSync(spent)) {
        const { wall, cpu } = yield* Schema.decode(Schema.parseJson(Spent))(readFileSync(spent, "utf8"))
        const epochs = epochsUnderWay(folder).map(scored)
        if (epochs.length > 0) runs.push({ variant, seed, finished: false, wall, cpu, epochs })
      }
    }
  return runs
})
