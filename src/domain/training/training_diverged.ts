import * as Schema from "@effect/schema/Schema"

/**
 * A training has come to an end that no later step can mend: a loss, or what a step made, is NaN or
 * infinite. Its last checkpoint is from before.
 */
export class TrainingDiverged extends Schema.TaggedError<TrainingDiverged>()("TrainingDiverged", {
  what: Schema.Literal("training loss", "validation loss", "test loss", "state"),
  /** Counted from 0, as is the step; the step is null behind an epoch. */
  epoch: Schema.Int,
  step: Schema.NullOr(Schema.Int),
  /** Of the epoch. */
  learningRate: Schema.Number,
  /** Largest norm of the gradients; 0 without a limit. */
  clip: Schema.Number
}) {
  /** What is NaN or infinite, and what prevents it. */
  get problem(): string {
    const place =
      this.step === null ? `after epoch ${this.epoch + 1}` : `at step ${this.step + 1} of epoch ${this.epoch + 1}`
    const clip = this.clip === 0 ? "there was none" : `it was ${this.clip}`
    const was = `it was ${Number(this.learningRate.toPrecision(6))}`
    return `the ${this.what} is NaN or infinite ${place}; give a lower \`learningRate\` (${was}) or a smaller \`clip\` (${clip})`
  }
  /** The settings that prevent it; the message names them in backquotes. */
  get settings(): ReadonlyArray<string> {
    return ["learningRate", "clip"]
  }
  override get message(): string {
    return this.what === "test loss"
      ? `Cannot go on: ${this.problem}, in another folder: the training is at its end`
      : `Cannot go on: ${this.problem}: a run that is kept goes on with them from its last checkpoint`
  }
}
