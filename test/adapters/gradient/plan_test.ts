import * as NodeContext from "@effect/platform-node/NodeContext"
import * as Schema from "@effect/schema/Schema"
import * as Effect from "effect/Effect"
import { suite } from "uvu"
import * as assert from "uvu/assert"
import { layerCached } from "../../../src/adapters/datasets/layer.ts"
import { planGradientSearch } from "../../../src/adapters/gradient/plan.ts"
import { NORMALIZATIONS } from "../../../src/domain/data/normalization.ts"
import { planEpoch } from "../../../src/domain/search/gradient/plan.ts"
import { GradientRunSettings } from "../../../src/domain/search/gradient/run_settings.ts"
import { builtinSpace } from "../../../src/domain/space/spaces.ts"
import { run } from "../../_effect.ts"
import { safetensors, temporary } from "../datasets/_files.ts"

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

const planOf = (settings: typeof GradientRunSettings.Encoded) =>
  run(
    planGradientSearch(
      Schema.decodeSync(GradientRunSettings)({ algorithm: "darts", batchSize: 4, channels: 2, ...settings }),
      builtinSpace("nas-bench-201")
    ).pipe(Effect.provide(layerCached()), Effect.provide(NodeContext.layer))
  )

const test = suite("planGradientSearch()")
test.after(remove)

test("data without a customary normalization take that of the images which the weights are trained on", async () => {
  const { plan } = await planOf({ dataset: "tensor-file", data, images: 16, seed: "3" })
  const at = { epoch: 0, step: 0, level: "weights" } as const
  const { images } = planEpoch(plan.settings, plan.network.shape, plan.examples, plan.seed, 0)
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

test.run()
