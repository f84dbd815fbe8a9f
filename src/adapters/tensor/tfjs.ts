import * as Schema from "@effect/schema/Schema"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { programCost } from "../../domain/program/cost.ts"
import { elementCount } from "../../domain/program/program.ts"
import { type DeviceTensor, TensorBackend, TensorError } from "../../effects/ports/tensor_backend.ts"
import { interpret, lastReaders, misfit } from "./tfjs/interpret.ts"
import { type KernelCount, Kernels } from "./tfjs/kernels.ts"
import { loadRuntime, RUNTIME, RUNTIMES, type RuntimeName } from "./tfjs/runtimes.ts"
import { rowMajor, Value } from "./tfjs/value.ts"

export { RUNTIME, RUNTIMES, type RuntimeName }

const COUNTS = new Map<RuntimeName, Kernels>()

/**
 * How many kernels a runtime has run in this process. The difference of two counts is that of what
 * ran between.
 */
export function kernelCount(runtime: RuntimeName): KernelCount {
  return COUNTS.get(runtime)?.count ?? { kernels: 0, views: 0 }
}

/** How many tensors a runtime holds in this process. */
export function liveTensors(runtime: RuntimeName): number {
  return COUNTS.get(runtime)?.core.memory().numTensors ?? 0
}

/** What a runtime computes with. */
export interface RuntimeDescription {
  readonly device: string
  readonly versions: Readonly<Record<string, string>>
}

const NativeBackend = Schema.Struct({
  isUsingGpuDevice: Schema.Boolean,
  binding: Schema.Struct({ TF_Version: Schema.String })
})

/** Device and versions of a runtime, which is loaded for that. */
export const describeRuntime = Effect.fn("describeRuntime")(function* (runtime: RuntimeName) {
  const kernels = yield* kernelsOf(runtime)
  use(kernels)
  const { core } = kernels
  const versions = { [RUNTIME[runtime].package]: core.version_core }
  switch (RUNTIME[runtime].engineName) {
    case "cpu":
      return { device: "processor, plain JavaScript", versions } satisfies RuntimeDescription
    case "wasm": {
      const simd = yield* Effect.promise(() => core.env().getAsync("WASM_HAS_SIMD_SUPPORT"))
      const threads = yield* Effect.promise(() => core.env().getAsync("WASM_HAS_MULTITHREAD_SUPPORT"))
      const device = `processor, WebAssembly${simd ? " with SIMD" : ""}${threads ? ", threads" : ", one thread"}`
      return { device, versions } satisfies RuntimeDescription
    }
    case "tensorflow": {
      const { isUsingGpuDevice, binding } = yield* Effect.mapError(
        Schema.decodeUnknown(NativeBackend)(core.backend()),
        (error) => missing(runtime, error)
      )
      const device = isUsingGpuDevice ? "GPU" : "processor, TensorFlow"
      return { device, versions: { ...versions, TensorFlow: binding.TF_Version } } satisfies RuntimeDescription
    }
  }
})

class Tensor implements DeviceTensor {
  readonly value: Value
  readonly kernels: Kernels
  constructor(kernels: Kernels, value: Value) {
    this.value = value
    this.kernels = kernels
  }
  get shape(): ReadonlyArray<number> {
    return this.value.shape
  }
}

/**
 * Programs over the kernels of TensorFlow.js, in single precision: node by node, channels last
 * inside, gradients only from the programs. Fails with `device_missing` where the runtime's package
 * or library is not there.
 */
export const layer = (runtime: RuntimeName): Layer.Layer<TensorBackend, TensorError> =>
  Layer.effect(
    TensorBackend,
    Effect.map(kernelsOf(runtime), (kernels) => backend(runtime, kernels))
  )

const kernelsOf = Effect.fn("kernelsOf")(function* (runtime: RuntimeName) {
  const known = COUNTS.get(runtime)
  if (known !== undefined) return known
  const core = yield* Effect.tryPromise({
    try: () => loadRuntime(runtime),
    catch: (error) => missing(runtime, error)
  })
  const kernels = new Kernels(core, runtime)
  COUNTS.set(runtime, kernels)
  return kernels
})

