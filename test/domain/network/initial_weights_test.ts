import { suite } from "uvu"
import * as assert from "uvu/assert"
import { initialWeights } from "../../../src/domain/network/initial_weights.ts"
import type { Shape } from "../../../src/domain/program/operation.ts"

const PARAMETERS: ReadonlyMap<string, Shape> = new Map<string, Shape>([
  ["conv.weight", [96, 25, 3, 3]],
  ["conv.bias", [96]],
  ["bn.weight", [64]],
  ["bn.bias", [64]],
  ["classifier.weight", [100, 400]],
  ["classifier.bias", [100]]
])

function moment(data: Float32Array, power: number): number {
  return data.reduce((sum, x) => sum + x ** power, 0) / data.length
}

const weights = suite("initialWeights()")

weights("are uniform within the inverse root of the fan-in, biases by that of their weight", () => {
  const made = initialWeights(PARAMETERS, "0")
  for (const [layer, fanIn] of [
    ["conv", 225],
    ["classifier", 400]
  ] as const) {
    const bound = Math.fround(1 / Math.sqrt(fanIn))
    const weight = made.get(`${layer}.weight`)!
    for (const data of [weight, made.get(`${layer}.bias`)!]) {
      const largest = Math.max(...data.map(Math.abs))
      assert.ok(largest <= bound && largest > 0.9 * bound, `${layer}: ${largest} of ${bound}`)
    }
    const error = 4 / Math.sqrt(weight.length)
    assert.ok(Math.abs(moment(weight, 1) / bound) < error)
    assert.ok(Math.abs((3 * moment(weight, 2)) / bound ** 2 - 1) < error)
    assert.ok(Math.abs((5 * moment(weight, 4)) / bound ** 4 - 1) < 2 * error)
  }
})

weights("of normalizations are scale 1 and shift 0", () => {
  const made = initialWeights(PARAMETERS, "0", "kaiming")
  assert.ok(made.get("bn.weight")!.every((x) => x === 1))
  assert.ok(made.get("bn.bias")!.every((x) => x === 0))
  assert.is(made.get("bn.bias")!.length, 64)
})

weights("of Kaiming's scheme are normal for convolutions, and PyTorch's elsewhere", () => {
  const made = initialWeights(PARAMETERS, "0", "kaiming")
  const data = made.get("conv.weight")!
  const deviation = Math.sqrt(2 / 225)
  const error = 4 / Math.sqrt(data.length)
  assert.ok(Math.abs(moment(data, 1) / deviation) < error)
  assert.ok(Math.abs(moment(data, 2) / deviation ** 2 - 1) < 2 * error)
  assert.ok(Math.abs(moment(data, 4) / deviation ** 4 - 3) < 12 * error)
  for (let i = 1; i < 20; i++) assert.is.not(data[i], data[i - 1])
  let product = 0
  for (let i = 0; i + 1 < data.length; i += 2) product += data[i]! * data[i + 1]!
  assert.ok(Math.abs(product / (deviation ** 2 * (data.length / 2))) < 2 * error)
  const plain = initialWeights(PARAMETERS, "0")
  for (const name of ["conv.bias", "classifier.weight", "classifier.bias"])
    assert.equal(made.get(name), plain.get(name), name)
})

weights("depend on seed and name alone", () => {
  const made = initialWeights(PARAMETERS, "0")
  assert.equal(made, initialWeights(PARAMETERS, "0"))
  assert.equal([...made.keys()], [...PARAMETERS.keys()])
  const reversed = initialWeights(new Map([...PARAMETERS].reverse()), "0")
  for (const [name, data] of made) assert.equal(reversed.get(name), data, name)
  const other = initialWeights(PARAMETERS, "1")
  assert.is.not(other.get("conv.weight")![0], made.get("conv.weight")![0])
  const renamed = initialWeights(new Map([["other.weight", [96, 25, 3, 3]]]), "0").get("other.weight")!
  assert.is.not(renamed[0], made.get("conv.weight")![0])
  const odd = initialWeights(new Map([["odd.weight", [3, 1, 1, 1]]]), "0", "kaiming").get("odd.weight")!
  assert.ok(odd.every((x) => x !== 0))
})

weights.run()
