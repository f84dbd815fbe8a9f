/** The data that networks can be trained on, by the names that people type. */
export const DATASET_NAMES = ["mnist", "cifar10", "cifar100", "image-folder", "tensor-file"] as const

/** Where programs run, by the names that people type. */
export const BACKEND_NAMES = [
  "onnx",
  "onnx-webgpu",
  "onnx-cuda",
  "tfjs-gpu",
  "tfjs-node",
  "tfjs-wasm",
  "tfjs-cpu",
  "reference"
] as const

/** One of `BACKEND_NAMES`. */
export type BackendName = (typeof BACKEND_NAMES)[number]

/**
 * What people may ask for: a backend, or the best that works on their machine. A record names the
 * backend itself.
 */
export const BACKEND_CHOICES = ["auto", ...BACKEND_NAMES] as const

/** One of `BACKEND_CHOICES`. */
export type BackendChoice = (typeof BACKEND_CHOICES)[number]
