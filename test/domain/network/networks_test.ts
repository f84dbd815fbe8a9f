import { readFileSync } from "node:fs"
import * as Schema from "@effect/schema/Schema"
import * as Either from "effect/Either"
import { suite } from "uvu"
import * as assert from "uvu/assert"
import { dartsEvaluationNetwork } from "../../../src/domain/network/darts_networks.ts"
import type { Network } from "../../../src/domain/network/layers.ts"
import { crossEntropy, softmax } from "../../../src/domain/network/mixture.ts"
import { nasBench201Network } from "../../../src/domain/network/nas_bench_201_networks.ts"
import { buildProgram } from "../../../src/domain/program/builder.ts"
import { programCost } from "../../../src/domain/program/cost.ts"
import type { NodeId } from "../../../src/domain/program/node.ts"
import { fullName, ofRole } from "../../../src/domain/program/port.ts"
import { elementCount } from "../../../src/domain/program/program.ts"
import { evaluate } from "../program/_programs.ts"

const Edges = Schema.Array(Schema.Tuple(Schema.String, Schema.Int))
const Sizes = Schema.Struct({
  name: Schema.String,
  cifar_c36_l20_params: Schema.Int,
  cifar_macs_32x32: Schema.Int,
  imagenet_c48_l14_params: Schema.Int,
  imagenet_macs_224x224: Schema.Int,
  normal: Edges,
  normal_concat: Schema.Array(Schema.Int),
  reduce: Edges,
  reduce_concat: Schema.Array(Schema.Int)
})
const published = Schema.decodeUnknownSync(Schema.parseJson(Schema.Array(Sizes)))(
  readFileSync("test/golden/darts_sizes.json", "utf8")
)

/** A program of one network, and its numbers of parameters and multiply-adds, counted while it was built. */
function measured(make: (net: Network) => NodeId) {
  const parameters = new Map<string, ReadonlyArray<number>>()
  const multiplyAdds = new Map<string, number>()
  const program = buildProgram((b) =>
    b.output("logits", make({ b, statistics: "batch", tracked: false, parameters, multiplyAdds }))
  )
  const total = (counts: ReadonlyArray<number>) => counts.reduce((a, b) => a + b, 0)
  return {
    program: Either.getOrThrow(program),
    parameters: total([...parameters.values()].map(elementCount)),
    counted: total([...multiplyAdds.values()])
  }
}

const darts = suite("dartsEvaluationNetwork()")

darts("has the parameters and multiply-adds of all 30 published genotypes, for both kinds of images", () => {
  assert.is(published.length, 30)
  for (const genotype of published) {
    const { normal, normal_concat: normalConcat, reduce, reduce_concat: reduceConcat } = genotype
    for (const [stem, channels, cells, image, classes] of [
      ["cifar", 36, 20, 32, 10],
      ["imagenet", 48, 14, 224, 1000]
    ] as const) {
      const { program, parameters, counted } = measured((net) => {
        const sizes = { stem, channels, cells, classes, auxiliary: false }
        return dartsEvaluationNetwork(
          net,
          net.b.input("x", [1, 3, image, image]),
          { normal, normalConcat, reduce, reduceConcat },
          sizes
        ).logits
      })
      const cifar = stem === "cifar"
      assert.is(parameters, cifar ? genotype.cifar_c36_l20_params : genotype.imagenet_c48_l14_params, genotype.name)
      assert.is(programCost(program).multiplyAdds, counted, genotype.name)
      assert.is(counted, cifar ? genotype.cifar_macs_32x32 : genotype.imagenet_macs_224x224, genotype.name)
    }
  }
})

darts("an operation that it does not know is an error that names the place", () => {
  const genotype = {
    normal: [
      ["magic", 0],
      ["none", 1]
    ],
    normalConcat: [2],
    reduce: [],
    reduceConcat: [2]
  } as const
  const made = buildProgram((b) => {
    const net: Network = { b, statistics: "batch", tracked: false, parameters: new Map() }
    const sizes = { stem: "cifar", channels: 4, cells: 3, classes: 10, auxiliary: false } as const
    dartsEvaluationNetwork(net, b.input("x", [1, 3, 8, 8]), genotype, sizes)
  })
  assert.ok(Either.isLeft(made))
  assert.match(made.left.message, "magic")
})

