import { readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import * as Onnx from "onnxruntime-node"
import protobuf from "protobufjs"
import { suite } from "uvu"
import * as assert from "uvu/assert"
import type { NetworkRequest } from "../../../src/adapters/export/export_network.ts"
import {
  BATCH,
  difference,
  expectedOutputs,
  exported,
  NETWORKS,
  networkOf,
  OWN_NETWORKS,
  weightsFile,
  withFolder
} from "./_networks.ts"

const test = suite("onnxFile()")

/** Numbers of images per run that are tried. */
const BATCHES = [1, 3, 16]

/** That an exported file has one input, and in ONNX Runtime the interpreter's outputs, for any number of images. */
async function assertOutputs(folder: string, request: NetworkRequest): Promise<void> {
  const { image } = await networkOf(request)
  const expected = await expectedOutputs(request)
  const out = join(folder, "net.onnx")
  await exported({ ...request, out, weights: await weightsFile(folder, request) })
  const session = await Onnx.InferenceSession.create(out, { logSeverityLevel: 3 })
  assert.equal(session.inputNames, ["image"])
  assert.equal([...session.outputNames].sort(), [...expected.keys()].sort())
  for (const batch of BATCHES) {
    const one = image.data.length / BATCH
    const data = Float32Array.from({ length: batch * one }, (_, i) => image.data[i % image.data.length]!)
    const results = await session.run({ image: new Onnx.Tensor("float32", data, [batch, ...image.shape.slice(1)]) })
    for (const [output, values] of expected) {
      assert.equal(results[output]!.dims, [batch, values.length / BATCH])
      const actual = (await results[output]!.getData()) as Float32Array
      const repeated = Float64Array.from(actual, (_, i) => values[i % values.length]!)
      assert.ok(difference(actual, repeated) < 1e-5, `${output} of ${batch}: ${difference(actual, repeated)}`)
    }
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
    }))

const messages = protobuf.Root.fromJSON({
  nested: {
    Model: { fields: { producer: one("string", 2), graph: one("Graph", 7), metadata: many("Entry", 14) } },
    Entry: { fields: { key: one("string", 1), value: one("string", 2) } },
    Graph: {
      fields: {
        node: many("Node", 1),
        initializer: many("Tensor", 5),
        input: many("Info", 11),
        output: many("Info", 12)
      }
    },
    Node: { fields: { input: many("string", 1), output: many("string", 2), opType: one("string", 4) } },
    Tensor: { fields: { name: one("string", 8) } },
    Info: { fields: { name: one("string", 1), type: one("Type", 2), about: one("string", 3) } },
    Type: { fields: { tensor: one("TensorType", 1) } },
    TensorType: { fields: { shape: one("Shape", 2) } },
    Shape: { fields: { dim: many("Dimension", 1) } },
    Dimension: { fields: { size: one("int64", 1), name: one("string", 2) } }
  }
}).lookupType("Model")

function one(type: string, id: number) {
  return { type, id }
}
function many(type: string, id: number) {
  return { type, id, rule: "repeated" }
}

/** What a file says of itself, by another reader of the format. */
function modelOf(file: string) {
  const { graph, metadata, producer } = messages.toObject(messages.decode(readFileSync(file)), { longs: Number })
  const dimensions = ({ type }: { type: { tensor: { shape: { dim: ReadonlyArray<Record<string, unknown>> } } } }) =>
    type.tensor.shape.dim.map(({ size, name }) => name ?? size)
  const nodes: ReadonlyArray<{ opType: string; input: ReadonlyArray<string> }> = graph.node
  return {
    producer,
    metadata: Object.fromEntries(metadata.map(({ key, value }: Record<string, string>) => [key, value])),
    operators: [...new Set(nodes.map(({ opType }) => opType))].sort(),
    read: new Set(nodes.flatMap(({ input }) => input)),
    initializers: graph.initializer.map(({ name }: { name: string }) => name) as ReadonlyArray<string>,
    shapes: [...graph.input, ...graph.output].map(dimensions)
  }
}

