import * as Brand from "effect/Brand"

/** A loss measured on validation data; lower is better. The only number that a searcher sees. */
export type ValidationLoss = number & Brand.Brand<"ValidationLoss">
export const ValidationLoss = Brand.nominal<ValidationLoss>()

/** A number that is reported after a search and never steers it: a test accuracy, say. */
export type ReportedScore = number & Brand.Brand<"ReportedScore">
export const ReportedScore = Brand.nominal<ReportedScore>()

/** What is a loss of a trained network: the share of wrong answers, or the mean cross-entropy. */
export type Measure = "error" | "cross-entropy"

/**
 * The worst loss that a measure has, which a training that diverged counts as: every answer is
 * wrong, or the cross-entropy has no bound. Ours.
 */
export const WORST_LOSS: Readonly<Record<Measure, ValidationLoss>> = {
  error: ValidationLoss(1),
  "cross-entropy": ValidationLoss(Number.POSITIVE_INFINITY)
}

/** What evaluating one architecture gave. */
export interface Evaluation {
  /** The worst that there is, infinite where losses have no bound, where the training diverged. */
  readonly loss: ValidationLoss
  /** What the evaluation cost, in (possibly simulated) seconds of training. */
  readonly seconds: number
  /** Whether its training diverged: a loss was NaN or infinite. */
  readonly diverged?: true
}
