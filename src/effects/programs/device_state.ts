import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Scope from "effect/Scope"
import {
  type DeviceTensor,
  type Executable,
  type HostValues,
  TensorBackend,
  type TensorData,
  type TensorError
} from "../ports/tensor_backend.ts"

/** Copies of tensors on the device, for as long as the scope is open. */
export const upload = Effect.fnUntraced(function* (values: Iterable<readonly [string, HostValues]>) {
  const backend = yield* TensorBackend
  const tensors = new Map<string, DeviceTensor>()
  for (const [name, { shape, data }] of values) tensors.set(name, yield* backend.upload(shape, data))
  return tensors
})

/** Tensors that stay on a device from run to run: weights, moments, architecture parameters. */
export interface DeviceState {
  /** The tensors of this moment. They live until a run replaces them. */
  readonly tensors: () => ReadonlyMap<string, DeviceTensor>
  /**
   * Run a program on the state and further inputs. Outputs named like tensors of the state replace
   * these; those named in `read` are downloaded; all others are freed.
   */
  readonly run: (
    executable: Executable,
    inputs: ReadonlyMap<string, DeviceTensor>,
    read?: ReadonlyArray<string>
  ) => Effect.Effect<ReadonlyMap<string, TensorData>, TensorError>
  /** Copies of the tensors. */
  readonly download: (name: (name: string) => boolean) => Effect.Effect<Map<string, TensorData>, TensorError>
}

/** What keeps the outputs of one run: its scope, closed when the last of them is replaced. */
interface Keeper {
  readonly scope: Scope.CloseableScope
  kept: number
}

/** A state that begins with these tensors. It is freed with the scope. */
export const makeDeviceState = Effect.fn("makeDeviceState")(function* (initial: ReadonlyMap<string, HostValues>) {
  const backend = yield* TensorBackend
  const tensors = new Map<string, DeviceTensor>()
  const keepers = new Map<string, Keeper>()
  const open = Effect.map(Scope.make(), (scope): Keeper => ({ scope, kept: 0 }))
  const close = (keeper: Keeper) => Scope.close(keeper.scope, Exit.void)
  const release = (keeper: Keeper) =>
    Effect.suspend(() => {
      keeper.kept -= 1
      return keeper.kept === 0 ? close(keeper) : Effect.void
    })
  const keep = Effect.fnUntraced(function* (keeper: Keeper, made: ReadonlyMap<string, DeviceTensor>) {
    const replaced: Array<Keeper> = []
    for (const [name, tensor] of made) {
      const before = keepers.get(name)
      if (before !== undefined) replaced.push(before)
      tensors.set(name, tensor)
      keepers.set(name, keeper)
      keeper.kept += 1
    }
    yield* Effect.forEach(replaced, release, { discard: true })
  })
  yield* Effect.addFinalizer(() => Effect.forEach(new Set(keepers.values()), close, { discard: true }))
  const first = yield* open
  const uploaded = new Map<string, DeviceTensor>()
  for (const [name, { shape, data }] of initial)
    uploaded.set(name, yield* Scope.extend(backend.upload(shape, data), first.scope))
  yield* keep(first, uploaded)

  const state: DeviceState = {
    tensors: () => tensors,
    run: (executable, inputs, read = []) =>
      Effect.uninterruptible(
        Effect.gen(function* () {
          const keeper = yield* open
          return yield* Effect.gen(function* () {
            const outputs = yield* Scope.extend(executable.run(new Map([...tensors, ...inputs])), keeper.scope)
            const values = new Map<string, TensorData>()
            for (const name of read) values.set(name, yield* backend.download(outputs.get(name)!))
            yield* keep(keeper, new Map([...outputs].filter(([name]) => keepers.has(name))))
            if (keeper.kept === 0) yield* close(keeper)
            return values
          }).pipe(Effect.onError(() => (keeper.kept === 0 ? close(keeper) : Effect.void)))
        })
      ),
    download: Effect.fnUntraced(function* (wanted) {
      const values = new Map<string, TensorData>()
      for (const [name, tensor] of tensors) if (wanted(name)) values.set(name, yield* backend.download(tensor))
      return values
    })
  }
  return state
})
