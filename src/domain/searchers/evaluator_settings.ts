import * as Schema from "@effect/schema/Schema"
import { LABEL_FIELDS } from "../data/label_settings.ts"
import { BACKEND_CHOICES, DATASET_NAMES } from "../data/names.ts"
import { oneOf } from "../setting/schemas.ts"
import { SUPERNET_PROTOCOLS, type SupernetProtocolName } from "../supernet/protocols.ts"
import { ProtocolChanges, TRAINING_PROTOCOLS, type TrainingProtocolName } from "../training/protocol.ts"

const Count = Schema.Int.pipe(Schema.positive())
const Text = Schema.String.pipe(Schema.minLength(1))

/** What may score the architectures of a search by samples. */
export const EVALUATOR_NAMES = ["table", "train", "supernet"] as const

/** The protocols of trainings of one architecture, and those of supernets. */
const PROTOCOL_NAMES = [...new Set([...Object.keys(TRAINING_PROTOCOLS), ...Object.keys(SUPERNET_PROTOCOLS)])] as [
  TrainingProtocolName | SupernetProtocolName,
  ...ReadonlyArray<TrainingProtocolName | SupernetProtocolName>
]

/** Settings of the evaluators that train, `train` and `supernet`; `table` has none of them. What is absent follows from the protocol. */
const TRAIN_FIELDS = {
  dataset: Schema.optional(oneOf(...DATASET_NAMES)),
  /** Folder or file of the data; `mnist` needs none. */
  data: Schema.optional(Text),
  ...LABEL_FIELDS,
  /** Training images that take part, drawn by the seed; all where absent. */
  images: Schema.optional(Count),
  /** Share of these images that scores; half where absent. */
  validation: Schema.optional(Schema.Number.pipe(Schema.greaterThan(0), Schema.lessThan(1))),
  /** What is a loss: the share of wrong answers (where absent), or the mean cross-entropy. */
  measure: Schema.optional(oneOf("error", "cross-entropy")),
  protocol: Schema.optional(oneOf(...PROTOCOL_NAMES)),
  ...ProtocolChanges.fields,
  /** Share of the candidates that goes on to as many times the epochs, one in so many; without it all are trained to the end. */
  successiveHalving: Schema.optional(Schema.Int.pipe(Schema.greaterThanOrEqualTo(2))),
  /** Folder of the trainings that are known; the user's cache where absent. */
  cache: Schema.optional(Text),
  backend: Schema.optional(oneOf(...BACKEND_CHOICES)),
  threads: Schema.optional(Count)
} as const

/** Settings of the evaluator `supernet` alone. */
const SUPERNET_FIELDS = {
  /** Validation batches that an architecture is scored on, the same for all; all full ones where absent. */
  scoreBatches: Schema.optional(Count),
  /** Seed of the supernet: its weights, the split of the images, its paths. That of the search where absent. */
  supernetSeed: Schema.optional(Schema.String),
  /** Folder that keeps the supernet; in that of the run where absent. */
  supernetRun: Schema.optional(Text)
} as const

/** Names of the settings of the evaluator `train`. */
export const TRAIN_SETTINGS: ReadonlySet<string> = new Set(Object.keys(TRAIN_FIELDS))

/** Names of the settings that the evaluator `supernet` has and `train` has not. */
export const SUPERNET_SETTINGS: ReadonlySet<string> = new Set(Object.keys(SUPERNET_FIELDS))

/** Settings that a supernet does not have: it has one network, without paths to drop and without a head. */
export const TRAIN_ALONE_SETTINGS: ReadonlySet<string> = new Set([
  "successiveHalving",
  "cache",
  "dropPath",
  "auxiliaryWeight"
])

/** The settings of a search that say who scores. */
export const EVALUATOR_FIELDS = {
  evaluator: Schema.optionalWith(oneOf(...EVALUATOR_NAMES), { default: () => "table" as const }),
  ...TRAIN_FIELDS,
  ...SUPERNET_FIELDS
} as const
