import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type { InferenceSession, Tensor } from "onnxruntime-node"
import { elementCount, type Program, sameShape } from "../../domain/program/program.ts"
import { type DeviceTensor, TensorBackend, TensorError } from "../../effects/ports/tensor_backend.ts"
import type { OnnxTarget } from "./onnx/emitter.ts"
import { blockSize } from "./onnx/probe.ts"
import { createSession, type OnnxRuntime } from "./onnx/session.ts"
import { translate } from "./onnx/translate.ts"

/**
 * Where ONNX Runtime computes: this machine's CPU, any GPU through WebGPU, or NVIDIA's through
 * CUDA.
 */
export type OnnxProvider = "cpu" | "webgpu" | "cuda"

/** Settings of the backend. */
interface OnnxOptions {
  /** `cpu` where absent. */
  readonly provider?: OnnxProvider
  /** Threads of one run; as many as the machine has cores where absent. */
  readonly threads?: number
  /**
   * A folder that keeps the compiled form of large programs, by content; none where absent. It is
   * made when needed, and may be deleted.
   */
  readonly cache?: string
  /**
   * Beginning of the names of ONNX Runtime's own traces, one per executable, written when it is
   * released; none where absent.
   */
  readonly trace?: string
}

class OnnxTensor implements DeviceTensor {
  readonly shape: ReadonlyArray<number>
  readonly value: Tensor

  constructor(shape: ReadonlyArray<number>, value: Tensor) {
    this.shape = shape
    this.value = value
  }
}

/**
 * Programs as ONNX graphs, run by ONNX Runtime in single precision. It fails with `device_missing`
 * where the package cannot be loaded or has no such device. On the CPU, depthwise convolutions run
 * in ONNX Runtime's blocked layout, which is several times as fast.
 */
export const layer = (options: OnnxOptions = {}): Layer.Layer<TensorBackend, TensorError> =>
  Layer.effect(TensorBackend, make(options))

const make = Effect.fn("onnx")(function* ({ provider = "cpu", threads, trace, cache }: OnnxOptions) {
  const name = provider === "cpu" ? "onnx" : `onnx-${provider}`
  const fail = (reason: TensorError["reason"], detail: string) => new TensorError({ backend: name, reason, detail })
  const failure = (error: unknown) => {
    const text = (error instanceof Error ? error.message : String(error)).split("\n")[0]!
    return fail(reasonOf(text), text)
  }
  const attempt = <A>(run: () => Promise<A>) => Effect.tryPromise({ try: run, catch: failure })
  const runtime: OnnxRuntime = yield* Effect.tryPromise({
    try: () => import("onnxruntime-node"),
    catch: (error) =>
      fail("device_missing", `the package onnxruntime-node cannot be loaded (${String(error)}); install it by "npm ci"`)
  })
  if (!runtime.listSupportedBackends().some((known) => known.name === provider)) {
    return yield* fail("device_missing", `this build of onnxruntime-node has no ${provider} device on this platform`)
  }
  const target: OnnxTarget =
    provider === "cpu"
      ? { block: yield* attempt(() => blockSize(runtime)), fusedProducts: true }
      : { block: 0, fusedProducts: false }
  const sessionOptions: InferenceSession.SessionOptions = {
    executionProviders: [provider],
    graphOptimizationLevel: "disabled",
    logSeverityLevel: 3,
    enableMemPattern: false,
    ...(threads === undefined ? {} : { intraOpNumThreads: threads }),
    ...(trace === undefined ? {} : { enableProfiling: true, profileFilePrefix: trace })
  }

  const read = (tensor: DeviceTensor): Effect.Effect<OnnxTensor, TensorError> =>
    tensor instanceof OnnxTensor ? Effect.succeed(tensor) : fail("unsupported", "the tensor belongs to another backend")

  const compile = Effect.fn("onnx.compile")(function* (program: Program) {
    const model = translate(program, target)
    yield* Effect.annotateCurrentSpan({ nodes: program.nodes.length, operators: model.operators })
    const session = yield* Effect.acquireRelease(
      attempt(() => createSession(runtime, model, sessionOptions, cache)),
      (session) =>
        Effect.promise(async () => {
          if (trace !== undefined) session.endProfiling()
          await session.release()
        })
    )
    return {
      run: Effect.fnUntraced(function* (given: ReadonlyMap<string, DeviceTensor>) {
        const feeds: Record<string, Tensor> = {}
        for (const [input, { shape }] of program.inputs) {
          const tensor = given.get(input)
          if (tensor === undefined) return yield* fail("missing_input", `the input "${input}" is missing`)
          if (!sameShape(shape, tensor.shape)) {
            const [own, expected] = [tensor.shape.join(", "), shape.join(", ")]
            return yield* fail("wrong_shape", `the input "${input}" has the shape [${own}] instead of [${expected}]`)
          }
          feeds[input] = (yield* read(tensor)).value
        }
        const results = yield* Effect.acquireRelease(
          attempt(() => session.run(feeds)),
          (made) =>
            Effect.sync(() => {
              for (const tensor of Object.values(made)) tensor.dispose()
            })
        )
        return new Map(
          [...program.outputs].map(([output, { shape }]) => [
            output,
            new OnnxTensor(shape, results[model.outputs.get(output)!]!)
          ])
        )
      })
    }
  })

  return {
    name,
    compile,
    upload: (shape: ReadonlyArray<number>, data: ArrayLike<number>) =>
      data.length === elementCount(shape)
        ? Effect.acquireRelease(
            Effect.sync(() => new OnnxTensor(shape, new runtime.Tensor("float32", Float32Array.from(data), shape))),
            (tensor) => Effect.sync(() => tensor.value.dispose())
          )
        : fail("wrong_shape", `${data.length} elements do not fill the shape [${shape.join(", ")}]`),
    download: (tensor: DeviceTensor) =>
      Effect.flatMap(read(tensor), ({ value }) =>
        attempt(async () => Float32Array.from((await value.getData()) as Float32Array))
      )
  }
})

function reasonOf(text: string): TensorError["reason"] {
  if (/alloc|out of memory|OOM/i.test(text)) return "out_of_memory"
  if (/device|adapter|provider|CUDA|WebGPU/i.test(text)) return "device_missing"
  return "unsupported"
}
