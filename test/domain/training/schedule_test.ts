import * as Schema from "@effect/schema/Schema"
import * as Either from "effect/Either"
import { suite } from "uvu"
import * as assert from "uvu/assert"
import { LearningRateSchedule, learningRateAt } from "../../../src/domain/training/schedule.ts"

const decode = Schema.decodeUnknownSync(LearningRateSchedule)
const near = (a: number, b: number) => assert.ok(Math.abs(a - b) < 1e-12, `${a} is not ${b}`)

const schedules = suite("learningRateAt()")

schedules("constant is one number", () => {
  const schedule = decode({ _tag: "Constant", first: 0.1 })
  for (const epoch of [0, 7, 1000]) assert.is(learningRateAt(schedule, epoch), 0.1)
})

schedules("cosine follows PyTorch's recursion and ends at its last rate", () => {
  const schedule = decode({ _tag: "Cosine", first: 0.025, last: 0.001, epochs: 50 })
  let rate = 0.025
  for (let epoch = 0; epoch < 50; epoch++) {
    near(learningRateAt(schedule, epoch), rate)
    const wave = (t: number) => 1 + Math.cos((Math.PI * t) / 50)
    rate = 0.001 + ((rate - 0.001) * wave(epoch + 1)) / wave(epoch)
  }
  for (const epoch of [50, 51, 80]) near(learningRateAt(schedule, epoch), 0.001)
  near(learningRateAt(schedule, 25), 0.013)
  near(learningRateAt(decode({ _tag: "Cosine", first: 1, epochs: 4 }), 4), 0)
})

schedules("exponential multiplies after each epoch", () => {
  const schedule = decode({ _tag: "Exponential", first: 0.1, factor: 0.97 })
  let rate = 0.1
  for (let epoch = 0; epoch < 250; epoch++, rate *= 0.97) near(learningRateAt(schedule, epoch), rate)
})

schedules("warmup rises linearly into the schedule that it holds", () => {
  const schedule = { _tag: "Exponential", first: 0.5, factor: 0.5 }
  const warm = decode({ _tag: "LinearWarmup", epochs: 5, schedule })
  const expected = [0.5 / 5, 0.25 * (2 / 5), 0.125 * (3 / 5), 0.0625 * (4 / 5), 0.03125, 0.015625]
  for (const [epoch, rate] of expected.entries()) near(learningRateAt(warm, epoch), rate)
})

schedules("refuses rates and epochs out of range", () => {
  for (const wrong of [
    { _tag: "Constant", first: -1 },
    { _tag: "Cosine", first: 0.1, epochs: 0 },
    { _tag: "Exponential", first: 0.1, factor: 0 },
    { _tag: "Exponential", first: 0.1, factor: 1.1 },
    { _tag: "LinearWarmup", epochs: 0, schedule: { _tag: "Constant", first: 1 } },
    { _tag: "Step", first: 1 }
  ])
    assert.ok(Either.isLeft(Schema.decodeUnknownEither(LearningRateSchedule)(wrong)), JSON.stringify(wrong))
})

schedules.run()
