import * as Effect from "effect/Effect"
import type * as Layer from "effect/Layer"
import type { BackendName } from "../../domain/data/names.ts"
import type { TensorBackend, TensorError } from "../../effects/ports/tensor_backend.ts"
import * as Onnx from "./onnx.ts"
import * as Reference from "./reference.ts"
import * as Tfjs from "./tfjs.ts"

/** Settings of a backend; each takes those that concern it. */
export interface BackendOptions {
  readonly threads?: number
  readonly cache?: string
  /** Of the reference: `f32` rounds every result to single precision. @defaultValue "f32" */
  readonly precision?: "f32" | "f64"
}

/** What is known of a backend. */
interface Backend {
  /**
   * What is missing for it is an error when the layer is built, or when it compiles its first
   * program.
   */
  readonly layer: (options: BackendOptions) => Layer.Layer<TensorBackend, TensorError>
  /** The npm packages it needs. */
  readonly packages: ReadonlyArray<string>
  /** What to run when it is missing. */
  readonly cure: string
  /** Once it is there: what it computes with, and versions beyond the packages'. */
  readonly describe: Effect.Effect<Tfjs.RuntimeDescription, TensorError>
  /** What it makes of several kernels. */
  readonly composed: ReadonlyArray<string>
}

const onnx = (provider: Onnx.OnnxProvider, device: string, cure: string): Backend => ({
  layer: ({ threads, cache }) =>
    provider === "cpu"
      ? Onnx.layer({ ...(threads === undefined ? {} : { threads }), ...(cache === undefined ? {} : { cache }) })
      : Onnx.layer({ provider }),
  packages: ["onnxruntime-node"],
  cure,
  describe: Effect.succeed({ device, versions: {} }),
  composed: []
})

const tfjs = (runtime: Tfjs.RuntimeName): Backend => ({
  layer: () => Tfjs.layer(runtime),
  packages: [Tfjs.RUNTIME[runtime].package],
  cure: Tfjs.RUNTIME[runtime].cure,
  describe: Tfjs.describeRuntime(runtime),
  composed: Tfjs.RUNTIME[runtime].composed
})

/** The backends by name. A backend is added by its name in the settings and its line here. */
export const BACKENDS: Readonly<Record<BackendName, Backend>> = {
  onnx: onnx("cpu", "processor, ONNX Runtime", "npm ci"),
  "onnx-webgpu": onnx(
    "webgpu",
    "GPU, ONNX Runtime over webgpu",
    "a driver with Vulkan 1.1 (Debian: apt-get install libvulkan1 mesa-vulkan-drivers), Direct3D 12 or Metal"
  ),
  "onnx-cuda": onnx(
    "cuda",
    "GPU, ONNX Runtime over cuda",
    "ONNXRUNTIME_NODE_INSTALL=cuda12 node node_modules/onnxruntime-node/script/install.js, with CUDA 12 and cuDNN 9 (Linux on x64)"
  ),
  "tfjs-gpu": tfjs("tfjs-gpu"),
  "tfjs-node": tfjs("tfjs-node"),
  "tfjs-wasm": tfjs("tfjs-wasm"),
  "tfjs-cpu": tfjs("tfjs-cpu"),
  reference: {
    layer: ({ precision = "f32" }) => Reference.layer(precision),
    packages: [],
    cure: "npm ci",
    describe: Effect.succeed({ device: "processor, plain JavaScript", versions: {} }),
    composed: []
  }
}

/** The backend of a name. */
export function backendLayer(name: BackendName, options: BackendOptions = {}): Layer.Layer<TensorBackend, TensorError> {
  return BACKENDS[name].layer(options)
}
