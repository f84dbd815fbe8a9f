import * as Schema from "@effect/schema/Schema"
import { BACKEND_CHOICES, DATASET_NAMES } from "../data/names.ts"
import { ProtocolChanges } from "../training/protocol.ts"
import { ProtocolName } from "../training/run_settings.ts"

const Count = Schema.Int.pipe(Schema.positive())
const Text = Schema.String.pipe(Schema.minLength(1))

function oneOf<const Words extends readonly [string, ...ReadonlyArray<string>]>(...words: Words) {
  return Schema.Literal(...words).annotations({
    message: (issue) => ({
      message: `Expected ${words.join(", ")}, actual ${JSON.stringify(issue.actual)}`,
      override: true
    })
  })
}

/** What may score the architectures of a search by samples. */
export const EVALUATOR_NAMES = ["table", "train"] as const

/** Settings of the evaluator `train`; every other evaluator has none of them. What is absent follows from the protocol. */
const TRAIN_FIELDS = {
  dataset: Schema.optional(oneOf(...DATASET_NAMES)),
  /** Folder or file of the data; `mnist` needs none. */
  data: Schema.optional(Text),
  /** Training images that take part, drawn by the seed; all where absent. */
  images: Schema.optional(Count),
  /** Share of these images that scores; half where absent. */
  validation: Schema.optional(Schema.Number.pipe(Schema.greaterThan(0), Schema.lessThan(1))),
  /** What is a loss: the share of wrong answers (where absent), or the mean cross-entropy. */
  measure: Schema.optional(oneOf("error", "cross-entropy")),
  protocol: Schema.optional(ProtocolName),
  ...ProtocolChanges.fields,
  /** Share of the candidates that goes on to as many times the epochs, one in so many; without it all are trained to the end. */
  successiveHalving: Schema.optional(Schema.Int.pipe(Schema.greaterThanOrEqualTo(2))),
  /** Folder of the trainings that are known; the user's cache where absent. */
  cache: Schema.optional(Text),
  backend: Schema.optional(oneOf(...BACKEND_CHOICES)),
  threads: Schema.optional(Count)
} as const

/** Names of the settings of the evaluator `train`. */
export const TRAIN_SETTINGS: ReadonlySet<string> = new Set(Object.keys(TRAIN_FIELDS))

/** The settings of a search that say who scores. */
export const EVALUATOR_FIELDS = {
  evaluator: Schema.optionalWith(oneOf(...EVALUATOR_NAMES), { default: () => "table" as const }),
  ...TRAIN_FIELDS
} as const
