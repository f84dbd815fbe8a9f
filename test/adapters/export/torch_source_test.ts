import { readFileSync } from "node:fs"
import { join } from "node:path"
import * as Either from "effect/Either"
import { suite } from "uvu"
import * as assert from "uvu/assert"
import { torchSource } from "../../../src/adapters/export/torch_source.ts"
import { readSafetensors } from "../../../src/adapters/tensor/safetensors.ts"
import { exported, NETWORKS, networkOf, withFolder } from "./_networks.ts"

const test = suite("torchSource()")

test("the state file has the counters of batches, and is read back", async () => {
  const [, request] = NETWORKS.at(-1)!
  await withFolder(async (folder) => {
    const { state } = await exported({ ...request, format: "torch", out: join(folder, "net.py") })
    const { tensors } = Either.getOrThrow(readSafetensors("state", readFileSync(state!.file)))
    const counters = [...tensors.keys()].filter((name) => name.endsWith("num_batches_tracked"))
    const means = [...tensors.keys()].filter((name) => name.endsWith("running_mean"))
    assert.is(counters.length, means.length)
    assert.equal(tensors.get("stem.1.num_batches_tracked")?.shape, [])
    const again = await exported({ ...request, out: join(folder, "net.onnx"), weights: state!.file })
    const fresh = await exported({ ...request, out: join(folder, "fresh.onnx") })
    assert.is(again.sha256, fresh.sha256)
  })
})

test("the source holds only the classes that the architecture needs", async () => {
  const source = async (architecture: string) => {
    const { exportable, sizes, network } = await networkOf({ architecture, sizes: { channels: 4, cells: 4 } })
    const pixels = { normalization: undefined, builtIn: false }
    return torchSource(exportable, { sizes, network, pixels, stateFile: "net.safetensors" })
  }
  const classes = (text: string) => [...text.matchAll(/^class (\w+)/gm)].map((match) => match[1]!)
  const common = ["ReLUConvBN", "FactorizedReduce", "SepConv"]
  const cells = ["NormalCell", "ReductionCell", "Network"]
  assert.equal(classes(await source("DARTS_V1")), [...common, ...cells])
  assert.equal(classes(await source("DARTS_V2")), [...common, "DilConv", ...cells])
  const cell = ["ReLUConvBN", "ResidualBlock", "Cell", "Network"]
  for (const architecture of [
    "|nor_conv_3x3~0|+|none~0|none~1|+|none~0|none~1|none~2|",
    "|nor_conv_3x3~0|+|nor_conv_3x3~0|nor_conv_3x3~1|+|nor_conv_3x3~0|nor_conv_3x3~1|nor_conv_3x3~2|"
  ])
    assert.equal(classes(await source(architecture)), cell)
})

test("a cell is a class with a line for each node; what normalizes images is part of the network where asked", async () => {
  await withFolder(async (folder) => {
    const out = join(folder, "net.py")
    const request = { architecture: "|nor_conv_3x3~0|+|none~0|skip_connect~1|+|nor_conv_1x1~0|none~1|none~2|" }
    await exported({ ...request, sizes: { channels: 2, cells: 1, image: 8 }, format: "torch", out })
    const source = readFileSync(out, "utf8")
    assert.ok(
      source.includes(`
    def forward(self, states: List[torch.Tensor]):
        node0 = states[-1]
        node1 = self.layers[0](node0)
        node2 = self.layers[2](node1)
        node3 = self.layers[3](node0)
        return node3
`)
    )
    assert.not.ok(source.includes("MEAN"))
    const told = { mean: "0.4,0.5,0.6", std: "0.2,0.3,0.5", normalize: true, force: true }
    await exported({ ...request, ...told, sizes: { channels: 2, cells: 1, image: 8 }, format: "torch", out })
    const normalizing = readFileSync(out, "utf8")
    assert.ok(normalizing.includes("MEAN = [0.4, 0.5, 0.6]\nSTD = [0.2, 0.3, 0.5]\n"))
    assert.ok(normalizing.includes("        images = (images - self.mean) / self.std\n"))
  })
})

test.run()