darts("an image that is too small is an error that says how large it must be", () => {
  const genotype = {
    normal: [
      ["skip_connect", 0],
      ["skip_connect", 1]
    ],
    normalConcat: [2],
    reduce: [
      ["skip_connect", 0],
      ["skip_connect", 1]
    ],
    reduceConcat: [2]
  } as const
  const problem = (stem: "cifar" | "imagenet", side: number, auxiliary: boolean) => {
    const made = buildProgram((b) => {
      const net: Network = { b, statistics: "batch", tracked: false, parameters: new Map() }
      const sizes = { stem, channels: 4, cells: 3, classes: 10, auxiliary }
      dartsEvaluationNetwork(net, b.input("x", [1, 3, side, side]), genotype, sizes)
    })
    return Either.isLeft(made) ? made.left.message : "it was built"
  }
  assert.is(problem("cifar", 4, false), "it was built")
  assert.match(problem("cifar", 3, false), "an image of 3×3 is too small to be halved 2 times: it needs at least 4×4")
  assert.is(problem("imagenet", 25, false), "it was built")
  assert.match(problem("imagenet", 24, false), "behind the stem, an image of 3×3 is too small")
  assert.is(problem("cifar", 29, true), "it was built")
  assert.match(problem("cifar", 28, true), "auxiliary_head: it needs features of at least 8×8 and has 7×7")
  assert.is(problem("imagenet", 193, true), "it was built")
  assert.match(problem("imagenet", 192, true), "at least 7×7 and has 6×6")
})

darts("takes drop-path masks, but for its identities, where asked for", () => {
  const genotype = {
    normal: [
      ["skip_connect", 0],
      ["sep_conv_3x3", 1]
    ],
    normalConcat: [2],
    reduce: [
      ["skip_connect", 0],
      ["max_pool_3x3", 1]
    ],
    reduceConcat: [2]
  } as const
  const made = [true, false].map(
    (dropPath) =>
      measured((net) => {
        const sizes = { stem: "cifar", channels: 4, cells: 3, classes: 10, auxiliary: false, dropPath } as const
        return dartsEvaluationNetwork(net, net.b.input("x", [5, 3, 8, 8]), genotype, sizes).logits
      }).program
  )
  const masks = made.map(({ inputs }) => ofRole(inputs, "mask").map(fullName))
  assert.equal(
    masks[0],
    ["0._ops.1", "1._ops.0", "1._ops.1", "2._ops.0", "2._ops.1"].map((at) => `drop/cells.${at}`)
  )
  assert.equal(masks[1], [])
  for (const name of masks[0]!) assert.equal(made[0]!.inputs.get(name)!.shape, [5, 1, 1, 1])
})

darts.run()

const cells = suite("nasBench201Network()")

cells("has the parameters and multiply-adds that the benchmark states", () => {
  const stated = [
    ["421211", 0.129306, 15.64737],
    ["334131", 0.802426, 113.95137]
  ] as const
  for (const [code, millionParameters, millionMultiplyAdds] of stated) {
    const { program, parameters } = measured((net) => {
      const sizes = { channels: 16, cellsPerStage: 5, classes: 10 }
      return nasBench201Network(net, net.b.input("x", [1, 3, 32, 32]), Array.from(code, Number), sizes)
    })
    assert.is(parameters, Math.round(1e6 * millionParameters))
    const own = programCost(program).multiplyAdds / 1e6
    assert.ok(own <= millionMultiplyAdds && own > 0.95 * millionMultiplyAdds, `${own} of ${millionMultiplyAdds}`)
  }
})

cells.run()

const losses = suite("softmax(), crossEntropy()")

losses("are those of their definitions, also far from zero", () => {
  const program = Either.getOrThrow(
    buildProgram((b) => {
      const net: Network = { b, statistics: "batch", tracked: false, parameters: new Map() }
      const x = b.input("x", [2, 3])
      b.output("softmax", softmax(net, x))
      b.output("loss", crossEntropy(net, x, b.input("targets", [2, 3])))
    })
  )
  const x = [1000, 1001, 1002, -1, 0, 0.5]
  const targets = [0, 1, 0, 0.1, 0.1, 0.8]
  const values = evaluate(
    program,
    new Map([
      ["x", x],
      ["targets", targets]
    ])
  )
  let loss = 0
  for (const row of [0, 1]) {
    const logits = x.slice(3 * row, 3 * row + 3).map((value) => value - x[3 * row + 2]!)
    const sum = logits.reduce((total, value) => total + Math.exp(value), 0)
    for (const [k, value] of logits.entries()) {
      assert.ok(Math.abs(values.get("softmax")![3 * row + k]! - Math.exp(value) / sum) < 1e-12)
      loss -= (targets[3 * row + k]! * (value - Math.log(sum))) / 2
    }
  }
  assert.ok(Math.abs(values.get("loss")![0]! - loss) < 1e-12)
})

losses.run()
