import * as Either from "effect/Either"
import { suite } from "uvu"
import * as assert from "uvu/assert"
import { printGenotype } from "../../../src/domain/architecture/genotype.ts"
import { PUBLISHED_GENOTYPES } from "../../../src/domain/architecture/published_genotypes.ts"
import { parseArchitecture } from "../../../src/domain/architecture/text.ts"
import { builtinSpace } from "../../../src/domain/space/spaces.ts"
import { type SearchOnImages, trainingAfterSearch } from "../../../src/domain/training/training_after_search.ts"

const MNIST = { shape: [1, 28, 28], train: 8000, classes: 10 } as const
const CIFAR = { shape: [3, 32, 32], train: 50_000, classes: 10 } as const
const DARTS = printGenotype(PUBLISHED_GENOTYPES.DARTS_V2!)

function after(space: "darts" | "nas-bench-201", search: SearchOnImages, info: typeof MNIST | typeof CIFAR) {
  const own = builtinSpace(space)
  const architecture = Either.getOrThrow(parseArchitecture(own, space === "darts" ? DARTS : "333333"))
  const { name, changes, image } = trainingAfterSearch(own, architecture, search, info)
  return { name, changes, image }
}

const test = suite("trainingAfterSearch()")

test("after a search on whole images it is that of the publication", () => {
  const search = { protocol: "darts", dataset: "cifar10" }
  assert.equal(after("darts", search, CIFAR), { name: "darts-cifar", changes: {}, image: [3, 32, 32] })
})

test("digits have no room for an auxiliary head, and are not mirrored", () => {
  const { changes } = after("darts", { protocol: "darts" }, MNIST)
  assert.equal(changes, { flip: false, auxiliaryWeight: 0 })
})

test("after a quick search it takes the images of the search, for few epochs", () => {
  const quick = { protocol: "quick", dataset: "mnist", images: 2000, imageSize: 12 }
  assert.equal(after("nas-bench-201", quick, MNIST), {
    name: "nas-bench-201",
    changes: { images: 2000, imageSize: 12, crop: 1, flip: false, epochs: 5, batchSize: 32 },
    image: [1, 12, 12]
  })
  const { changes } = after("darts", quick, MNIST)
  assert.equal([changes.channels, changes.cells, changes.cutout, changes.auxiliaryWeight], [16, 8, 6, 0])
})

test("fewer images than a batch make a smaller batch", () => {
  assert.is(after("nas-bench-201", { images: 128, dataset: "cifar10" }, CIFAR).changes.batchSize, 32)
  assert.is(after("nas-bench-201", { images: 20, dataset: "cifar10" }, CIFAR).changes.batchSize, 20)
})

test("after trainings it is as they were", () => {
  const own = { evaluator: "train", dataset: "cifar10", epochs: 2, channels: 2, cells: 1, batchSize: 16, crop: 0 }
  const { changes } = after("nas-bench-201", { ...own, images: 96 }, CIFAR)
  assert.equal(changes, { images: 96, channels: 2, cells: 1, epochs: 2, batchSize: 16, crop: 0 })
})

test.run()
