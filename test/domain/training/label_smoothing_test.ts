import { suite } from "uvu"
import * as assert from "uvu/assert"
import { crossEntropy } from "../../../src/domain/network/mixture.ts"
import { labelTargets } from "../../../src/domain/training/label_smoothing.ts"
import { programOf } from "../network/_spaces.ts"
import { evaluate } from "../program/_programs.ts"

const targets = suite("labelTargets()")

targets("are one-hot without smoothing", () => {
  assert.equal([...labelTargets([2, 0], 3)], [0, 0, 1, 1, 0, 0])
})

targets("spread a share over all classes", () => {
  assert.equal(labelTargets([1], 4, 0.2), Float32Array.of(0.05, 0.85, 0.05, 0.05))
  assert.equal([...labelTargets([1], 4, 1)], [0.25, 0.25, 0.25, 0.25])
})

targets("make the loss (1 − ε) · own + ε · mean over the classes", () => {
  const [x, labels] = [[0.3, -1, 2, 0.1, 1, -0.7, 0, 0.2], Uint8Array.of(2, 1)]
  const program = programOf((net) =>
    net.b.output("loss", crossEntropy(net, net.b.input("x", [2, 4]), net.b.input("targets", [2, 4])))
  )
  const loss = evaluate(
    program,
    new Map<string, ArrayLike<number>>([
      ["x", x],
      ["targets", labelTargets(labels, 4, 0.1)]
    ])
  ).get("loss")![0]!
  let expected = 0
  for (const i of [0, 1]) {
    const row = x.slice(4 * i, 4 * i + 4)
    const log = Math.log(row.reduce((sum, value) => sum + Math.exp(value), 0))
    const mean = row.reduce((sum, value) => sum + log - value, 0) / 4
    expected += (0.9 * (log - row[labels[i]!]!) + 0.1 * mean) / 2
  }
  assert.ok(Math.abs(loss - expected) < 1e-6, `${loss} is not ${expected}`)
})

targets.run()
