import * as Brand from "effect/Brand"

/** A loss measured on validation data; lower is better. The only number that a searcher sees. */
export type ValidationLoss = number & Brand.Brand<"ValidationLoss">
export const ValidationLoss = Brand.nominal<ValidationLoss>()

/** A number that is reported after a search and never steers it: a test accuracy, say. */
export type ReportedScore = number & Brand.Brand<"ReportedScore">
export const ReportedScore = Brand.nominal<ReportedScore>()

/** What evaluating one architecture gave. */
export interface Evaluation {
  readonly loss: ValidationLoss
  /** What the evaluation cost, in (possibly simulated) seconds of training. */
  readonly seconds: number
}
