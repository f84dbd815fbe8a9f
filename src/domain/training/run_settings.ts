import * as Schema from "@effect/schema/Schema"
import * as Either from "effect/Either"
import { LABEL_FIELDS } from "../data/label_settings.ts"
import { BACKEND_CHOICES, DATASET_NAMES } from "../data/names.ts"
import { oneOf, withDefault } from "../setting/schemas.ts"
import { SettingsError } from "../setting/settings_error.ts"
import {
  changedProtocol,
  ProtocolChanges,
  TRAINING_PROTOCOLS,
  type TrainingProtocol,
  type TrainingProtocolName
} from "./protocol.ts"

const Count = Schema.Int.pipe(Schema.positive())
const Text = Schema.String.pipe(Schema.minLength(1))

const PROTOCOLS = Object.keys(TRAINING_PROTOCOLS) as [TrainingProtocolName, ...ReadonlyArray<TrainingProtocolName>]

/** One of the protocols by its name. */
const ProtocolName = oneOf(...PROTOCOLS)

/** Every setting of a training from scratch, as written in a config file and stored in a run. */
export const TrainingRunSettings = Schema.Struct({
  version: withDefault(Schema.Literal(1), 1),
  /** Any text form of an architecture, or a published genotype's name. */
  architecture: Text,
  /** A space's name or file; told by most architectures. */
  space: Schema.optional(Text),
  /** By the skeleton where absent: DARTS's on CIFAR, or that of NAS-Bench-201. */
  protocol: Schema.optional(ProtocolName),
  dataset: withDefault(oneOf(...DATASET_NAMES), "mnist"),
  /** Folder or file of the data; `mnist` needs none. */
  data: Schema.optional(Text),
  ...LABEL_FIELDS,
  /** Training images that take part, drawn by the seed; all where absent. */
  images: Schema.optional(Count),
  /** Share of these images that is only measured, after every epoch. */
  validation: withDefault(Schema.Number.pipe(Schema.greaterThanOrEqualTo(0), Schema.lessThan(1)), 0),
  ...ProtocolChanges.fields,
  backend: withDefault(oneOf(...BACKEND_CHOICES), "auto"),
  threads: Schema.optional(Count),
  seed: withDefault(Schema.String, "0")
}).annotations({ identifier: "TrainingRunSettings" })
export interface TrainingRunSettings extends Schema.Schema.Type<typeof TrainingRunSettings> {}

/** Refuse a number of a schedule that the changed protocol does not have: it would stand for nothing. */
export function checkChanges(
  { learningRateFactor, lastLearningRate }: ProtocolChanges,
  { schedule }: TrainingProtocol
): Either.Either<void, SettingsError> {
  const { _tag } = schedule._tag === "LinearWarmup" ? schedule.schedule : schedule
  const fail = (name: string, kind: string) =>
    Either.left(new SettingsError({ problem: `\`${name}\`: is no setting of this schedule; ${kind} has it` }))
  if (learningRateFactor !== undefined && _tag !== "Exponential")
    return fail("learningRateFactor", "an exponential one")
  return lastLearningRate !== undefined && _tag !== "Cosine"
    ? fail("lastLearningRate", "a cosine")
    : Either.right(undefined)
}

/** The protocol that settings name, with their numbers. */
export function protocolOf(settings: ProtocolChanges, name: TrainingProtocolName): TrainingProtocol {
  return changedProtocol(TRAINING_PROTOCOLS[name], settings)
}
