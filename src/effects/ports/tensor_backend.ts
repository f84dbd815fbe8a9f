import * as Schema from "@effect/schema/Schema"
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type { Shape } from "../../domain/program/operation.ts"
import type { Program } from "../../domain/program/program.ts"

/** A tensor on the host: row-major elements. */
export interface HostValues {
  readonly shape: Shape
  readonly data: ArrayLike<number>
}

/** A program cannot be run. */
export class TensorError extends Schema.TaggedError<TensorError>()("TensorError", {
  backend: Schema.String,
  reason: Schema.Literal("missing_input", "wrong_shape", "out_of_memory", "unsupported", "device_missing"),
  detail: Schema.String
}) {
  override get message(): string {
    return `Cannot run the program on ${this.backend}: ${this.detail}`
  }
}

/** Elements of a tensor in row-major order. */
export type TensorData = Float32Array | Float64Array

/**
 * A tensor that lives on a backend's device until its scope closes. Only the backend that made it
 * can read it.
 */
export interface DeviceTensor {
  readonly shape: ReadonlyArray<number>
}

/** A compiled program. Runs may overlap. */
export interface Executable {
  /** The named outputs from the named inputs, all of them on the device. */
  readonly run: (
    inputs: ReadonlyMap<string, DeviceTensor>
  ) => Effect.Effect<ReadonlyMap<string, DeviceTensor>, TensorError, Scope.Scope>
}

/** Runs tensor programs. What it makes is freed when the scope closes in which it was made. */
export class TensorBackend extends Context.Tag("na-nas/TensorBackend")<
  TensorBackend,
  {
    /** What records call it. */
    readonly name: string
    readonly compile: (program: Program) => Effect.Effect<Executable, TensorError, Scope.Scope>
    /** Copy elements, in row-major order, to the device. */
    readonly upload: (
      shape: ReadonlyArray<number>,
      data: ArrayLike<number>
    ) => Effect.Effect<DeviceTensor, TensorError, Scope.Scope>
    /** Copy a tensor's elements back. */
    readonly download: (tensor: DeviceTensor) => Effect.Effect<TensorData, TensorError>
  }
>() {}
