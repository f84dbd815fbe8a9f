import * as Schema from "@effect/schema/Schema"
import * as Either from "effect/Either"
import { suite } from "uvu"
import * as assert from "uvu/assert"
import { drawArchitecture } from "../../../src/domain/architecture/draw.ts"
import { fromGenotype } from "../../../src/domain/architecture/genotype_architecture.ts"
import { PUBLISHED_GENOTYPES } from "../../../src/domain/architecture/published_genotypes.ts"
import { makeSpace } from "../../../src/domain/space/make_space.ts"
import { SpaceDefinition } from "../../../src/domain/space/space.ts"
import { builtinSpace } from "../../../src/domain/space/spaces.ts"

const decode = Schema.decodeSync(SpaceDefinition)
const spaceOf = (definition: typeof SpaceDefinition.Encoded) => Either.getOrThrow(makeSpace(decode(definition)))

const test = suite("drawArchitecture()")

test("a line for each node, with the operations of all its edges where every edge is kept", () => {
  assert.equal(drawArchitecture(builtinSpace("nas-bench-201"), [3, 0, 1, 4, 0, 2]), [
    "cell: inputs 0",
    "  node 1 = nor_conv_3x3(0)",
    "  node 2 = none(0) + skip_connect(1)",
    "  node 3 = avg_pool_3x3(0) + none(1) + nor_conv_1x1(2)",
    "  output = node 3"
  ])
})

test("a cell after the other, with the edges that are kept", () => {
  const space = builtinSpace("darts")
  const lines = drawArchitecture(space, Either.getOrThrow(fromGenotype(space, PUBLISHED_GENOTYPES.DARTS_V2!, "")))
  assert.equal(lines, [
    "normal: inputs 0, 1",
    "  node 2 = sep_conv_3x3(0) + sep_conv_3x3(1)",
    "  node 3 = sep_conv_3x3(0) + sep_conv_3x3(1)",
    "  node 4 = sep_conv_3x3(1) + skip_connect(0)",
    "  node 5 = skip_connect(0) + dil_conv_3x3(2)",
    "  output = nodes joined",
    "reduction: inputs 0, 1",
    "  node 2 = max_pool_3x3(0) + max_pool_3x3(1)",
    "  node 3 = skip_connect(2) + max_pool_3x3(1)",
    "  node 4 = max_pool_3x3(0) + skip_connect(2)",
    "  node 5 = skip_connect(2) + max_pool_3x3(1)",
    "  output = nodes joined"
  ])
})

test("how the edges of a node become one, where that is no sum", () => {
  const edges = [0, 1].map((from) => ({ from, to: 2, operations: ["skip_connect"] }))
  for (const combine of ["mean", "concatenate"] as const) {
    const cell = { name: "cell", inputs: 2, nodes: 1, combine, edges }
    const space = spaceOf({ name: "mine", cells: [cell] })
    assert.is(drawArchitecture(space, [0, 0])[1], `  node 2 = ${combine} of skip_connect(0), skip_connect(1)`)
  }
})

test("a line for each decision where there are no cells", () => {
  const space = spaceOf({ name: "mine", decisions: [{ name: "depth", choices: ["2", "4"] }] })
  assert.equal(drawArchitecture(space, [1]), ["depth: 4"])
})

test.run()