function missing(runtime: RuntimeName, error: unknown): TensorError {
  const { package: name, cure } = RUNTIME[runtime]
  const detail = `${name} does not load (${firstLine(error)}); to install it: ${cure}`
  return new TensorError({ backend: runtime, reason: "device_missing", detail })
}

function firstLine(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error)
  return message.trim().split("\n")[0]!
}

/** How the runtimes say that memory is at its end: TensorFlow, WebAssembly, JavaScript. */
const EXHAUSTED = /out of memory|\bOOM\b|RESOURCE_EXHAUSTED|alloc|out of bounds|Invalid (typed )?array length/i

function backend(name: RuntimeName, kernels: Kernels): TensorBackend["Type"] {
  const fail = (reason: TensorError["reason"], detail: string) => new TensorError({ backend: name, reason, detail })
  const failed = (error: unknown) => {
    const detail = firstLine(error)
    return fail(EXHAUSTED.test(detail) ? "out_of_memory" : "unsupported", detail)
  }
  const room = (bytes: number) => {
    const limit = RUNTIME[name].memoryBytes
    const held = kernels.core.memory().numBytes
    if (held + bytes <= limit) return Effect.void
    const mebibytes = [bytes, held, limit].map((count) => `${Math.ceil(count / 2 ** 20)} MiB`)
    return fail("out_of_memory", `it needs ${mebibytes[0]} beside ${mebibytes[1]} that are held, of ${mebibytes[2]}`)
  }
  const attempt = <A>(run: () => A) =>
    Effect.try({
      try: () => {
        use(kernels)
        return run()
      },
      catch: failed
    })
  const owned = (value: Value) =>
    Effect.acquireRelease(Effect.succeed(new Tensor(kernels, value)), () => Effect.sync(() => value.free()))
  const read = (tensor: DeviceTensor): Effect.Effect<Value, TensorError> => {
    if (!(tensor instanceof Tensor) || tensor.kernels !== kernels)
      return fail("unsupported", "the tensor belongs to another backend")
    return tensor.value.tensor.isDisposed
      ? fail("unsupported", "the tensor was freed with its scope")
      : Effect.succeed(tensor.value)
  }
  return {
    name,
    upload: (shape, data) => {
      if (data.length !== elementCount(shape))
        return fail("wrong_shape", `${data.length} elements do not fill the shape [${shape.join(", ")}]`)
      return Effect.uninterruptible(
        Effect.flatMap(
          Effect.zipRight(
            room(4 * data.length),
            attempt(() => {
              const tensor = kernels.core.tensor(Float32Array.from(data), [...shape], "float32")
              return new Value(shape, rowMajor(shape.length), tensor).keep(kernels)
            })
          ),
          owned
        )
      )
    },
    download: (tensor) =>
      Effect.flatMap(read(tensor), (value) =>
        attempt(() => {
          const data = value.whole(kernels, rowMajor(value.shape.length)).dataSync<"float32">()
          value.freeForms()
          return Float32Array.from(data)
        })
      ),
    compile: (program) => {
      const last = lastReaders(program)
      const { peakBytes } = programCost(program)
      return Effect.succeed({
        run: Effect.fnUntraced(function* (given) {
          const wrong = misfit(program, given)
          if (wrong !== undefined) return yield* fail(wrong.reason, wrong.detail)
          const inputs = new Map<string, Value>()
          for (const input of program.inputs.keys()) inputs.set(input, yield* read(given.get(input)!))
          yield* room(peakBytes)
          const outputs = yield* attempt(() => interpret(kernels, program, last, inputs))
          const tensors = new Map<string, DeviceTensor>()
          for (const [output, value] of outputs) tensors.set(output, yield* owned(value))
          return tensors
        }, Effect.uninterruptible)
      })
    }
  }
}

/**
 * Make the engine run this runtime's kernels. The runtime is loaded, so the engine switches at
 * once.
 */
function use({ core, runtime }: Kernels): void {
  const { engineName } = RUNTIME[runtime]
  if (core.getBackend() !== engineName) void core.setBackend(engineName)
}
