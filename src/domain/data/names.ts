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
