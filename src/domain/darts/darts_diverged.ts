import * as Schema from "@effect/schema/Schema"

/**
 * A search has come to an end that no later step can mend: a loss, or what a step made, is NaN or
 * infinite. Its last checkpoint is from before.
 */
export class DartsDiverged extends Schema.TaggedError<DartsDiverged>()("DartsDiverged", {
  /** Counted from 0, as is the step. */
  epoch: Schema.Int,
  step: Schema.Int,
  what: Schema.String,
  /** Of the weights, and of alpha. */
  learningRates: Schema.Tuple(Schema.Number, Schema.Number)
}) {
  /** The settings that prevent it; the message names them in backquotes. */
  get settings(): ReadonlyArray<string> {
    return ["learningRate", "alphaLearningRate"]
  }
  override get message(): string {
    const [weights, alpha] = this.learningRates
    return `Cannot go on: ${this.what} at step ${this.step + 1} of epoch ${this.epoch + 1}; give a lower \`learningRate\` (it was ${weights}) or \`alphaLearningRate\` (it was ${alpha}): a run that is kept goes on with them from its last checkpoint`
  }
}
