import * as Either from "effect/Either"
import { suite } from "uvu"
import * as assert from "uvu/assert"
import { batchNorm, convolution, globalPool, linear, type Network } from "../../../src/domain/network/layers.ts"
import { correctCount, crossEntropy } from "../../../src/domain/network/mixture.ts"
import { buildProgram } from "../../../src/domain/program/builder.ts"
import { shapesOf } from "../../../src/domain/program/port.ts"
import type { Program } from "../../../src/domain/program/program.ts"
import { keyOf, uniformAt } from "../../../src/domain/random.ts"
import { initialTrainingState, type TrainingStep, trainingStep } from "../../../src/domain/training/training_step.ts"
import { evaluate } from "../program/_programs.ts"

const [BATCH, FEATURES, CLASSES] = [4, 2, 3]
const SGD = { _tag: "Sgd", momentum: 0.9, nesterov: true, weightDecay: 0.01 } as const

function forwardProgram(make: (net: Network) => void): Program {
  return Either.getOrThrow(buildProgram((b) => make({ b, statistics: "batch", tracked: true, parameters: new Map() })))
}

/** Softmax regression: logits = x Wᵀ + c. */
const regression = forwardProgram((net) => {
  const logits = linear(net, "classifier", net.b.input("x", [BATCH, FEATURES]), CLASSES)
  net.b.output("logits", logits)
  net.b.output("loss", crossEntropy(net, logits, net.b.input("targets", [BATCH, CLASSES])))
})

function drawn(seed: string, count: number): ReadonlyArray<number> {
  return Array.from({ length: count }, (_, i) => 2 * uniformAt(keyOf(seed), i) - 1)
}

const x = drawn("x", BATCH * FEATURES)
const labels = [0, 2, 1, 2]
const targets = labels.flatMap((label) => Array.from({ length: CLASSES }, (_, k) => (k === label ? 1 : 0)))

const stepOf = (program: Program, options: Parameters<typeof trainingStep>[1]): TrainingStep =>
  Either.getOrThrow(trainingStep(program, options))

const test = suite("trainingStep()")

test("five steps of softmax regression are those of plain loops: clipped, decayed, with Nesterov's momentum", () => {
  for (const clip of [0.3, undefined]) {
    const step = stepOf(regression, { optimizer: SGD, clip })
    const weights = [...drawn("weights", CLASSES * FEATURES), ...drawn("bias", CLASSES)]
    let state = new Map<string, ArrayLike<number>>([
      ...initialTrainingState(step, new Map()),
      ["param/classifier.weight", weights.slice(0, CLASSES * FEATURES)],
      ["param/classifier.bias", weights.slice(CLASSES * FEATURES)]
    ])
    const moments = weights.map(() => 0)
    let clipped = 0
    for (const rate of [0.5, 0.4, 0.3, 0.2, 0.1]) {
      const gradient = weights.map(() => 0)
      let [loss, correct] = [0, 0]
      for (let i = 0; i < BATCH; i++) {
        const logits = Array.from({ length: CLASSES }, (_, k) => {
          let sum = weights[CLASSES * FEATURES + k]!
          for (let f = 0; f < FEATURES; f++) sum += weights[k * FEATURES + f]! * x[i * FEATURES + f]!
          return sum
        })
        const total = logits.reduce((sum, logit) => sum + Math.exp(logit), 0)
        loss -= Math.log(Math.exp(logits[labels[i]!]!) / total) / BATCH
        if (logits.indexOf(Math.max(...logits)) === labels[i]) correct++
        for (const [k, logit] of logits.entries()) {
          const slope = (Math.exp(logit) / total - (k === labels[i] ? 1 : 0)) / BATCH
          gradient[CLASSES * FEATURES + k]! += slope
          for (let f = 0; f < FEATURES; f++) gradient[k * FEATURES + f]! += slope * x[i * FEATURES + f]!
        }
      }
      const norm = Math.hypot(...gradient)
      if (clip !== undefined && norm > clip) clipped++
      for (const [e, raw] of gradient.entries()) {
        const g = raw * (clip === undefined ? 1 : Math.min(1, clip / (norm + 1e-6))) + 0.01 * weights[e]!
        moments[e] = 0.9 * moments[e]! + g
        weights[e]! -= rate * (g + 0.9 * moments[e]!)
      }
      const inputs = new Map([...state, ["x", x], ["targets", targets], ["learningRate", [rate]]] as const)
      const outputs = evaluate(step.program, inputs)
      assert.ok(Math.abs(outputs.get("loss")![0]! - loss) < 1e-12)
      assert.ok(Math.abs(outputs.get("gradientNorm")![0]! - norm) < 1e-12)
      assert.is(outputs.get("correct")![0], correct)
      state = new Map([...step.state.keys()].map((name) => [name, outputs.get(name)!]))
      const made = ["weight", "bias"].flatMap((name) => Array.from(state.get(`param/classifier.${name}`)!))
      for (const [e, value] of made.entries()) assert.ok(Math.abs(value - weights[e]!) < 1e-12)
    }
    assert.ok(clip === undefined || (clipped > 0 && clipped < 6))
  }
})

