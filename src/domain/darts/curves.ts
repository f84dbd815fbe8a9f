import type { CurvePoint } from "../training/curve_point.ts"
import type { EpochRecord } from "./record.ts"

/** The curves of a gradient search after an epoch. What an epoch has not is left out. */
export function epochPoint(record: EpochRecord): CurvePoint {
  const { epoch, weights, validation, skipShare, entropy, eigenvalue, learningRate } = record
  const values: ReadonlyArray<readonly [string, number | null]> = [
    ["loss/training", weights.loss],
    ["loss/validation", validation.loss],
    ["accuracy/training", weights.accuracy],
    ["accuracy/validation", validation.accuracy],
    ["gap/training", weights.gap],
    ["gap/validation", validation.gap],
    ["alpha/skip_share", skipShare],
    ["alpha/entropy", entropy],
    ["alpha/eigenvalue", eigenvalue],
    ["learning_rate/weights", learningRate.weights],
    ["learning_rate/alpha", learningRate.alpha]
  ]
  return {
    step: epoch + 1,
    values: Object.fromEntries(values.filter((entry): entry is [string, number] => entry[1] !== null))
  }
}
