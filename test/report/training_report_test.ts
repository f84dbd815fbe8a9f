import * as Either from "effect/Either"
import { suite } from "uvu"
import * as assert from "uvu/assert"
import { ReportedScore } from "../../src/domain/score/score.ts"
import { decodeSettings } from "../../src/domain/setting/field.ts"
import { TRAINING_PROTOCOLS } from "../../src/domain/training/protocol.ts"
import { TRAINING_START } from "../../src/domain/training/record.ts"
import { trainingRunFields } from "../../src/domain/training/run_settings.ts"
import { type TrainingResult, trainingJson, trainingText } from "../../src/report/training_report.ts"

const epochs = Array.from({ length: 17 }, (_, epoch) => ({
  epoch,
  steps: 3,
  learningRate: 0.1,
  dropPath: 0,
  training: { loss: 2 - epoch / 10, accuracy: epoch / 20, images: 12 },
  validation: null
}))

const result: TrainingResult = {
  settings: {
    ...Either.getOrThrow(decodeSettings(trainingRunFields, {})),
    ...{ architecture: "a|b", space: "nas-bench-201", protocol: "nas-bench-201" }
  },
  protocol: TRAINING_PROTOCOLS["nas-bench-201"],
  position: {
    ...TRAINING_START,
    epoch: 17,
    epochs,
    seconds: 61,
    test: { loss: 0.25, accuracy: ReportedScore(0.875), images: 8 }
  },
  parameters: 12345,
  multiplyAdds: 6789,
  info: {
    name: "digits",
    digest: "",
    shape: [1, 28, 28],
    classes: 10,
    train: 12,
    test: 8,
    from: ["digits.bin"],
    leftOut: [],
    unseen: 0
  },
  used: { training: 12, validation: 0 },
  shape: [1, 28, 28],
  normalization: { mean: [0.5], std: [0.25] },
  backend: "reference",
  run: undefined,
  weights: undefined,
  exportable: true
}

const test = suite("trainingText(), trainingJson()")

test("tell the sizes and the test score of the result, aligned, as text and as JSON", () => {
  const lines = trainingText(result).split("\n")
  assert.is(
    lines.find((line) => line.includes("test acc")),
    "  test accuracy  87.50 % (loss 0.2500, 8 images, measured once)"
  )
  assert.ok(lines.includes("  network        12,345 parameters, 6,789 multiply-adds an image"))
  assert.ok(lines.includes("  architecture   a|b"))
  const { parameters, multiplyAdds, test: tested } = trainingJson(result)
  assert.equal([parameters, multiplyAdds, tested], [12345, 6789, result.position.test])
})

test("show at most nine epochs, the last one always", () => {
  const shown = trainingText(result)
    .split("\n")
    .filter((line) => /^ +\d+ +0\.100 /.test(line))
  assert.equal(
    shown.map((line) => Number(line.trim().split(/ +/)[0])),
    [3, 6, 9, 12, 15, 17]
  )
  assert.is(shown[0], "      3          0.100       1.800         10.00 %                    -")
})

test("say that nothing was tested", () => {
  const untested = { ...result, position: { ...result.position, test: null } }
  assert.match(trainingText(untested), "  test accuracy  not measured: the data have no test images\n")
})

test.run()
