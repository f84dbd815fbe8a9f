import * as Schema from "@effect/schema/Schema"

const Rate = Schema.Number.pipe(Schema.nonNegative(), Schema.finite())
const Epochs = Schema.Int.pipe(Schema.positive())

/** One learning rate throughout. */
const ConstantRate = Schema.TaggedStruct("Constant", { first: Rate })

/**
 * Half a wave of a cosine from the first learning rate to the last, which holds from epoch `epochs`
 * on. Source: Loshchilov and Hutter 2017 (arXiv 1608.03983) eq. 5.
 */
const CosineRate = Schema.TaggedStruct("Cosine", {
  first: Rate,
  last: Schema.optionalWith(Rate, { default: () => 0 }),
  epochs: Epochs
})

/** The first learning rate, multiplied by `factor` after each epoch. */
const ExponentialRate = Schema.TaggedStruct("Exponential", {
  first: Rate,
  factor: Schema.Number.pipe(Schema.positive(), Schema.lessThanOrEqualTo(1))
})

const Plain = Schema.Union(ConstantRate, CosineRate, ExponentialRate)

/**
 * Another schedule, multiplied in its first epochs by 1/`epochs`, 2/`epochs` and on. Source: Goyal
 * et al. 2017 (arXiv 1706.02677), an epoch at a time.
 */
const LinearWarmup = Schema.TaggedStruct("LinearWarmup", { epochs: Epochs, schedule: Plain })

/** How the learning rate changes from epoch to epoch. */
export const LearningRateSchedule = Schema.Union(Plain, LinearWarmup).annotations({
  identifier: "LearningRateSchedule"
})
export type LearningRateSchedule = typeof LearningRateSchedule.Type

/** The learning rate of an epoch, counted from 0; between epochs where it is no integer. */
export function learningRateAt(schedule: LearningRateSchedule, epoch: number): number {
  switch (schedule._tag) {
    case "Constant":
      return schedule.first
    case "Cosine": {
      const { first, last, epochs } = schedule
      return last + ((first - last) * (1 + Math.cos((Math.PI * Math.min(epoch, epochs)) / epochs))) / 2
    }
    case "Exponential":
      return schedule.first * schedule.factor ** epoch
    case "LinearWarmup":
      return learningRateAt(schedule.schedule, epoch) * Math.min(1, (epoch + 1) / schedule.epochs)
  }
}
