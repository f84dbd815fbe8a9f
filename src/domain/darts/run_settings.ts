import * as ArrayFormatter from "@effect/schema/ArrayFormatter"
import type { ParseError } from "@effect/schema/ParseResult"
import * as Schema from "@effect/schema/Schema"
import * as Either from "effect/Either"
import { LABEL_FIELDS } from "../data/label_settings.ts"
import { BACKEND_CHOICES, BACKEND_NAMES, DATASET_NAMES } from "../data/names.ts"
import { parseAggregate } from "../objective/aggregate_text.ts"
import { formerSetting, NeighborCount, oneOf, withDefault, YesNo } from "../setting/schemas.ts"
import { SettingsError } from "../setting/settings_error.ts"
import { GRADIENT_PROTOCOLS, type GradientProtocol, type GradientSearch, gradientSearch } from "./settings.ts"

const Count = Schema.Int.pipe(Schema.positive())
const Positive = Schema.Number.pipe(Schema.positive(), Schema.finite())
const Text = Schema.String.pipe(Schema.minLength(1))

/** The gradient searchers by the names that people type. */
export const GRADIENT_ALGORITHMS = {
  darts: "Darts",
  "na-darts": "NaDarts",
  "sdarts-rs": "SdartsRs",
  gdas: "Gdas",
  a2m: "A2m"
} as const satisfies Record<string, GradientSearch["_tag"]>

/** One of `GRADIENT_ALGORITHMS`. */
export type GradientAlgorithm = keyof typeof GRADIENT_ALGORITHMS

/** Whether a name is that of a gradient searcher. */
export function isGradientAlgorithm(name: string): name is GradientAlgorithm {
  return Object.hasOwn(GRADIENT_ALGORITHMS, name)
}

export { BACKEND_NAMES, DATASET_NAMES }

const ALGORITHMS = Object.keys(GRADIENT_ALGORITHMS) as [GradientAlgorithm, ...ReadonlyArray<GradientAlgorithm>]
const PROTOCOLS = Object.keys(GRADIENT_PROTOCOLS) as [GradientProtocol, ...ReadonlyArray<GradientProtocol>]

/**
 * Every setting of a gradient search, as written in a config file and stored in a run. What is optional follows from the protocol, or is left to
 * the method's own default.
 */
export const GradientRunSettings = Schema.Struct({
  version: withDefault(Schema.Literal(1), 1),
  algorithm: withDefault(oneOf(...ALGORITHMS), "na-darts"),
  protocol: withDefault(oneOf(...PROTOCOLS), "quick"),
  space: withDefault(Text, "nas-bench-201"),
  dataset: withDefault(oneOf(...DATASET_NAMES), "mnist"),
  /** Folder or file of the data; `mnist` needs none. */
  data: Schema.optional(Text),
  ...LABEL_FIELDS,
  /** Training images that take part, drawn by the seed; where absent as many as the protocol takes, or all. */
  images: Schema.optional(Count),
  /** Height and width to which images are averaged; the protocol's where absent, or their own. */
  imageSize: Schema.optional(Count),
  flip: withDefault(YesNo, false),
  /** Zeros around an image before a random crop of its own size; no crop where 0. */
  crop: withDefault(Schema.Int.pipe(Schema.nonNegative()), 0),
  channels: withDefault(Count, 4),
  /** Cells of a stage (NAS-Bench-201's skeleton) or of the network (DARTS's); the fewest that there can be where absent. */
  cells: Schema.optional(Count),
  epochs: Schema.optional(Count),
  batchSize: Schema.optional(Count),
  learningRate: Schema.optional(Positive),
  alphaLearningRate: Schema.optional(Positive),
  neighbors: Schema.optional(NeighborCount),
  radius: Schema.optional(Count),
  exactRadius: Schema.optional(YesNo),
  /** `shift`, `swap`, `hard` or `mix:0.5`. */
  representation: Schema.optional(Text),
  aggregate: Schema.optional(Text),
  center: Schema.optional(YesNo),
  steps: Schema.optional(oneOf("both", "alpha", "weights")),
  order: Schema.optional(oneOf("first", "second", "finite-difference")),
  /** Whether an edge may be read off as `none`. */
  readNone: Schema.optional(YesNo),
  /** Whether a neighbor may change to `none`. */
  neighborNone: Schema.optional(YesNo),
  eigenvalue: withDefault(YesNo, false),
  /** Epochs from one eigenvalue to the next, with `eigenvalue`; a stop rule needs every one. */
  eigenvalueEvery: withDefault(Count, 1),
  /** Validation batches that an eigenvalue is that of, the same in every epoch; all full ones where there are fewer. */
  eigenvalueBatches: withDefault(Count, 4),
  /** Whether the rule of DARTS-ES may end the search; where absent it may with neighbors, and not without. */
  stopRule: Schema.optional(YesNo),
  /** The epoch, counted from 1, after which the cell is read off and the search ends, in place of the rule. */
  readEpoch: Schema.optional(Count),
  backend: withDefault(oneOf(...BACKEND_CHOICES), "auto"),
  threads: Schema.optional(Count),
  seed: withDefault(Schema.String, "0"),
  /** Further settings of the method, by the names of its schema; flags go before them. */
  method: withDefault(Schema.Record({ key: Schema.String, value: Schema.Unknown }), {})
}).annotations({ identifier: "GradientRunSettings" })
export interface GradientRunSettings extends Schema.Schema.Type<typeof GradientRunSettings> {}