const image = [3, 2, 4, 4]
const convolutional = forwardProgram((net) => {
  const { b } = net
  const y = batchNorm(net, "bn", convolution(net, "conv", b.input("x", image), 2, { kernel: 3 }))
  batchNorm(net, "unused", y)
  const logits = linear(net, "classifier", globalPool(net, b.times(y, b.input("mask", [3, 1, 1, 1]))), 2)
  b.output("logits", logits)
  b.output("loss", b.reshape(crossEntropy(net, logits, b.input("targets", [3, 2])), [1]))
})

test("says what stays, what differs by batch, and what it measures", () => {
  const step = stepOf(convolutional, { optimizer: { _tag: "Sgd", momentum: 0.5, nesterov: false, weightDecay: 0 } })
  const weights = ["conv.weight", "bn.weight", "bn.bias", "classifier.weight", "classifier.bias"]
  const statistics = ["bn", "unused"].flatMap((name) => [`${name}.running_mean`, `${name}.running_var`])
  const state = ["moment", ...weights.map((name) => `param/${name}`), ...statistics.map((name) => `buffer/${name}`)]
  assert.equal([...step.state.keys()].sort(), state.sort())
  assert.equal(step.state.get("moment")!.shape, [36 + 2 + 2 + 4 + 2])
  assert.equal([...shapesOf(step.batch.values())].sort(), [
    ["mask", [3, 1, 1, 1]],
    ["targets", [3, 2]],
    ["x", image]
  ])
  assert.equal([...step.metrics].sort(), ["correct", "gradientNorm", "loss"])
  for (const name of step.metrics) assert.equal(step.program.outputs.get(name)!.shape, [])
})

test("the start: the weights given, running variances 1, all else 0; running statistics take a tenth of the batch's", () => {
  const step = stepOf(convolutional, { optimizer: SGD, clip: 1 })
  const given = new Map([["conv.weight", drawn("conv", 36)]])
  const start = initialTrainingState(step, given)
  assert.equal([...start.keys()].sort(), [...step.state.keys()].sort())
  assert.equal(start.get("param/conv.weight"), Float32Array.from(given.get("conv.weight")!))
  assert.equal([...start.get("buffer/bn.running_var")!], [1, 1])
  assert.equal([...start.get("buffer/bn.running_mean")!], [0, 0])
  assert.equal(start.get("moment"), new Float32Array(46))
  const batch = new Map<string, ArrayLike<number>>([
    ["x", drawn("images", 96)],
    ["targets", [1, 0, 0, 1, 0, 1]],
    ["mask", [1, 0, 2]],
    ["learningRate", [0]]
  ])
  const once = evaluate(step.program, new Map([...start, ...batch]))
  const twice = evaluate(step.program, new Map([...start, ...once, ...batch]))
  for (const field of ["running_mean", "running_var"] as const) {
    const before = start.get(`buffer/bn.${field}`)!
    const first = once.get(`buffer/bn.${field}`)!
    const second = twice.get(`buffer/bn.${field}`)!
    for (let c = 0; c < 2; c++) {
      assert.not.equal(first[c], before[c])
      assert.ok(Math.abs(second[c]! - (1.9 * first[c]! - 0.9 * before[c]!)) < 1e-7)
    }
  }
})

test("a program without a loss is an error that says so", () => {
  const program = forwardProgram((net) => net.b.output("logits", linear(net, "l", net.b.input("x", [1, 1]), 1)))
  const made = trainingStep(program, { optimizer: SGD })
  assert.ok(Either.isLeft(made))
  assert.is(made.left.message, 'Cannot build a training step: the program has no output "loss"')
})

test.run()

const counts = suite("correctCount()")

counts("counts rows whose largest logit stands at their largest target; ties and what is no number share", () => {
  const program = Either.getOrThrow(
    buildProgram((b) => b.output("correct", correctCount(b, b.input("x", [2, 3]), b.input("targets", [2, 3]))))
  )
  const counted = (logits: ReadonlyArray<number>, wanted: ReadonlyArray<number>) =>
    evaluate(
      program,
      new Map<string, ArrayLike<number>>([
        ["x", logits],
        ["targets", wanted]
      ])
    ).get("correct")![0]!
  assert.is(counted([1, 2, 3, 3, 2, 1], [0, 0, 1, 0, 1, 0]), 1)
  assert.is(counted([1, 2, 3, 3, 2, 1], [0.1, 0.1, 0.8, 0.8, 0.1, 0.1]), 2)
  assert.ok(Math.abs(counted([0, 0, 0, 1, 1, 0], [1, 0, 0, 1, 0, 0]) - (1 / 3 + 1 / 2)) < 1e-12)
  const { NaN: none } = Number
  assert.ok(Math.abs(counted([none, none, none, 0, 1, 0], [1, 0, 0, 0, 1, 0]) - (1 / 3 + 1)) < 1e-12)
})

counts.run()
