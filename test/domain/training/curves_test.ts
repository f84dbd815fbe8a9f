import { suite } from "uvu"
import * as assert from "uvu/assert"
import { trainedPoint } from "../../../src/domain/training/curves.ts"
import type { TrainedEpoch } from "../../../src/domain/training/record.ts"

const record: TrainedEpoch = {
  epoch: 4,
  steps: 3,
  learningRate: 0.02,
  dropPath: 0.125,
  training: { loss: 1, accuracy: 0.5, images: 12 },
  validation: { loss: 2, accuracy: 0.25, images: 4 }
}

const test = suite("trainedPoint()")

test("is every number of an epoch under its name, at the number of epochs that have ended", () => {
  assert.equal(trainedPoint(record), {
    step: 5,
    values: {
      "loss/training": 1,
      "loss/validation": 2,
      "accuracy/training": 0.5,
      "accuracy/validation": 0.25,
      "learning_rate/weights": 0.02,
      drop_path: 0.125
    }
  })
})

test("has no curve of validation without validation images", () => {
  const { values } = trainedPoint({ ...record, validation: null })
  assert.equal(Object.keys(values), ["loss/training", "accuracy/training", "learning_rate/weights", "drop_path"])
})

test.run()