/** The settings that are the method's own, under the same name. */
const METHOD_SETTINGS = [
  "epochs",
  "batchSize",
  "neighbors",
  "radius",
  "exactRadius",
  "center",
  "steps",
  "order",
  "readNone",
  "neighborNone",
  "readEpoch"
] as const

/** The method that settings of a run lead to. Errors name the setting that does not fit the method. */
export function methodOf(run: GradientRunSettings): Either.Either<GradientSearch, SettingsError> {
  return Either.gen(function* () {
    const fail = (problem: string) => Either.left(new SettingsError({ problem }))
    const given: Record<string, unknown> = { ...run.method }
    const set = (name: string, value: unknown) => {
      if (value !== undefined) given[name] = value
    }
    for (const name of METHOD_SETTINGS) set(name, run[name])
    if (run.aggregate !== undefined) {
      set(
        "aggregate",
        yield* Either.mapLeft(
          parseAggregate(run.aggregate),
          (problem) => new SettingsError({ problem: `\`aggregate\`: ${problem}` })
        )
      )
    }
    if (run.representation !== undefined) {
      const [name, rho] = run.representation.split(":") as [string, string | undefined]
      const tag = { shift: "Shift", swap: "Swap", hard: "Hard", mix: "Mix" }[name]
      if (tag === undefined || (tag === "Mix") !== (rho !== undefined))
        return yield* fail(
          `\`representation\`: Expected shift, swap, hard or mix:0.5, actual ${JSON.stringify(run.representation)}`
        )
      set("representation", tag === "Mix" ? { _tag: tag, rho: Number(rho) } : { _tag: tag })
    }
    if (run.learningRate !== undefined) set("weights", { ...Object(given.weights), learningRate: run.learningRate })
    if (run.alphaLearningRate !== undefined)
      set("alpha", { ...Object(given.alpha), learningRate: run.alphaLearningRate })
    if (run.stopRule === true && given.readEpoch !== undefined)
      return yield* fail("`readEpoch` takes the place of the stop rule: leave `stopRule` out")
    const mayStop = run.algorithm === "na-darts" && given.neighbors !== 0 && given.readEpoch === undefined
    if (run.stopRule ?? mayStop) set("stop", given.stop ?? {})
    return yield* Either.mapLeft(
      gradientSearch(GRADIENT_ALGORITHMS[run.algorithm], run.protocol, given),
      (error) => new SettingsError(problemOf(run.algorithm, error))
    )
  })
}

function unknownSetting(path: ReadonlyArray<PropertyKey>): string {
  const successors = path.length === 1 ? formerSetting(String(path[0])) : undefined
  return successors === undefined ? "there is no such setting" : `it is now ${successors.join(" and ")}`
}

/** The most special of the things that are wrong with a method's settings. That they could have been left out is none. */
function problemOf(algorithm: GradientAlgorithm, error: ParseError) {
  const issues = ArrayFormatter.formatErrorSync(error).filter(
    ({ message }) => !message.startsWith("Expected undefined")
  )
  const [issue] = issues.toSorted((a, b) => b.path.length - a.path.length)
  const told = issue?._tag === "Unexpected" ? unknownSetting(issue.path) : issue?.message.replace(/\s+/g, " ")
  const [name = "method", ...inner] = issue?.path.map(String) ?? []
  const isOwn = Object.hasOwn(GradientRunSettings.fields, name)
  const place = [isOwn ? `\`${name}\`` : name, ...inner].join(".")
  return { problem: `${place} of ${algorithm}: ${told ?? "unknown"}`, settings: isOwn ? [name] : [] }
}
