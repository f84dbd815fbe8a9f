import * as Either from "effect/Either"
import { suite } from "uvu"
import * as assert from "uvu/assert"
import { parseGenotype } from "../../../src/domain/architecture/genotype.ts"
import { PUBLISHED_GENOTYPES } from "../../../src/domain/architecture/published_genotypes.ts"
import { dartsEvaluationNetwork } from "../../../src/domain/network/darts_networks.ts"
import { describeNetwork } from "../../../src/domain/network/describe_network.ts"
import { genotypeFault } from "../../../src/domain/network/genotype_fault.ts"

const SIZES = { channels: 4, cells: 3, classes: 2, stem: "cifar", auxiliary: false } as const
const genotype = (normalConcat: string, reduceConcat: string, operation = "skip_connect") => {
  const edges = `[('${operation}', 0), ('sep_conv_3x3', 1), ('skip_connect', 2), ('none', 0)]`
  const text = `Genotype(normal=${edges}, normal_concat=${normalConcat}, reduce=${edges}, reduce_concat=${reduceConcat})`
  return Either.getOrThrow(parseGenotype(text))
}
const builds = (normalConcat: string, reduceConcat: string) =>
  Either.isRight(
    describeNetwork([1, 3, 8, 8], (net, image) =>
      dartsEvaluationNetwork(net, image, genotype(normalConcat, reduceConcat), SIZES)
    )
  )

const test = suite("genotypeFault()")

test("published genotypes have none", () => {
  for (const one of Object.values(PUBLISHED_GENOTYPES)) assert.is(genotypeFault(one), undefined)
})

test("a genotype has a fault exactly where its network cannot be built", () => {
  const outputs = ["[2, 3]", "[3]", "[0, 2]", "[1, 3]", "[0]", "[0, 1]", "[3, 3]"]
  let faults = 0
  for (const normal of outputs) {
    for (const reduce of outputs) {
      const fault = genotypeFault(genotype(normal, reduce))
      if (fault !== undefined) faults += 1
      // Outputs of the reduction cell that are all inputs can be joined, but do not halve the image: a genotype of another kind of network.
      if (!["[0]", "[0, 1]"].includes(reduce))
        assert.is(builds(normal, reduce), fault === undefined, `${normal} ${reduce}`)
    }
  }
  assert.is(faults, 4 * outputs.length)
})

test("a fault names the field and the input that is wrong, in the words of the genotype", () => {
  assert.equal(genotypeFault(genotype("[2, 3]", "[0, 2, 3]")), {
    part: "reduce_concat",
    problem: "reduce_concat joins node 0, an input of the cell, which is twice as large as its nodes: join nodes 2 to 3"
  })
  const unknown = genotypeFault(genotype("[2, 3]", "[2]", "magic"))
  assert.is(unknown?.part, "normal")
  assert.match(unknown!.problem, 'edge 1 of normal has the operation "magic"')
  assert.equal(genotypeFault(genotype("[2, 4]", "[2]"))?.problem, "normal_concat joins node 4 of 4")
})

test.run()
