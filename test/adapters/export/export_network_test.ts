import { createHash } from "node:crypto"
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { suite } from "uvu"
import * as assert from "uvu/assert"
import { type WritableTensor, writeSafetensors } from "../../../src/adapters/tensor/safetensors.ts"
import { exported, exportFailure, networkOf, weightsFile, withFolder } from "./_networks.ts"

const REQUEST = {
  architecture: "|nor_conv_3x3~0|+|none~0|skip_connect~1|+|nor_conv_1x1~0|avg_pool_3x3~1|none~2|",
  sizes: { channels: 2, cells: 1, image: 8 }
}

const test = suite("exportNetwork()")

test("tells the size and digest of what it wrote, and leaves no draft", async () => {
  await withFolder(async (folder) => {
    const out = join(folder, "new", "net.onnx")
    const result = await exported({ ...REQUEST, out })
    const bytes = readFileSync(out)
    const { network } = await networkOf(REQUEST)
    assert.is(result.bytes, bytes.length)
    assert.is(result.sha256, createHash("sha256").update(bytes).digest("hex"))
    assert.is(
      result.parameters,
      [...network.parameters.values()].reduce((sum, shape) => sum + shape.reduce((a, b) => a * b), 0)
    )
    assert.is(result.file, out)
    assert.equal(readdirSync(join(folder, "new")), ["net.onnx"])
  })
})

test("the seed decides the weights; the multiply-adds are those of one image whatever the batch", async () => {
  await withFolder(async (folder) => {
    const one = await exported({ ...REQUEST, out: join(folder, "a.onnx"), seed: "1" })
    const same = await exported({ ...REQUEST, out: join(folder, "b.onnx"), seed: "1" })
    const other = await exported({ ...REQUEST, out: join(folder, "c.onnx"), seed: "2" })
    const batch = await exported({ ...REQUEST, out: join(folder, "d.onnx"), seed: "1", batch: 5 })
    assert.is(one.sha256, same.sha256)
    assert.is.not(one.sha256, other.sha256)
    assert.is.not(one.sha256, batch.sha256)
    assert.is(one.multiplyAdds, batch.multiplyAdds)
  })
})

test("neither file of a module is replaced without force", async () => {
  await withFolder(async (folder) => {
    const out = join(folder, "net.py")
    const state = join(folder, "net.safetensors")
    writeFileSync(state, "mine")
    const error = await exportFailure({ ...REQUEST, format: "torch", out })
    assert.match(error.message, 'net.safetensors" exists already; add --force')
    assert.is(readFileSync(state, "utf8"), "mine")
    assert.not.ok(existsSync(out))
    await exported({ ...REQUEST, format: "torch", out, force: true })
    assert.ok(existsSync(out) && readFileSync(state).length > 100)
  })
})

test("a checkpoint is read by plain names or by folders; what is no network's is left out", async () => {
  await withFolder(async (folder) => {
    const { network, tensors } = await networkOf(REQUEST)
    const file = join(folder, "weights.safetensors")
    const digest = async (entries: Iterable<readonly [string, WritableTensor]>) => {
      writeFileSync(file, writeSafetensors(new Map(entries)))
      return (await exported({ ...REQUEST, out: join(folder, "net.onnx"), weights: file, force: true })).sha256
    }
    const plain = await digest(tensors)
    const other: readonly [string, WritableTensor] = [
      "momentum/stem.0.weight",
      { shape: [1], data: Float32Array.of(1) }
    ]
    const head: readonly [string, WritableTensor] = [
      "auxiliary_head.classifier.bias",
      { shape: [1], data: Float32Array.of(1) }
    ]
    const foldered = [...tensors].map(
      ([name, tensor]) => [`${network.parameters.has(name) ? "param" : "buffer"}/${name}`, tensor] as const
    )
    assert.is(await digest([...foldered, other, head]), plain)
    const doubles = [...tensors].map(
      ([name, { shape, data }]) => [name, { shape, data: Float64Array.from(data) }] as const
    )
    assert.is(await digest(doubles), plain)
    assert.is.not((await exported({ ...REQUEST, out: join(folder, "fresh.onnx") })).sha256, plain)
  })
})

