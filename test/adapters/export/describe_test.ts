import { readFileSync } from "node:fs"
import * as Schema from "@effect/schema/Schema"
import { suite } from "uvu"
import * as assert from "uvu/assert"
import { descriptionText } from "../../../src/adapters/export/describe.ts"
import { describeRequest, type NetworkRequest } from "../../../src/adapters/export/export_network.ts"
import { PUBLISHED_GENOTYPES } from "../../../src/domain/architecture/published_genotypes.ts"
import { failure, run } from "../../_effect.ts"
import { withFiles } from "./_networks.ts"

const Edges = Schema.Array(Schema.Tuple(Schema.String, Schema.Int))
const Nodes = Schema.Array(Schema.Int)
const Published = Schema.Struct({
  name: Schema.String,
  cifar_c36_l20_params: Schema.Int,
  cifar_macs_32x32: Schema.Int,
  imagenet_c48_l14_params: Schema.Int,
  imagenet_macs_224x224: Schema.Int,
  normal: Edges,
  normal_concat: Nodes,
  reduce: Edges,
  reduce_concat: Nodes
})
const published = Schema.decodeUnknownSync(Schema.parseJson(Schema.Array(Published)))(
  readFileSync("test/golden/darts_sizes.json", "utf8")
)
const describe = (request: NetworkRequest) => run(withFiles(describeRequest(request)))

const test = suite("describeRequest()")

test("has the published sizes by default, and its parts add up to them", async () => {
  for (const genotype of published.slice(0, 8)) {
    const architecture = JSON.stringify(genotype)
    const cifar = await describe({ architecture, sizes: {} })
    assert.is(cifar.parameters, genotype.cifar_c36_l20_params, genotype.name)
    assert.is(cifar.multiplyAdds, genotype.cifar_macs_32x32, genotype.name)
    const imagenet = await describe({ architecture, sizes: { stem: "imagenet" } })
    assert.is(imagenet.parameters, genotype.imagenet_c48_l14_params, genotype.name)
    assert.is(imagenet.multiplyAdds, genotype.imagenet_macs_224x224, genotype.name)
    for (const { parameters, multiplyAdds, parts } of [cifar, imagenet]) {
      assert.is(
        parts.reduce((sum, part) => sum + part.parameters, 0),
        parameters
      )
      assert.is(
        parts.reduce((sum, part) => sum + part.multiplyAdds, 0),
        multiplyAdds
      )
    }
  }
})

test("the genotypes that have names are the published ones", () => {
  for (const [name, genotype] of Object.entries(PUBLISHED_GENOTYPES)) {
    const {
      normal,
      normal_concat: normalConcat,
      reduce,
      reduce_concat: reduceConcat
    } = published.find((one) => one.name === name)!
    assert.equal(genotype, { normal, normalConcat, reduce, reduceConcat }, name)
  }
})

test("names the parts in order, with the sizes of stem and head from their definitions", async () => {
  const sizes = { channels: 16, cells: 6 }
  const { parts, ...total } = await describe({ architecture: "DARTS_V2", sizes: { ...sizes, auxiliary: true } })
  const { parts: _, ...without } = await describe({ architecture: "DARTS_V2", sizes })
  assert.equal(total, without)
  const cells = ["cell", "cell", "reduction cell", "cell", "reduction cell", "cell"].map((kind, i) => [
    `cells.${i}`,
    kind
  ])
  assert.equal(
    parts.map(({ name, kind }) => [name, kind]),
    [["stem", "stem"], ...cells, ["head", "head"], ["auxiliary", "auxiliary head"]]
  )
  const [stem, head, auxiliary] = [parts[0]!, parts.at(-2)!, parts.at(-1)!]
  assert.equal([stem.parameters, stem.multiplyAdds], [3 * 48 * 9 + 2 * 48, 32 * 32 * 48 * 27])
  assert.equal([head.parameters, head.multiplyAdds], [256 * 10 + 10, 2560])
  const narrow = 256 * 128
  const wide = 128 * 768 * 4
  assert.equal(auxiliary.parameters, narrow + 2 * 128 + wide + 2 * 768 + 768 * 10 + 10)
  assert.equal(auxiliary.multiplyAdds, 4 * narrow + wide + 7680)
})

test("is NAS-Bench-201's stated size for its defaults, and tells its residual blocks", async () => {
  const described = await describe({ architecture: "421211", space: "nas-bench-201", sizes: {} })
  assert.is(described.parameters, 129306)
  const blocks = described.parts.filter(({ kind }) => kind === "residual block").map(({ name }) => name)
  assert.equal(blocks, ["cells.5", "cells.11"])
  assert.equal(described.parts.map(({ kind }) => kind).filter((kind) => kind === "cell").length, 15)
})

test("the table for people has a line per part and ends with the total", async () => {
  const lines = descriptionText(await describe({ architecture: "DARTS_V2", sizes: {} })).split("\n")
  assert.is(lines.length, 1 + 22 + 1)
  assert.match(lines.at(-1)!, /^total +3,349,342 +528,359,040$/)
  const auxiliary = descriptionText(await describe({ architecture: "DARTS_V2", sizes: { auxiliary: true } })).split(
    "\n"
  )
  assert.match(auxiliary.at(-1)!, /^total +without auxiliary head +3,349,342 +528,359,040$/)
  assert.match(lines[8]!, /^cells\.6 +reduction cell +/)
})

test("sizes that no network has are errors that name their flag", async () => {
  const refused = async (request: NetworkRequest) => (await failure(withFiles(describeRequest(request)))).message
  const architecture = "DARTS_V2"
  assert.match(
    await refused({ architecture, sizes: { channels: 0 } }),
    /--channels: expected an integer of at least 1, actual 0/
  )
  assert.match(await refused({ architecture, sizes: { channels: 1, stem: "imagenet" } }), /at least 2, actual 1/)
  assert.match(await refused({ architecture, sizes: { cells: 1.5 } }), /--cells/)
  assert.match(await refused({ architecture, sizes: { image: 20, auxiliary: true } }), /auxiliary_head/)
  const cell = "|none~0|+|none~0|none~1|+|none~0|none~1|none~2|"
  assert.match(
    await refused({ architecture: cell, sizes: { auxiliary: true } }),
    /--stem and --auxiliary are for networks like DARTS/
  )
})

test.run()
