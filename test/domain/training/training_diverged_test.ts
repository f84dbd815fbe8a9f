import { suite } from "uvu"
import * as assert from "uvu/assert"
import { TrainingDiverged } from "../../../src/domain/training/training_diverged.ts"

const test = suite("TrainingDiverged")

test("counts from 1, and names what it was and what cures it", () => {
  const at = { epoch: 2, step: 4, learningRate: 0.1 + 0.2, clip: 0 }
  assert.is(
    new TrainingDiverged({ ...at, what: "training loss" }).message,
    "Cannot go on: the training loss is NaN or infinite at step 5 of epoch 3; give a lower `learningRate` (it was 0.3) or a smaller `clip` (there was none): a run that is kept goes on with them from its last checkpoint"
  )
  const { problem, message } = new TrainingDiverged({ ...at, what: "test loss", step: null, clip: 5 })
  assert.is(
    problem,
    "the test loss is NaN or infinite after epoch 3; give a lower `learningRate` (it was 0.3) or a smaller `clip` (it was 5)"
  )
  assert.is(message, `Cannot go on: ${problem}, in another folder: the training is at its end`)
})

test.run()
