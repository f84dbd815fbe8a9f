import { writeFileSync } from "node:fs"
import { join } from "node:path"
import * as Onnx from "onnxruntime-node"
import { suite } from "uvu"
import * as assert from "uvu/assert"
import type { NetworkRequest } from "../../../src/adapters/export/export_network.ts"
import { onnxFile } from "../../../src/adapters/export/onnx_file.ts"
import {
  difference,
  expectedOutputs,
  exported,
  exportFailure,
  NETWORKS,
  networkOf,
  OWN_NETWORKS,
  weightsFile,
  withFolder
} from "./_networks.ts"

const test = suite("onnxFile()")

/** That an exported file has one input, and in ONNX Runtime the interpreter's outputs. */
async function assertOutputs(folder: string, request: NetworkRequest): Promise<void> {
  const { image } = await networkOf(request)
  const expected = await expectedOutputs(request)
  const out = join(folder, "net.onnx")
  await exported({ ...request, out, weights: await weightsFile(folder, request) })
  const session = await Onnx.InferenceSession.create(out, { logSeverityLevel: 3 })
  assert.equal(session.inputNames, ["image"])
  assert.equal([...session.outputNames].sort(), [...expected.keys()].sort())
  const results = await session.run({ image: new Onnx.Tensor("float32", image.data, image.shape) })
  for (const [output, values] of expected) {
    const actual = (await results[output]!.getData()) as Float32Array
    assert.ok(difference(actual, values) < 1e-4, `${output}: ${difference(actual, values)}`)
  }
  await session.release()
}

for (const [name, request] of NETWORKS)
  test(`ONNX Runtime gives the interpreter's logits: ${name}`, () => withFolder((root) => assertOutputs(root, request)))

for (const [definition, request] of OWN_NETWORKS)
  test(`ONNX Runtime gives the interpreter's logits: cells of one's own, ${definition.name}`, () =>
    withFolder(async (folder) => {
      const space = join(folder, "space.json")
      writeFileSync(space, JSON.stringify(definition))
      await assertOutputs(folder, { ...request, space })
      const module = { ...request, space, format: "torch", out: join(folder, "net.py") } as const
      assert.match((await exportFailure(module)).message, "--format onnx for every space of cells")
    }))

test("holds every weight and statistic by PyTorch's name, and no operator beyond the standard's", async () => {
  const { network, tensors } = await networkOf(NETWORKS[0]![1])
  const text = new TextDecoder("latin1").decode(onnxFile(network, { tensors, counters: new Map() }))
  for (const name of tensors.keys()) assert.ok(text.includes(name), name)
  assert.not.ok(text.includes("com.microsoft"))
  assert.not.ok(/param\/|buffer\//.test(text))
})

test.run()
