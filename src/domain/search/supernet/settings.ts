import * as Schema from "@effect/schema/Schema"
import { changedProtocol, ProtocolChanges, type TrainingProtocol } from "../../training/protocol.ts"
import { BACKEND_NAMES, DATASET_NAMES } from "../gradient/run_settings.ts"
import type { GradientProtocol } from "../gradient/settings.ts"

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

function withDefault<A, I>(
  schema: Schema.Schema<A, I>,
  value: A
): Schema.optionalWith<Schema.Schema<A, I>, { default: () => A }> {
  return Schema.optionalWith(schema, { default: () => value })
}

const darts = {
  version: 1,
  stem: "cifar",
  channels: 16,
  cells: 8,
  epochs: 50,
  batchSize: 64,
  optimizer: { _tag: "Sgd", momentum: 0.9, nesterov: false, weightDecay: 3e-4 },
  schedule: { _tag: "Cosine", first: 0.025, last: 0.001, epochs: 50 },
  clip: 5,
  dropPath: 0,
  auxiliaryWeight: 0,
  labelSmoothing: 0,
  augmentation: [],
  preparation: []
} as const satisfies TrainingProtocol

const nasBench201 = {
  ...darts,
  cells: 5,
  optimizer: { ...darts.optimizer, nesterov: true, weightDecay: 5e-4 }
} as const satisfies TrainingProtocol

/** How supernets are trained: the weights' part of the searches by gradients of the same names, without augmentation. */
export const SUPERNET_PROTOCOLS = {
  darts,
  "nas-bench-201": nasBench201,
  "nas-bench-201-small": {
    ...nasBench201,
    channels: 4,
    cells: 1,
    epochs: 25,
    schedule: { ...nasBench201.schedule, epochs: 25 }
  }
} as const satisfies Record<GradientProtocol, TrainingProtocol>

const PROTOCOLS = Object.keys(SUPERNET_PROTOCOLS) as [GradientProtocol, ...ReadonlyArray<GradientProtocol>]

/** What a score is: the share of wrong answers, or the mean cross-entropy. */
export const SUPERNET_MEASURES = ["error", "cross-entropy"] as const

/** Every setting of a weight-sharing supernet and of what it scores, as written in a config file and stored in a run. */
export const SupernetSettings = Schema.Struct({
  version: withDefault(Schema.Literal(1), 1),
  protocol: withDefault(oneOf(...PROTOCOLS), "nas-bench-201-small"),
  dataset: withDefault(oneOf(...DATASET_NAMES), "mnist"),
  /** Folder or file of the data; `mnist` needs none. */
  data: Schema.optional(Text),
  /** Training images that take part, drawn by the seed; all where absent. */
  images: Schema.optional(Count),
  /** Share of these images that scores are measured on; the weights are trained with the rest. */
  validation: withDefault(Schema.Number.pipe(Schema.greaterThan(0), Schema.lessThan(1)), 0.5),
  ...Schema.Struct(ProtocolChanges.fields).omit("dropPath", "auxiliaryWeight").fields,
  measure: withDefault(oneOf(...SUPERNET_MEASURES), "error"),
  /** Validation batches that an architecture is scored on, the same for all; all full ones where absent. */
  scoreBatches: Schema.optional(Count),
  backend: withDefault(oneOf(...BACKEND_NAMES), "onnx"),
  threads: Schema.optional(Count),
  /** Of the weights, the split and the paths; that of the search where absent. */
  supernetSeed: Schema.optional(Schema.String)
}).annotations({ identifier: "SupernetSettings" })
export interface SupernetSettings extends Schema.Schema.Type<typeof SupernetSettings> {}

/** The protocol that settings name, with their numbers. */
export function supernetProtocol(settings: SupernetSettings): TrainingProtocol {
  return changedProtocol(SUPERNET_PROTOCOLS[settings.protocol], settings)
}