test("weights that do not fit are one error that names the tensor and the cure, and nothing is written", async () => {
  await withFolder(async (folder) => {
    const { tensors } = await networkOf(REQUEST)
    const [file, out] = [join(folder, "weights.safetensors"), join(folder, "net.onnx")]
    const refused = async (change: (entries: Map<string, WritableTensor>) => void) => {
      const entries = new Map<string, WritableTensor>(tensors)
      change(entries)
      writeFileSync(file, writeSafetensors(entries))
      const error = await exportFailure({ ...REQUEST, out, weights: file })
      assert.not.ok(existsSync(out))
      return error.message
    }
    const one = { shape: [1], data: Float32Array.of(1) }
    assert.match(await refused((entries) => entries.delete("stem.1.running_var")), /lack "stem.1.running_var"/)
    assert.match(
      await refused((entries) => entries.set("classifier.bias", one)),
      /"classifier.bias" in the shape \[1\] instead of \[10\]/
    )
    assert.match(await refused((entries) => entries.set("cells.9.x", one)), /hold "cells.9.x", which the network lacks/)
    assert.match(await refused((entries) => entries.set("param/stem.0.weight", one)), /hold "stem.0.weight" twice/)
    writeFileSync(file, "no tensors")
    assert.match((await exportFailure({ ...REQUEST, out, weights: file })).message, /Cannot read tensors of/)
    assert.match((await exportFailure({ ...REQUEST, out, weights: join(folder, "none") })).message, /cannot be read/)
  })
})

test("weights that are NaN or infinite are refused by name", () =>
  withFolder(async (folder) => {
    const { tensors } = await networkOf(REQUEST)
    const weights = join(folder, "weights.safetensors")
    for (const [value, word] of [
      [Number.NaN, "NaN"],
      [Number.NEGATIVE_INFINITY, "an infinite number"]
    ] as const) {
      const bad = { shape: [10], data: new Float32Array(10).fill(value, 3, 4) }
      writeFileSync(weights, writeSafetensors(new Map<string, WritableTensor>([...tensors, ["classifier.bias", bad]])))
      for (const [format, name] of [
        ["onnx", "net.onnx"],
        ["torch", "net.py"]
      ] as const) {
        const { message } = await exportFailure({ ...REQUEST, format, out: join(folder, name), weights })
        assert.match(message, `hold ${word} in "classifier.bias": their training diverged`)
      }
    }
  }))

test("the normalization of the weights' file is taken, another one in its place, and none is an error with the cure", () =>
  withFolder(async (folder) => {
    const { tensors } = await networkOf(REQUEST)
    const [weights, out] = [join(folder, "weights.safetensors"), join(folder, "net.onnx")]
    const metadata = { mean: "[0.25,0.5,0.75]", std: "[0.5,0.5,0.5]" }
    const request = { ...REQUEST, out, weights, normalize: true, force: true }
    writeFileSync(weights, writeSafetensors(tensors, metadata))
    const own = await exported(request)
    assert.is(own.input, "pixels from 0 to 1")
    assert.is((await exported({ ...request, mean: "0.25, 0.5,0.75", std: "0.5,0.5,0.5" })).sha256, own.sha256)
    assert.is.not((await exported({ ...request, mean: "0,0,0", std: "1,1,1" })).sha256, own.sha256)
    const before = await exported({ ...request, normalize: false })
    assert.is(before.input, "pixels from 0 to 1, then (x - mean) / std")
    writeFileSync(weights, writeSafetensors(tensors))
    const refused = async (change: Partial<typeof request> & { mean?: string; std?: string }) =>
      (await exportFailure({ ...request, ...change })).message
    assert.match(await refused({}), "the weights do not say how images were normalized; add --mean and --std")
    assert.match(await refused({ mean: "0,0,0" }), "--mean and --std go together")
    assert.match(await refused({ mean: "0,0,0", std: "1,0,1" }), "positive in --std")
    assert.match(await refused({ mean: "0,0", std: "1,1" }), "2 numbers for images of 3 channels")
  }))

test("weights without an auxiliary head are an error that says to leave it out", async () => {
  await withFolder(async (folder) => {
    const request = { architecture: "DARTS_V2", sizes: { channels: 2, cells: 3, image: 32 } }
    const auxiliary = { ...request, sizes: { ...request.sizes, auxiliary: true } }
    const weights = await weightsFile(folder, request)
    const error = await exportFailure({ ...auxiliary, out: join(folder, "net.onnx"), weights })
    assert.match(error.message, /lack "auxiliary_head.+"; leave out --auxiliary/)
  })
})

test("an ending that does not fit the format, and a batch of nothing, are wrong usage", async () => {
  const usage = async (request: Parameters<typeof exportFailure>[0]) => {
    const error = await exportFailure(request)
    assert.is(error._tag, "SettingsError")
    return error.message
  }
  assert.match(await usage({ ...REQUEST, out: "net.py" }), /--out: the format onnx is a file \*.onnx, not "net.py"/)
  assert.match(await usage({ ...REQUEST, format: "torch", out: "net.onnx" }), /\*.py/)
  assert.match(await usage({ ...REQUEST, out: "net.onnx", batch: 0 }), /--batch/)
})

test("a folder that cannot be made is an error that names the file", async () => {
  await withFolder(async (folder) => {
    writeFileSync(join(folder, "taken"), "")
    const error = await exportFailure({ ...REQUEST, out: join(folder, "taken", "net.onnx") })
    assert.is(error._tag, "ExportError")
    assert.match(error.message, 'net.onnx" cannot be written')
  })
})

test.run()
