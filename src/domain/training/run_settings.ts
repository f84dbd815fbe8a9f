import * as Either from "effect/Either"
import { dataFields, machineFields } from "../data/data_fields.ts"
import { field, grouped, optional, type Values } from "../setting/field.ts"
import { oneOf, real, text } from "../setting/kind.ts"
import { SettingsError } from "../setting/settings_error.ts"
import {
  changedProtocol,
  type ProtocolChanges,
  protocolFields,
  TRAINING_PROTOCOLS,
  type TrainingProtocol,
  type TrainingProtocolName
} from "./protocol.ts"

/** The protocols' names. */
export const PROTOCOLS = Object.keys(TRAINING_PROTOCOLS) as [
  TrainingProtocolName,
  ...ReadonlyArray<TrainingProtocolName>
]

/** One of the protocols by its name. */
export const trainingProtocol = optional(oneOf(...PROTOCOLS), "numbers of a publication", "by the skeleton")

/** Every setting of a training from scratch. */
export const trainingRunFields = {
  ...grouped("Training", {
    architecture: optional(text(), "in any text form, or a published genotype's name", "that of the run"),
    space: optional(text("name"), "a space, or a JSON file of one", "as the architecture tells"),
    protocol: trainingProtocol
  }),
  ...protocolFields,
  ...dataFields,
  ...grouped("Images", {
    validation: field(real({ from: 0, below: 1 }, "share"), 0, "of the training images, measured after every epoch")
  }),
  ...machineFields,
  ...grouped("Run", { seed: field(text(), "0", "any text; the same seed gives the same result") })
}

/** The settings of a training from scratch. */
export type TrainingRunSettings = Values<typeof trainingRunFields>

/**
 * Refuse a number of a schedule that the changed protocol does not have: it would stand for
 * nothing.
 */
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
