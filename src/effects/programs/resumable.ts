import * as Schema from "@effect/schema/Schema"
import * as Clock from "effect/Clock"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type { DatasetError } from "../../domain/data/dataset.ts"
import type { CurvePoint } from "../../domain/training/curve_point.ts"
import { Checkpoints, decodeRecord } from "../ports/checkpoints.ts"
import { Curves } from "../ports/curves.ts"
import type { Batches } from "../ports/datasets.ts"
import type { HostValues, TensorBackend, TensorError } from "../ports/tensor_backend.ts"
import { type DeviceState, makeDeviceState } from "./device_state.ts"

/** How far a job is: the next step is `step` of `epoch`. */
interface Position {
  readonly epoch: number
  readonly step: number
}

/** What this process has done for a job. */
export interface Work {
  /** Steps that it made. */
  readonly done: number
  /** Milliseconds since its programs were compiled. */
  readonly milliseconds: number
  /** Those of them that it waited for batches. */
  readonly waited: number
}

/** What a piece of a job does; `E` are the errors of its own. */
type Piece<A, E> = Effect.Effect<A, E | TensorError | DatasetError, TensorBackend | Batches | Scope.Scope>

/**
 * A job of many steps, in epochs, that goes on from its last checkpoint. `resumable` runs its
 * pieces.
 */
export interface Job<P extends Position, Inputs, Progress, E> {
  /** The record of a checkpoint. */
  readonly position: Schema.Schema<P, string>
  readonly start: P
  /** The tensors at the start. */
  readonly initial: ReadonlyMap<string, HostValues>
  readonly isFinished: (position: P) => boolean
  /** The curves of the epochs that have ended. */
  readonly points: (position: P) => ReadonlyArray<CurvePoint>
  /** The error of a tensor that is not finite. */
  readonly diverged: (position: P, tensor: string) => E
  /** Compiles the programs of the steps. */
  readonly open: (state: DeviceState, from: P) => Piece<OpenJob<P, Inputs, Progress, E>, E>
  /**
   * The position after so many seconds of this process, which began at `from`; a job need not count
   * them.
   */
  readonly timed?: (position: P, from: P, seconds: number) => P
}

/** A job that is ready to run. */
export interface OpenJob<P, Inputs, Progress, E> {
  /** The steps of a position's epoch; 0 where nothing but its end is left. */
  readonly steps: (position: P) => number
  /** What the next step takes. Is asked once for every step, in their order. */
  readonly take: (position: P) => Piece<Inputs, E>
  /** A step, which is never interrupted; the position behind it. */
  readonly step: (position: P, inputs: Inputs) => Piece<P, E>
  /** What an epoch ends with. It changes no tensor. */
  readonly endEpoch: (position: P) => Piece<P, E>
  readonly progress: (position: P, work: Work) => Progress
}

/** Milliseconds between two checkpoints within an epoch. */
const BETWEEN_CHECKPOINTS = 30_000

/** A tensor that is not finite. */
class NotFinite extends Data.TaggedError("NotFinite")<{ readonly tensor: string }> {}

/**
 * Run a job to its end; gives its last position, and its tensors. Stopped anywhere and run again
 * over the same checkpoints, it ends with the same bits if its pieces are functions of their
 * arguments. A checkpoint is written after every epoch, every 30 seconds within it, and when the
 * job is interrupted or its data cannot be read. None holds a NaN.
 */
export const resumable = Effect.fn("resumable")(function* <
  P extends Position,
  Inputs,
  Progress,
  E extends { readonly _tag: string }
>(job: Job<P, Inputs, Progress, E>, onProgress: (progress: Progress) => Effect.Effect<void>) {
  const checkpoints = yield* Checkpoints
  const curves = yield* Curves
  const kept = yield* checkpoints.latest
  const from = kept === undefined ? job.start : yield* decodeRecord(job.position, kept.record, checkpoints.place)
  let position = from
  let tensors = kept?.tensors ?? job.initial
  const showCurves = Effect.suspend(() => curves.show(job.points(position)))
  yield* showCurves
  if (job.isFinished(position)) return { position, tensors }
  const state = yield* makeDeviceState(tensors)
  const { steps, take, step, endEpoch, progress } = yield* job.open(state, position)
  const begun = yield* Clock.currentTimeMillis
  let [saved, done, waited] = [begun, 0, 0]

  const save = Effect.gen(function* () {
    saved = yield* Clock.currentTimeMillis
    position = job.timed?.(position, from, (saved - begun) / 1000) ?? position
    tensors = yield* finiteTensors(state, tensors)
    yield* checkpoints.save({ record: Schema.encodeSync(job.position)(position), tensors })
  }).pipe(Effect.uninterruptible)
  const saveOrDiverge = Effect.catchTag(save, "NotFinite", ({ tensor }) => Effect.fail(job.diverged(position, tensor)))

  const oneStep = Effect.gen(function* () {
    const asked = yield* Clock.currentTimeMillis
    const inputs = yield* take(position)
    waited += (yield* Clock.currentTimeMillis) - asked
    const made = Effect.map(step(position, inputs), (next) => {
      position = next
      done += 1
    })
    yield* Effect.uninterruptible(made)
    const now = yield* Clock.currentTimeMillis
    yield* onProgress(progress(position, { done, milliseconds: now - begun, waited }))
    if (now - saved > BETWEEN_CHECKPOINTS) yield* saveOrDiverge
  })
  const running = Effect.gen(function* () {
    while (!job.isFinished(position)) {
      if (position.step < steps(position)) yield* oneStep
      else {
        const { epoch } = position
        position = yield* endEpoch(position)
        yield* saveOrDiverge
        if (position.epoch > epoch) yield* showCurves
      }
    }
    return { position, tensors }
  })
  return yield* running.pipe(
    Effect.tapError((error) => (error._tag === "DatasetError" ? Effect.ignore(save) : Effect.void)),
    Effect.onInterrupt(() => Effect.orDie(Effect.catchTag(save, "NotFinite", () => Effect.void)))
  )
}, Effect.scoped)

/** The tensors of a state, in the shapes of those before. */
const finiteTensors = Effect.fnUntraced(function* (state: DeviceState, before: ReadonlyMap<string, HostValues>) {
  const values = new Map<string, HostValues>()
  for (const [name, data] of yield* state.download(() => true)) {
    if (!data.every(Number.isFinite)) return yield* new NotFinite({ tensor: name })
    values.set(name, { shape: before.get(name)!.shape, data })
  }
  return values
})
