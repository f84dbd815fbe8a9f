import { existsSync, readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import * as Schema from "@effect/schema/Schema"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as TableEvaluator from "../src/adapters/evaluator/table.ts"
import { readTable } from "../src/adapters/table/file.ts"
import { readSafetensors } from "../src/adapters/tensor/safetensors.ts"
import { type Architecture, architectureOfKey } from "../src/domain/architecture/architecture.ts"
import { printArchitecture } from "../src/domain/architecture/text.ts"
import { skipShare } from "../src/domain/darts/diagnosis.ts"
import { discretize } from "../src/domain/darts/discretize.ts"
import { EpochRecord } from "../src/domain/darts/record.ts"
import { type StopRule, stopOf } from "../src/domain/darts/stop_rule.ts"
import { probabilities, relaxedShape } from "../src/domain/neighborhood/relaxed_shape.ts"
import { builtinSpace } from "../src/domain/space/spaces.ts"
import { Reporter } from "../src/effects/ports/reporter.ts"
import type { Variant } from "./_study_variants.ts"

/** Columns of the table that are read behind the searches. */
export const TEST_COLUMNS = ["test200_c10", "test200_c100", "test200_in16"] as const

/** Seconds that all processes have spent on a run. */
export const Spent = Schema.Struct({ wall: Schema.Number, cpu: Schema.Number })
export type Spent = typeof Spent.Type

/** What the study reads of an epoch. */
const StudyRecord = EpochRecord.pick("epoch", "architecture", "alpha", "validation", "skipShare", "eigenvalue")
type StudyRecord = typeof StudyRecord.Type

const common = { variant: Schema.String, seed: Schema.String, ...Spent.fields }

/**
 * What a finished run leaves: a search by gradients its epochs, one that samples what it found and
 * its own loss.
 */
export const RunResult = Schema.Union(
  Schema.TaggedStruct("Gradient", {
    ...common,
    stopped: Schema.Boolean,
    /** The epoch, counted from 0. */
    readOff: Schema.optional(Schema.Int),
    epochs: Schema.Array(StudyRecord)
  }),
  Schema.TaggedStruct("Sampling", { ...common, architecture: Schema.String, error: Schema.Number })
)

/** An architecture with the table's accuracies. */
export interface Tested {
  readonly text: string
  readonly test: ReadonlyArray<number>
  readonly skipShare: number
}

/**
 * An epoch of a run, with what would be read off: `none` an operation like others, and without it.
 */
export interface StudyEpoch extends StudyRecord, Tested {
  readonly withoutNone: Tested
}

/** What a run has found so far. */
export interface StudyFound extends Tested {
  readonly withoutNone: Tested | undefined
  readonly loss: number | undefined
  readonly accuracy: number
}

/** A run of the study, finished or under way. */
export interface StudyRun extends Spent {
  readonly variant: Variant
  readonly seed: string
  readonly finished: boolean
  readonly found: StudyFound
  /** None of a search that samples. */
  readonly epochs: ReadonlyArray<StudyEpoch>
}

const space = builtinSpace("nas-bench-201")

/**
 * The rule that ended the runs which do not say where they were read off. Their eigenvalues are
 * those of one batch.
 */
export const FORMER_RULE: StopRule = { window: 5, ratio: 0.75, floor: 0 }
const position = Schema.decodeUnknownEither(Schema.parseJson(Schema.Struct({ epochs: Schema.Array(StudyRecord) })))

/** The epochs that lie in the last checkpoint of a run under way. */
function epochsUnderWay(folder: string): ReadonlyArray<StudyRecord> {
  const files = readdirSync(folder).filter((name) => /^checkpoint-\d+\.safetensors$/.test(name))
  for (const name of files.sort().reverse()) {
    const record = Either.flatMap(readSafetensors(name, readFileSync(join(folder, name))), ({ metadata }) =>
      position(metadata.record)
    )
    if (Either.isRight(record)) return record.right.epochs
  }
  return []
}

/** The runs in a folder, by variant and seed, and the architecture of 3×3 convolutions alone. */
export const readRuns = Effect.fn("readRuns")(function* (
  out: string,
  table: string,
  variants: ReadonlyArray<Variant>,
  seeds: ReadonlyArray<string>
) {
  const benchmark = { tables: [yield* readTable(space, table)] as const }
  const { report } = yield* Effect.provide(Reporter, TableEvaluator.reporterLayer(benchmark, TEST_COLUMNS))
  const tested = (architecture: Architecture): Tested => {
    const scores = report(architecture)
    return {
      text: printArchitecture(space, architecture),
      test: TEST_COLUMNS.map((column) => scores.get(column) ?? Number.NaN),
      skipShare: skipShare(space, architecture)
    }
  }
  const scored = (epoch: StudyRecord): StudyEpoch => {
    const alpha = new Map(Object.entries(epoch.alpha))
    const without = discretize(space, probabilities(relaxedShape(space), alpha), false)
    return { ...epoch, ...tested(architectureOfKey(epoch.architecture)), withoutNone: tested(without) }
  }
  const ofEpochs = (records: ReadonlyArray<StudyRecord>, readOff = records.at(-1)!.epoch) => {
    const epochs = records.map(scored)
    const kept = epochs.find(({ epoch }) => epoch === readOff)!
    const { loss, accuracy } = kept.validation
    return { epochs, found: { ...kept, loss, accuracy } }
  }
  const runs: Array<StudyRun> = []
  for (const variant of variants)
    for (const seed of seeds) {
      const folder = join(out, `${variant.name}-seed${seed}`)
      const [result, spent] = [join(folder, "result.json"), join(folder, "spent.json")]
      if (existsSync(result)) {
        const made = yield* Schema.decode(Schema.parseJson(RunResult))(readFileSync(result, "utf8"))
        const { wall, cpu } = made
        const own = { variant, seed, finished: true, wall, cpu }
        if (made._tag === "Gradient") {
          const readOff = made.readOff ?? (made.stopped ? stopOf(FORMER_RULE, made.epochs)?.kept : undefined)
          runs.push({ ...own, ...ofEpochs(made.epochs, readOff) })
        } else {
          const found = tested(architectureOfKey(made.architecture))
          const further = { withoutNone: undefined, loss: undefined, accuracy: 1 - made.error }
          runs.push({ ...own, epochs: [], found: { ...found, ...further } })
        }
      } else if (existsSync(spent)) {
        const { wall, cpu } = yield* Schema.decode(Schema.parseJson(Spent))(readFileSync(spent, "utf8"))
        const epochs = epochsUnderWay(folder)
        if (epochs.length > 0) runs.push({ variant, seed, finished: false, wall, cpu, ...ofEpochs(epochs) })
      }
    }
  const convolutions = tested(space.decisions.map(({ choices }) => choices.indexOf("nor_conv_3x3")))
  return { runs, convolutions }
})
