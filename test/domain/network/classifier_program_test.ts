import * as Either from "effect/Either"
import { suite } from "uvu"
import * as assert from "uvu/assert"
import { spaceEvaluationNetwork } from "../../../src/domain/network/cell_networks.ts"
import { classifierProgram } from "../../../src/domain/network/classifier_program.ts"
import { initialWeights } from "../../../src/domain/network/initial_weights.ts"
import { linear, type Network, type Statistics } from "../../../src/domain/network/layers.ts"
import { builtinSpace } from "../../../src/domain/space/spaces.ts"
import { labelTargets } from "../../../src/domain/training/label_smoothing.ts"
import { initialTrainingState, trainingStep } from "../../../src/domain/training/training_step.ts"
import { evaluate, numbersFor } from "../program/_programs.ts"

const TARGETS = [1, 0, 0, 0, 1, 0]

const twoHeads = (statistics: Statistics, auxiliaryWeight?: number) =>
  Either.getOrThrow(
    classifierProgram({ image: [2, 4], classes: 3, statistics, auxiliaryWeight }, (net: Network, x) => ({
      logits: linear(net, "main", x, 3),
      auxiliary: linear(net, "side", x, 3)
    }))
  )

const test = suite("classifierProgram()")

function entropy(logits: ArrayLike<number>) {
  return [0, 1].reduce((sum, row) => {
    const own = Array.from(logits).slice(3 * row, 3 * row + 3)
    const total = own.reduce((all, x) => all + Math.exp(x), 0)
    return sum - own.reduce((all, x, k) => all + TARGETS[3 * row + k]! * Math.log(Math.exp(x) / total), 0) / 2
  }, 0)
}

test("the loss takes in the auxiliary head in training alone", () => {
  const given = new Map<string, ArrayLike<number>>([
    ...numbersFor(twoHeads("batch").program, "0"),
    ["targets", TARGETS]
  ])
  const [weight, bias] = [given.get("param/side.weight")!, given.get("param/side.bias")!]
  const side = [0, 1].flatMap((row) =>
    [0, 1, 2].map((k) =>
      [0, 1, 2, 3].reduce((sum, f) => sum + given.get("x")![4 * row + f]! * weight[4 * k + f]!, bias[k]!)
    )
  )
  for (const [program, share] of [
    [twoHeads("batch"), 0.4],
    [twoHeads("batch", 2), 2],
    [twoHeads("running"), 0]
  ] as const) {
    const made = evaluate(program.program, given)
    assert.ok(Math.abs(made.get("loss")![0]! - entropy(made.get("logits")!) - share * entropy(side)) < 1e-12)
  }
  assert.not([...twoHeads("running").program.inputs.keys()].includes("param/side.weight"))
})

test("a network learns: a batch is fitted in thirty steps, and measured by its running statistics", () => {
  const [image, classes] = [[6, 1, 8, 8], 3]
  const sizes = { channels: 4, cellsPerStage: 1, classes }
  const make = Either.getOrThrow(spaceEvaluationNetwork(builtinSpace("nas-bench-201"), [3, 1, 2, 1, 4, 3], sizes))
  const network = (statistics: Statistics) => Either.getOrThrow(classifierProgram({ image, classes, statistics }, make))
  const [training, measuring] = [network("batch"), network("running")]
  const optimizer = { _tag: "Sgd", momentum: 0.9, nesterov: true, weightDecay: 0 } as const
  const step = Either.getOrThrow(trainingStep(training.program, { optimizer, clip: 5 }))
  let state = new Map<string, ArrayLike<number>>(initialTrainingState(step, initialWeights(training.parameters, "0")))
  const batch = new Map<string, ArrayLike<number>>([
    ["x", numbersFor(training.program, "0").get("x")!],
    ["targets", labelTargets([0, 1, 2, 0, 1, 2], classes)]
  ])
  const losses = Array.from({ length: 30 }, () => {
    const outputs = evaluate(step.program, new Map([...state, ...batch, ["learningRate", [0.05]]]))
    state = new Map([...step.state.keys()].map((name) => [name, outputs.get(name)!]))
    return outputs.get("loss")![0]!
  })
  assert.ok(losses[0]! > 0.8 && losses.at(-1)! < 0.05, `${losses}`)
  const measured = evaluate(measuring.program, new Map([...state, ...batch]))
  assert.is(measured.get("correct")![0], 6)
  assert.not([...measuring.program.outputs.keys()].some((name) => name.startsWith("buffer/")))
  const moved = state.get("buffer/lastact.0.running_mean")!
  assert.ok(Array.from(moved).some((mean) => mean !== 0))
})

test.run()
