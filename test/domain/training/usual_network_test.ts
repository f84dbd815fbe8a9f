import * as Either from "effect/Either"
import { suite } from "uvu"
import * as assert from "uvu/assert"
import { printGenotype } from "../../../src/domain/architecture/genotype.ts"
import { PUBLISHED_GENOTYPES } from "../../../src/domain/architecture/published_genotypes.ts"
import { parseArchitecture } from "../../../src/domain/architecture/text.ts"
import type { ImageShape } from "../../../src/domain/data/dataset.ts"
import type { Space } from "../../../src/domain/space/space.ts"
import { builtinSpace } from "../../../src/domain/space/spaces.ts"
import { TRAINING_PROTOCOLS } from "../../../src/domain/training/protocol.ts"
import { sizesOf, usualNetwork, usualProtocol } from "../../../src/domain/training/usual_network.ts"

const numbers = (space: Parameters<typeof builtinSpace>[0], text: string, classes: number, side: number) => {
  const own = builtinSpace(space)
  const architecture = Either.getOrThrow(parseArchitecture(own, text))
  const { parameters, multiplyAdds } = Either.getOrThrow(
    usualNetwork(own, architecture, { classes, shape: [3, side, side] })
  )
  return { parameters, multiplyAdds }
}

const usualSizes = (space: Space, classes: number, shape: ImageShape) =>
  sizesOf(space, classes, TRAINING_PROTOCOLS[usualProtocol(space, shape)])

const test = suite("usualNetwork()")

test("has the published sizes", () => {
  // NAS-Bench-201's table gives 1.531546 M and 220.11969 M for its largest cell, of convolutions 3×3.
  const largest = "|nor_conv_3x3~0|+|nor_conv_3x3~0|nor_conv_3x3~1|+|nor_conv_3x3~0|nor_conv_3x3~1|nor_conv_3x3~2|"
  const cell = numbers("nas-bench-201", largest, 10, 32)
  assert.is(cell.parameters, 1_531_546)
  assert.is(Math.round(cell.multiplyAdds / 1e4), 22_012)
  // Liu, Simonyan, Yang 2019 (arXiv 1806.09055) tables 1 and 2: 3.3 M on CIFAR-10, 4.7 M on ImageNet.
  const darts = printGenotype(PUBLISHED_GENOTYPES.DARTS_V2!)
  assert.is((numbers("darts", darts, 10, 32).parameters / 1e6).toFixed(1), "3.3")
  assert.is((numbers("darts", darts, 1000, 224).parameters / 1e6).toFixed(1), "4.7")
})

test("takes ImageNet's size from 128 pixels on, in DARTS's skeleton alone", () => {
  assert.equal(usualSizes(builtinSpace("darts"), 10, [3, 127, 300]), { channels: 36, cells: 20, classes: 10 })
  assert.equal(usualSizes(builtinSpace("darts"), 1000, [3, 128, 128]), {
    channels: 48,
    cells: 14,
    stem: "imagenet",
    classes: 1000
  })
  assert.equal(usualSizes(builtinSpace("nas-bench-201"), 10, [3, 224, 224]), {
    channels: 16,
    cellsPerStage: 5,
    classes: 10
  })
})

test.run()
