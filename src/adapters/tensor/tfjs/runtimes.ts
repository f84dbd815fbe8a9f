import type * as Core from "@tensorflow/tfjs-core"

/** The runtimes of TensorFlow.js that programs run on. */
export const RUNTIMES = ["tfjs-gpu", "tfjs-node", "tfjs-wasm", "tfjs-cpu"] as const

/** One of `RUNTIMES`. */
export type RuntimeName = (typeof RUNTIMES)[number]

/** What is known of a runtime. */
interface Runtime {
  readonly package: string
  /**
   * Its name in the engine. Both packages over TensorFlow's C library share one, so a process can
   * load one of them.
   */
  readonly engineName: "tensorflow" | "wasm" | "cpu"
  /** What to run when it is missing. */
  readonly cure: string
  /**
   * Memory that its tensors may take together. WebAssembly has 4 GiB in all, and its kernels do not
   * notice when they are used up.
   */
  readonly memoryBytes: number
  /** What is made of several kernels, since the runtime has none or an incomplete one. */
  readonly composed: ReadonlyArray<string>
}

const EVERYWHERE = [
  "grouped convolutions that are not depthwise, and their gradients: one kernel per group",
  "image gradient of dilated dense convolutions: convolution with the turned filter",
  "values at maxima, with which max pooling is differentiated twice: comparison tap by tap",
  "zeros between elements: reshape and pad"
] as const

const NATIVE = [
  ...EVERYWHERE,
  "padding that is not TensorFlow's SAME, in gradients and pooling: pad before, cut after",
  "filter gradient of dilated convolutions, dilated depthwise convolutions: filter with zeros between its taps",
  "depthwise convolutions of unequal strides: every element, then a strided slice",
  "filter gradient of strided 1×1 convolutions, whose oneDNN kernel breaks the heap: strided slice, then a gradient of stride 1",
  "averages that do not count padding: average of zeros, weighted by position"
] as const

/** The runtimes by name. */
export const RUNTIME: Readonly<Record<RuntimeName, Runtime>> = {
  "tfjs-gpu": {
    package: "@tensorflow/tfjs-node-gpu",
    engineName: "tensorflow",
    memoryBytes: Number.POSITIVE_INFINITY,
    cure: "npx tsx scripts/install_tensorflow.ts --gpu --download, or --from-python",
    composed: NATIVE
  },
  "tfjs-node": {
    package: "@tensorflow/tfjs-node",
    engineName: "tensorflow",
    memoryBytes: Number.POSITIVE_INFINITY,
    cure: "npx tsx scripts/install_tensorflow.ts --download, or --from-python",
    composed: NATIVE
  },
  "tfjs-wasm": {
    package: "@tensorflow/tfjs-backend-wasm",
    engineName: "wasm",
    memoryBytes: 3.5 * 2 ** 30,
    cure: "npm ci",
    composed: [
      ...EVERYWHERE,
      "filter gradient of dense convolutions: convolution of channels by the gradient as filter",
      "filter gradient of depthwise convolutions: depthwise convolution by the gradient as filter",
      "image gradient of depthwise convolutions: depthwise convolution with the turned filter",
      "gradient of max pooling: backwards, since the kernel takes the last of equal maxima, and twice, since it overlooks those that are not positive"
    ]
  },
  "tfjs-cpu": {
    package: "@tensorflow/tfjs-backend-cpu",
    engineName: "cpu",
    memoryBytes: Number.POSITIVE_INFINITY,
    cure: "npm ci",
    composed: [
      ...EVERYWHERE,
      "filter gradient of dilated dense convolutions: filter with zeros between its taps",
      "gradients of dilated depthwise convolutions, and dilated depthwise convolutions of a stride: filter with zeros between its taps"
    ]
  }
}

/** The kernels of a convolution that a runtime has; what it lacks is composed. */
interface Capabilities {
  /** Filter gradients, and image gradients of depthwise convolutions. */
  readonly gradients: boolean
  /**
   * Padding of any sizes in gradient and pooling kernels; only none or TensorFlow's SAME otherwise.
   */
  readonly padding: boolean
  /** Dilated depthwise convolutions: of any stride, of stride 1, none. */
  readonly dilation: "any" | "stride 1" | "none"
}

/** The capabilities of a runtime. */
export function capabilities(name: RuntimeName): Capabilities {
  const { engineName } = RUNTIME[name]
  return {
    gradients: engineName !== "wasm",
    padding: engineName !== "tensorflow",
    dilation: engineName === "wasm" ? "any" : engineName === "cpu" ? "stride 1" : "none"
  }
}

let native: RuntimeName | undefined

/**
 * The core with the runtime registered and ready, or an exception. Its own checks are off: programs
 * have the shapes of their schema.
 */
export async function loadRuntime(name: RuntimeName): Promise<typeof Core> {
  const { engineName } = RUNTIME[name]
  if (engineName === "tensorflow") restoreUtil()
  if (engineName === "tensorflow" && native !== undefined && native !== name)
    throw new Error(`this process runs ${native} already, and TensorFlow loads once`)
  await register(name)
  if (engineName === "tensorflow") native = name
  const core = await import("@tensorflow/tfjs-core")
  core.enableProdMode()
  if (!(await core.setBackend(engineName))) throw new Error(`the backend "${engineName}" does not start`)
  return core
}

/**
 * Import what registers a runtime. The names of those that run anywhere are literals, so that
 * bundlers take them along.
 */
function register(name: RuntimeName): Promise<unknown> {
  switch (name) {
    case "tfjs-wasm":
      return import("@tensorflow/tfjs-backend-wasm")
    case "tfjs-cpu":
      return import("@tensorflow/tfjs-backend-cpu")
    default:
      return import(RUNTIME[name].package)
  }
}

/**
 * The packages over TensorFlow's C library call two functions of Node's `util` that Node 23 has
 * dropped.
 */
function restoreUtil(): void {
  const util = process.getBuiltinModule?.("node:util")
  if (util === undefined || "isNullOrUndefined" in util) return
  Object.assign(util, { isArray: Array.isArray, isNullOrUndefined: (value: unknown) => value == null })
}
