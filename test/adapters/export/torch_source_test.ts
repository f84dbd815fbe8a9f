import { spawnSync } from "node:child_process"
import { readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import * as Either from "effect/Either"
import { suite } from "uvu"
import * as assert from "uvu/assert"
import { torchSource } from "../../../src/adapters/export/torch_source.ts"
import { readSafetensors, writeSafetensors } from "../../../src/adapters/tensor/safetensors.ts"
import { difference, expectedOutputs, exported, NETWORKS, networkOf, weightsFile, withFolder } from "./_networks.ts"

/** For each folder: load the module, load its state strictly into a second network, classify the images, and print all outputs and names. */
const SCRIPT = `
import importlib.util, json, sys, warnings
warnings.filterwarnings("ignore")
try:
    import torch
except Exception:
    print("null")
    sys.exit()
torch.set_num_threads(1)
results = []
for folder in sys.argv[1:]:
    spec = importlib.util.spec_from_file_location("net", folder + "/net.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    network = module.build()
    state = module.read_state(folder + "/net.safetensors")
    module.build(None).load_state_dict(state, strict=True)
    with torch.no_grad():
        outputs = network(module.read_state(folder + "/images.safetensors")["image"])
    outputs = outputs if isinstance(outputs, tuple) else (outputs,)
    types = {name: str(tensor.dtype) for name, tensor in network.state_dict().items()}
    results.append({"outputs": [output.flatten().tolist() for output in outputs], "types": types})
print(json.dumps(results))
`

interface Result {
  readonly outputs: ReadonlyArray<ReadonlyArray<number>>
  readonly types: Readonly<Record<string, string>>
}

/** What PyTorch makes of the exported networks, or `undefined` where there is no PyTorch. */
function torchResults(folders: ReadonlyArray<string>): ReadonlyArray<Result> | undefined {
  const { status, stdout, stderr, error } = spawnSync("python3", ["-c", SCRIPT, ...folders], { encoding: "utf8" })
  if (error !== undefined) return undefined
  assert.is(status, 0, stderr)
  return JSON.parse(stdout) ?? undefined
}

const test = suite("torchSource()")

test("PyTorch loads the state strictly and gives the interpreter's logits", async () => {
  await withFolder(async (root) => {
    const folders: Array<string> = []
    for (const [i, [, request]] of NETWORKS.entries()) {
      const folder = join(root, `${i}`)
      const weights = await weightsFile(root, request)
      await exported({ ...request, format: "torch", out: join(folder, "net.py"), weights })
      const { image } = await networkOf(request)
      writeFileSync(join(folder, "images.safetensors"), writeSafetensors(new Map([["image", image]])))
      folders.push(folder)
    }
    const results = torchResults(folders)
    if (results === undefined) {
      console.log("left out: python3 cannot import torch")
      return
    }
    for (const [i, [name, request]] of NETWORKS.entries()) {
      const { network } = await networkOf(request)
      const expected = await expectedOutputs(request)
      const { outputs, types } = results[i]!
      assert.is(outputs.length, expected.size, name)
      for (const [k, output] of ["logits", "logits_aux"].slice(0, expected.size).entries()) {
        const error = difference(outputs[k]!, expected.get(output)!)
        assert.ok(error < 1e-4, `${name}, ${output}: ${error}`)
      }
      const floats = Object.keys(types).filter((tensor) => types[tensor] === "torch.float32")
      assert.equal(floats.sort(), [...network.parameters.keys(), ...network.buffers.keys()].sort(), name)
    }
  })
})

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
    if (exportable._tag === "Space") throw new Error(`no module of ${architecture}`)
    return torchSource(exportable, sizes, network, "net.safetensors")
  }
  const classes = (text: string) => [...text.matchAll(/^class (\w+)/gm)].map((match) => match[1]!)
  const common = ["ReLUConvBN", "FactorizedReduce"]
  assert.equal(classes(await source("DARTS_V1")), [...common, "SepConv", "Cell", "Network"])
  assert.equal(classes(await source("DARTS_V2")), [...common, "SepConv", "DilConv", "Cell", "Network"])
  assert.equal(classes(await source("|nor_conv_3x3~0|+|none~0|none~1|+|none~0|none~1|none~2|")), [
    "ReLUConvBN",
    "Zero",
    "Cell",
    "ResidualBlock",
    "Network"
  ])
  assert.equal(
    classes(
      await source("|nor_conv_3x3~0|+|nor_conv_3x3~0|nor_conv_3x3~1|+|nor_conv_3x3~0|nor_conv_3x3~1|nor_conv_3x3~2|")
    ),
    ["ReLUConvBN", "Cell", "ResidualBlock", "Network"]
  )
})

test.run()
