import type * as Layer from "effect/Layer"
import type { BACKEND_NAMES } from "../../domain/search/gradient/run_settings.ts"
import type { TensorBackend, TensorError } from "../../effects/tensor_backend.ts"
import * as Onnx from "./onnx.ts"
import * as Reference from "./reference.ts"
import * as Tfjs from "./tfjs.ts"

/** Settings of a backend; each takes those that concern it. */
export interface BackendOptions {
  readonly threads?: number
  readonly cache?: string
}

/** The backend of a name. What is missing for it is an error when the layer is built. */
export function backendLayer(
  name: (typeof BACKEND_NAMES)[number],
  options: BackendOptions = {}
): Layer.Layer<TensorBackend, TensorError> {
  switch (name) {
    case "onnx":
      return Onnx.layer(options)
    case "onnx-webgpu":
      return Onnx.layer({ provider: "webgpu" })
    case "onnx-cuda":
      return Onnx.layer({ provider: "cuda" })
    case "reference":
      return Reference.layer("f32")
    case "tfjs-gpu":
    case "tfjs-node":
    case "tfjs-wasm":
    case "tfjs-cpu":
      return Tfjs.layer(name)
  }
}
