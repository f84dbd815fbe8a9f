import * as FastCheck from "@effect/schema/FastCheck"
import * as Either from "effect/Either"
import { suite } from "uvu"
import * as assert from "uvu/assert"
import { buildProgram } from "../../../src/domain/program/builder.ts"
import {
  planTrainingEpoch,
  randomInputs,
  smoothed,
  splitExamples,
  stepImages
} from "../../../src/domain/training/epoch_plan.ts"
import { labelTargets } from "../../../src/domain/training/label_smoothing.ts"
import { changedProtocol, TRAINING_PROTOCOLS } from "../../../src/domain/training/protocol.ts"

const sorted = (values: Iterable<number>) => [...values].sort((a, b) => a - b)

const parts = suite("splitExamples()")

parts("gives every example to one part, by the seed", () => {
  const check = FastCheck.property(
    FastCheck.integer({ min: 1, max: 60 }),
    FastCheck.double({ min: 0, max: 0.99, noNaN: true }),
    (examples, share) => {
      const { training, validation } = splitExamples(examples, share, "s")
      assert.is(validation.length, Math.floor(share * examples))
      assert.equal(
        sorted([...training, ...validation]),
        Array.from({ length: examples }, (_, i) => i)
      )
    }
  )
  FastCheck.assert(check, { seed: 1 })
  assert.not.equal(splitExamples(20, 0.5, "a"), splitExamples(20, 0.5, "b"))
})

parts.run()

const epochs = suite("planTrainingEpoch()")
const protocol = changedProtocol(TRAINING_PROTOCOLS["darts-cifar"], { epochs: 4, batchSize: 3 })
const training = Int32Array.from([5, 6, 7, 8, 9, 10, 11, 12])
const at = (epoch: number, seed = "0") => planTrainingEpoch(protocol, training, seed, epoch)

epochs("reorders all images by seed and epoch, and leaves a batch out that is not full", () => {
  assert.equal(sorted(at(0).images), [...training])
  assert.is(at(0).steps, 2)
  assert.equal(at(0), at(0))
  assert.not.equal(at(0).images, at(1).images)
  assert.not.equal(at(0).images, at(0, "1").images)
  assert.equal([...stepImages(protocol, at(0), 0), ...stepImages(protocol, at(0), 1)], [...at(0).images.slice(0, 6)])
})

epochs("has the schedule's learning rate, and drops paths more and more", () => {
  const rates = [0, 1, 2, 3].map((epoch) => at(epoch).learningRate)
  for (const [epoch, rate] of rates.entries())
    assert.ok(Math.abs(rate - (0.025 * (1 + Math.cos((Math.PI * epoch) / 4))) / 2) < 1e-12)
  assert.equal(
    [0, 1, 2, 3].map((epoch) => at(epoch).dropPath.toFixed(4)),
    ["0.0000", "0.0500", "0.1000", "0.1500"]
  )
})

epochs.run()

const inputs = suite("randomInputs()")
const { inputs: batch } = Either.getOrThrow(
  buildProgram((b) => {
    b.input("x", [64, 3, 8, 8])
    for (const name of ["cells.0._ops.0", "cells.0._ops.1"]) b.input({ role: "mask", name }, [64, 1, 1, 1])
    b.input({ role: "noise", name: "cells.1._ops.0" }, [2, 1, 16, 16])
  })
)

inputs("draws masks and noise by place and seed, and nothing else", () => {
  const drawn = randomInputs(batch, 0.25, "s")
  assert.equal([...drawn.keys()], [...batch.keys()].slice(1))
  const mask = drawn.get("drop/cells.0._ops.0")!
  assert.equal(new Set(mask.data), new Set([0, Math.fround(4 / 3)]))
  assert.equal(mask.shape, [64, 1, 1, 1])
  assert.not.equal(mask.data, drawn.get("drop/cells.0._ops.1")!.data)
  assert.not.equal(mask.data, randomInputs(batch, 0.25, "t").get("drop/cells.0._ops.0")!.data)
  const noise = drawn.get("noise/cells.1._ops.0")!.data
  const square = noise.reduce((sum, value) => sum + value * value, 0) / noise.length
  assert.ok(noise.length === 512 && Math.abs(square - 1) < 0.3)
})

inputs("keeps every path at the probability 0", () => {
  assert.equal(new Set(randomInputs(batch, 0, "s").get("drop/cells.0._ops.0")!.data), new Set([1]))
})

inputs.run()

const targets = suite("smoothed()")

targets("is label smoothing of the labels behind one-hot targets", () => {
  const labels = [2, 0, 1, 2]
  const hot = labelTargets(labels, 3)
  assert.is(smoothed(hot, 3, 0), hot)
  assert.equal(smoothed(hot, 3, 0.1), labelTargets(labels, 3, 0.1))
})

targets.run()
