import { suite } from "uvu"
import * as assert from "uvu/assert"
import { epochPoint } from "../../../src/domain/darts/curves.ts"
import type { EpochRecord } from "../../../src/domain/darts/record.ts"

const record: EpochRecord = {
  epoch: 4,
  architecture: "0",
  alpha: {},
  weights: { loss: 1, accuracy: 0.5, gap: 0.125 },
  validation: { loss: 2, accuracy: 0.25, gap: 0.0625 },
  skipShare: 0.75,
  entropy: 1.5,
  eigenvalue: 0.375,
  learningRate: { weights: 0.02, alpha: 0.01 }
}

const test = suite("epochPoint()")

test("is every number of an epoch under its name, at the number of epochs that have ended", () => {
  assert.equal(epochPoint(record), {
    step: 5,
    values: {
      "loss/training": 1,
      "loss/validation": 2,
      "accuracy/training": 0.5,
      "accuracy/validation": 0.25,
      "gap/training": 0.125,
      "gap/validation": 0.0625,
      "alpha/skip_share": 0.75,
      "alpha/entropy": 1.5,
      "alpha/eigenvalue": 0.375,
      "learning_rate/weights": 0.02,
      "learning_rate/alpha": 0.01
    }
  })
})

test("leaves out what an epoch has not", () => {
  const without = { ...record, eigenvalue: null, weights: { ...record.weights, gap: null } }
  const { values } = epochPoint(without)
  assert.is(Object.keys(values).length, 9)
  assert.not.ok("gap/training" in values || "alpha/eigenvalue" in values)
})

test.run()
