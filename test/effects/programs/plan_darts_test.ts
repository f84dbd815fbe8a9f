import * as NodeContext from "@effect/platform-node/NodeContext"
import * as Effect from "effect/Effect"
import { suite } from "uvu"
import * as assert from "uvu/assert"
import { layerCached } from "../../../src/adapters/datasets/layer.ts"
import { methodNamed } from "../../../src/domain/darts/methods/methods.ts"
import { dartsRun } from "../../../src/domain/darts/run_settings.ts"
import { planEpoch } from "../../../src/domain/darts/step_plan.ts"
import { NORMALIZATIONS } from "../../../src/domain/data/normalization.ts"
import type { Given } from "../../../src/domain/setting/field.ts"
import { builtinSpace, type SpaceName } from "../../../src/domain/space/spaces.ts"
import { planDartsSearch } from "../../../src/effects/programs/plan_darts.ts"
import { run as runEffect } from "../../_effect.ts"
import { safetensors, temporary } from "../../adapters/datasets/_files.ts"

const { write, remove } = temporary()
const IMAGES = 20

/** Image i is of the one value i² in bytes. */
const data = write(
  "bytes.safetensors",
  safetensors({
    "train/x": [[IMAGES, 1, 8, 8], Uint8Array.from({ length: IMAGES * 64 }, (_, i) => Math.floor(i / 64) ** 2 / 2)],
    "train/y": [[IMAGES], Uint8Array.from({ length: IMAGES }, (_, i) => i % 2)]
  })
)

const plannedOf = ({ algorithm = "na-darts", ...given }: Given, space: SpaceName = "nas-bench-201") =>
  runEffect(
    Effect.flatMap(dartsRun(methodNamed(String(algorithm))!, given), (asked) =>
      planDartsSearch(asked, builtinSpace(space))
    ).pipe(Effect.provide(layerCached()), Effect.provide(NodeContext.layer))
  )
const planOf = (settings: Given) => plannedOf({ algorithm: "darts", batchSize: 4, channels: 2, ...settings })

const test = suite("planDartsSearch()")
test.after(remove)

test("data without a customary normalization take that of the images which the weights are trained on", async () => {
  const { plan } = await planOf({ dataset: "tensor-file", data, images: 16, seed: "3" })
  const at = { epoch: 0, step: 0, level: "weights" } as const
  const { images } = planEpoch(plan, plan.network.shape, plan.examples, plan.seed, 0)
  const { indices, options } = plan.request(images.weights, at)
  assert.is(indices.length, 8)
  const values = Array.from(indices, (i) => Math.floor(i ** 2 / 2) / 255)
  const mean = values.reduce((sum, value) => sum + value, 0) / 8
  const std = Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / 8)
  assert.ok(Math.abs(options.normalization!.mean[0]! - mean) < 1e-12)
  assert.ok(Math.abs(options.normalization!.std[0]! - std) < 1e-12)
})

test("others take the customary one", async () => {
  const { plan } = await planOf({ dataset: "mnist", images: 16 })
  const { options } = plan.request(Int32Array.of(0), { epoch: 0, step: 0, level: "alpha" })
  assert.equal(options.normalization, NORMALIZATIONS.mnist)
})

const QUICK = { images: 2000, imageSize: 12, cells: 1 }
for (const given of [
  {},
  { seed: "5" },
  { neighbors: 4 },
  { radius: 2 },
  { backend: "onnx" },
  { algorithm: "darts" }
] as const)
  test(`the quick protocol stays: ${JSON.stringify(given)}`, async () => {
    const { plan, run } = await plannedOf(given)
    assert.equal({ images: run.settings.images, imageSize: run.settings.imageSize, cells: run.settings.cells }, QUICK)
    assert.is(plan.examples, 2000)
    assert.equal([plan.settings.epochs, plan.settings.batchSize, plan.settings.alphaLearningRate], [5, 32, 0.02])
  })

test("what is given goes before the quick protocol, and it takes no more than there is", async () => {
  const { run } = await plannedOf({ dataset: "tensor-file", data, batchSize: 4 })
  assert.equal([run.settings.images, run.settings.imageSize], [IMAGES, 8])
  const { run: larger } = await plannedOf({ images: 2500, imageSize: 14 })
  assert.equal([larger.settings.images, larger.settings.imageSize], [2500, 14])
})

test("another protocol is asked for by its name, and takes all images as they are", async () => {
  const { plan, run } = await plannedOf({ protocol: "nas-bench-201-small" })
  assert.equal([run.settings.images, run.settings.imageSize, plan.settings.epochs], [undefined, undefined, 25])
  assert.is(plan.examples, 8000)
})

test("in the DARTS space the quick protocol has as many cells as its skeleton takes", async () => {
  const { plan, run } = await plannedOf({}, "darts")
  assert.equal([run.settings.cells, plan.examples], [3, 640])
})

test.run()
