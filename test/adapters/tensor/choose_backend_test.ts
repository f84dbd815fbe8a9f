import * as Effect from "effect/Effect"
import { suite } from "uvu"
import * as assert from "uvu/assert"
import { chooseBackend, requireBackend } from "../../../src/adapters/tensor/choose_backend.ts"
import { examine } from "../../../src/adapters/tensor/probes.ts"
import type { BackendName } from "../../../src/domain/data/names.ts"
import type { Finding } from "../../../src/effects/programs/finding.ts"
import { failure, run } from "../../_effect.ts"

const NONE = { nvidia: false, any: false }
const NVIDIA = { nvidia: true, any: true }

/** A backend that works and takes so many milliseconds, on a device. */
const works = (milliseconds: number, device = "processor", parityError = 1e-6): Partial<Finding> => ({
  ...{ available: true, milliseconds, device, parityError },
  ...{ problem: null, cure: null }
})
const gpu = (milliseconds: number) => works(milliseconds, "GPU, some")

/** Backends as they are found; those that are not named are missing. `looked` collects the names that were looked at. */
function found(known: Partial<Record<BackendName, Partial<Finding>>>, looked: Array<string> = []) {
  return (backend: BackendName) =>
    Effect.sync((): Finding => {
      looked.push(backend)
      return {
        ...{ backend, available: false, problem: `${backend} lacks`, cure: "cure", device: null, versions: {} },
        ...{ milliseconds: null, parityError: null, composed: [] },
        ...known[backend]
      }
    })
}

const choose = (known: Partial<Record<BackendName, Partial<Finding>>>, devices = NVIDIA, looked: Array<string> = []) =>
  run(chooseBackend(found(known, looked), found(known, looked), devices))

const test = suite("chooseBackend()")

test("without a graphics processor it looks at ONNX Runtime alone, and says what is not there", async () => {
  const looked: Array<string> = []
  const { backend, reason } = await choose({ onnx: works(10), "onnx-cuda": gpu(1) }, NONE, looked)
  assert.is(backend, "onnx")
  assert.equal(looked, ["onnx"])
  assert.is(reason, "it works here (onnx-cuda and tfjs-gpu: no NVIDIA GPU; onnx-webgpu: no GPU)")
})

test("of several graphics processors' backends the fastest is taken, with its time", async () => {
  const { backend, reason } = await choose({ onnx: works(10), "onnx-cuda": gpu(3), "tfjs-gpu": gpu(2) })
  assert.is(backend, "tfjs-gpu")
  assert.match(reason, "2.0 ms a probe (")
  assert.match(reason, "onnx-cuda: 3.0 ms a probe")
  assert.match(reason, "onnx-webgpu: onnx-webgpu lacks")
})

test("a graphics processor that is slower than the processor is passed over: software drivers are", async () => {
  const { backend, reason } = await choose({ onnx: works(10), "onnx-webgpu": gpu(80) }, { nvidia: false, any: true })
  assert.is(backend, "onnx")
  assert.match(reason, "onnx-webgpu: 80.0 ms a probe")
})

test("a backend that computes something else, or falls back to the processor, is passed over", async () => {
  const wrong = works(1, "GPU, some", 0.1)
  const { backend, reason } = await choose({ onnx: works(10), "onnx-cuda": wrong, "tfjs-gpu": works(1) })
  assert.is(backend, "onnx")
  assert.match(reason, "onnx-cuda: its numbers differ")
  assert.match(reason, "tfjs-gpu: it runs on the processor")
})

test("the next backend of the processor is taken where ONNX Runtime does not work, the reference at last", async () => {
  assert.is((await choose({ "tfjs-wasm": works(10), reference: works(90) }, NONE)).backend, "tfjs-wasm")
  const { backend, reason } = await choose({ reference: works(90) }, NONE)
  assert.is(backend, "reference")
  assert.match(reason, "onnx: onnx lacks")
})

test("a backend that is needed is looked at, and its absence names the cure", async () => {
  await run(requireBackend("reference", examine))
  const missing = await failure(requireBackend("tfjs-gpu", found({})))
  assert.is(missing.reason, "device_missing")
  assert.match(missing.message, /tfjs-gpu lacks; its cure: npx tsx scripts\/install_tensorflow\.ts --gpu/)
  assert.match((await failure(requireBackend("onnx", found({ onnx: works(1, "x", 1) })))).message, "differ")
})

test.run()