test("normalizations are part of convolutions or one operator, heads are pools and products, and every tensor is read", () =>
  withFolder(async (folder) => {
    const out = join(folder, "net.onnx")
    for (const [name, request] of NETWORKS) {
      await exported({ ...request, out, force: true, weights: await weightsFile(folder, request) })
      const { operators, read, initializers } = modelOf(out)
      const usual = ["Add", "AveragePool", "BatchNormalization", "Concat", "Conv", "Flatten", "Gemm"]
      const others = ["GlobalAveragePool", "MaxPool", "Pad", "Relu", "Slice"]
      const shifted = name.endsWith("gets nothing") ? ["Mul"] : []
      const expand = /add nothing|not reach/.test(name) ? ["Expand", "Shape"] : []
      const known = new Set([...usual, ...others, ...shifted, ...expand])
      assert.equal(
        operators.filter((operator) => !known.has(operator)),
        [],
        name
      )
      assert.equal(
        initializers.filter((tensor) => !read.has(tensor)),
        [],
        name
      )
    }
    const [, usual] = NETWORKS.find(([name]) => name === "NAS-Bench-201 with every operation")!
    await exported({ ...usual, out, force: true, weights: await weightsFile(folder, usual) })
    const { initializers, operators } = modelOf(out)
    assert.ok(operators.includes("BatchNormalization") && operators.includes("GlobalAveragePool"))
    for (const tensor of ["stem.0.weight", "stem.0.bias", "lastact.0.running_var", "classifier.weight"])
      assert.ok(initializers.includes(tensor), tensor)
  }))

test("tells what it is, and that it takes any number of images unless one is asked for", () =>
  withFolder(async (folder) => {
    const out = join(folder, "net.onnx")
    const request = { architecture: "DARTS_V2", sizes: { channels: 2, cells: 1, image: 8, classes: 3 }, out }
    await exported(request)
    const { metadata, producer, shapes } = modelOf(out)
    assert.is(producer, "na-nas")
    const { architecture, ...rest } = metadata
    assert.match(architecture, /^Genotype\(normal=/)
    assert.equal(rest, { space: "darts", classes: "3", image: "[3,8,8]", input: "pixels as in training" })
    assert.equal(shapes, [
      ["batch", 3, 8, 8],
      ["batch", 3]
    ])
    await exported({ ...request, batch: 5, force: true })
    assert.equal(modelOf(out).shapes, [
      [5, 3, 8, 8],
      [5, 3]
    ])
  }))

test("a file that normalizes gives of pixels what the other one gives of normalized pixels", () =>
  withFolder(async (folder) => {
    const [plain, whole] = [join(folder, "plain.onnx"), join(folder, "whole.onnx")]
    const [mean, std] = [
      [0.4, 0.5, 0.6],
      [0.2, 0.3, 0.5]
    ]
    const request = { architecture: "DARTS_V2", sizes: { channels: 2, cells: 3, image: 8 }, seed: "1" }
    const told = { mean: mean.join(), std: std.join() }
    await exported({ ...request, ...told, out: plain })
    await exported({ ...request, ...told, out: whole, normalize: true })
    assert.equal(modelOf(whole).metadata, {
      ...modelOf(plain).metadata,
      input: "pixels from 0 to 1",
      mean: "[0.4,0.5,0.6]",
      std: "[0.2,0.3,0.5]"
    })
    const pixels = Float32Array.from({ length: 2 * 3 * 64 }, (_, i) => ((i * 7) % 11) / 10)
    const normal = pixels.map((pixel, i) => (pixel - mean[Math.floor(i / 64) % 3]!) / std[Math.floor(i / 64) % 3]!)
    const logits = async (file: string, image: Float32Array) => {
      const session = await Onnx.InferenceSession.create(file)
      const { logits } = await session.run({ image: new Onnx.Tensor("float32", image, [2, 3, 8, 8]) })
      await session.release()
      return logits!.data as Float32Array
    }
    const expected = await logits(plain, normal)
    assert.ok(difference(await logits(whole, pixels), expected) < 1e-5)
    assert.ok(difference(await logits(whole, normal), expected) > 1e-3)
  }))

test.run()
