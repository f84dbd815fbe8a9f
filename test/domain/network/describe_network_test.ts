import { existsSync, readFileSync } from "node:fs"
import { gunzipSync } from "node:zlib"
import * as FastCheck from "@effect/schema/FastCheck"
import * as Either from "effect/Either"
import { suite } from "uvu"
import * as assert from "uvu/assert"
import { arbitraryArchitecture } from "../../../src/domain/architecture/arbitrary.ts"
import { parseGenotype } from "../../../src/domain/architecture/genotype.ts"
import { spaceEvaluationNetwork } from "../../../src/domain/network/cell_networks.ts"
import { dartsEvaluationNetwork } from "../../../src/domain/network/darts_networks.ts"
import { architectureCounts, describeNetwork } from "../../../src/domain/network/describe_network.ts"
import { linear } from "../../../src/domain/network/layers.ts"
import type { Shape } from "../../../src/domain/program/operation.ts"
import { builtinSpace } from "../../../src/domain/space/spaces.ts"
import { CHAIN, OWN, spaceOf, TURNS } from "./_spaces.ts"

const CIFAR: Shape = [1, 3, 32, 32]
const NAS_BENCH_201_SIZES = { channels: 16, cellsPerStage: 5, classes: 10 } as const

const description = suite("describeNetwork()")

description("counts layer by layer, for one image, and tells the parts apart", () => {
  const space = builtinSpace("nas-bench-201")
  const cell = Either.getOrThrow(
    spaceEvaluationNetwork(space, [0, 3, 0, 0, 0, 2], { ...NAS_BENCH_201_SIZES, cellsPerStage: 1 })
  )
  for (const batch of [1, 7]) {
    const made = Either.getOrThrow(describeNetwork([batch, 3, 32, 32], cell))
    const inCell = (c: number, pixels: number) => ({
      parameters: 9 * c * c + 2 * c + c * c + 2 * c,
      multiplyAdds: (9 * c * c + c * c) * pixels
    })
    const between = (c: number, pixels: number) => ({
      parameters: 9 * 2 * c * c + 4 * c + 9 * 4 * c * c + 4 * c + 2 * c * c,
      multiplyAdds: (9 * 2 * c * c + 9 * 4 * c * c + 2 * c * c) * pixels
    })
    assert.equal(made.parts, [
      { name: "stem", parameters: 27 * 16 + 32, multiplyAdds: 27 * 16 * 1024 },
      { name: "cells.0", ...inCell(16, 1024) },
      { name: "cells.1", ...between(16, 256) },
      { name: "cells.2", ...inCell(32, 256) },
      { name: "cells.3", ...between(32, 64) },
      { name: "cells.4", ...inCell(64, 64) },
      { name: "head", parameters: 128 + 650, multiplyAdds: 640 }
    ])
    for (const field of ["parameters", "multiplyAdds"] as const)
      assert.is(
        made[field],
        made.parts.reduce((total, part) => total + part[field], 0)
      )
  }
})

description("leaves the auxiliary head out of the totals", () => {
  const genotype = Either.getOrThrow(
    parseGenotype(
      "Genotype(normal=[('skip_connect', 0), ('sep_conv_3x3', 1)], normal_concat=[2], reduce=[('skip_connect', 0), ('max_pool_3x3', 1)], reduce_concat=[2])"
    )
  )
  const [own, plain] = [true, false].map((auxiliary) =>
    Either.getOrThrow(
      describeNetwork(CIFAR, (net, x) =>
        dartsEvaluationNetwork(net, x, genotype, { stem: "cifar", channels: 4, cells: 3, classes: 10, auxiliary })
      )
    )
  )
  assert.equal(own!.parts.slice(0, -1), plain!.parts)
  assert.equal([own!.parameters, own!.multiplyAdds], [plain!.parameters, plain!.multiplyAdds])
  const features = 16 * 128 + 2 * 128 + 128 * 768 * 4 + 2 * 768
  assert.equal(own!.parts.at(-1), {
    name: "auxiliary",
    parameters: features + 7690,
    multiplyAdds: 16 * 128 * 4 + 128 * 768 * 4 + 7680
  })
})

description("of what does not fit is the error of the program", () => {
  const made = describeNetwork([1, 3, 2], (net, x) => linear(net, "classifier", x, 4))
  assert.ok(Either.isLeft(made))
  assert.is(made.left._tag, "ProgramError")
})

description.run()

const counts = suite("architectureCounts()")

counts("are those of all 15,625 networks of NAS-Bench-201", () => {
  const path = "../shared/data/nb201.csv.gz"
  if (!existsSync(path)) return console.log(`left out: ${path} is absent`)
  const [header, ...rows] = gunzipSync(readFileSync(path))
    .toString("utf8")
    .trim()
    .split("\n")
    .map((line) => line.split(","))
  const [code, parameters, mflops] = ["code", "params", "mflops"].map((name) => header!.indexOf(name))
  const count = Either.getOrThrow(architectureCounts(builtinSpace("nas-bench-201"), NAS_BENCH_201_SIZES, CIFAR))
  assert.is(rows.length, 15625)
  for (const row of rows) {
    const own = count(Array.from(row[code!]!, Number))
    assert.is(own.parameters, Number(row[parameters!]), row[code!])
    // The benchmark counts the additions of the classifier's 10 biases as well.
    assert.is(own.multiplyAdds + 10, Math.round(1e6 * Number(row[mflops!])), row[code!])
  }
})

counts("are those of the network that is built", () => {
  const wide = spaceOf({
    name: "wide",
    cells: [1, 2].map((stride) => ({ ...OWN.cells[stride - 1]!, combine: "concatenate" })),
    reading: { _tag: "StrongestEdges", perNode: 2, exclude: ["none"] }
  })
  const sizes = { channels: 4, cells: 4, cellsPerStage: 2, classes: 5, auxiliary: false }
  const image: Shape = [2, 3, 8, 8]
  for (const space of [builtinSpace("nas-bench-201"), builtinSpace("s1"), OWN, CHAIN, TURNS, wide]) {
    const count = Either.getOrThrow(architectureCounts(space, sizes, image))
    for (const architecture of FastCheck.sample(arbitraryArchitecture(space), { seed: 3, numRuns: 5 })) {
      const make = Either.getOrThrow(spaceEvaluationNetwork(space, architecture, sizes))
      const { parts, ...built } = Either.getOrThrow(describeNetwork(image, make))
      assert.equal(count(architecture), built, `${space.name} ${architecture}`)
    }
  }
})

counts("name a space or an image of which there is no network", () => {
  const decisions = spaceOf({ name: "d", decisions: [{ name: "x", choices: ["a", "b"] }] })
  const [none, small] = [
    architectureCounts(decisions, NAS_BENCH_201_SIZES, CIFAR),
    architectureCounts(CHAIN, NAS_BENCH_201_SIZES, [1, 3, 3, 6])
  ]
  assert.ok(Either.isLeft(none) && Either.isLeft(small))
  assert.match(none.left.message, "decisions only")
  assert.match(small.left.message, "image of 3×6")
})

counts.run()
