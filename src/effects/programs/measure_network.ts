import * as Effect from "effect/Effect"
import type * as Either from "effect/Either"
import * as Option from "effect/Option"
import * as Scope from "effect/Scope"
import type { BatchRequest } from "../../domain/data/batch.ts"
import type { Program, ProgramError } from "../../domain/program/program.ts"
import { type Seed, split } from "../../domain/random.ts"
import { randomInputs } from "../../domain/training/epoch_plan.ts"
import { addImages, type Measured, measuredOf, NO_IMAGES } from "../../domain/training/record.ts"
import { Batches, type SampleReader, type TestReader } from "../ports/datasets.ts"
import { type Executable, type HostValues, TensorBackend } from "../ports/tensor_backend.ts"
import { type DeviceState, upload } from "./device_state.ts"

/** How networks are measured. */
export interface MeasurePlan {
  /** Images of a run; the last run takes what is left. */
  readonly batchSize: number
  /**
   * A network with running statistics for a number of images: from `x`, `targets` and the state to
   * `loss` and `correct`, of shape [].
   */
  readonly program: (images: number) => Either.Either<Program, ProgramError>
  readonly request: (indices: Int32Array) => BatchRequest
}

/**
 * Gives what measures a state on all images of a list, each counted once. A second program is
 * compiled for a last batch that is not full. Programs are kept until the scope closes.
 */
export const makeMeasure = Effect.fnUntraced(function* (plan: MeasurePlan, state: DeviceState) {
  const backend = yield* TensorBackend
  const batches = yield* Batches
  const scope = yield* Effect.scope
  const compiled = new Map<number, { readonly program: Program; readonly executable: Executable }>()
  const networkOf = Effect.fnUntraced(function* (images: number) {
    const known = compiled.get(images)
    if (known !== undefined) return known
    const program = yield* plan.program(images)
    const made = { program, executable: yield* Scope.extend(backend.compile(program), scope) }
    compiled.set(images, made)
    return made
  })
  return Effect.fnUntraced(function* (reader: SampleReader | TestReader, images: Int32Array, seed: Seed) {
    const starts = Array.from({ length: Math.ceil(images.length / plan.batchSize) }, (_, i) => i * plan.batchSize)
    const requests = starts.map((start) => plan.request(images.slice(start, start + plan.batchSize)))
    const queue = yield* batches.open(reader, requests)
    let sums = NO_IMAGES
    for (const i of requests.keys()) {
      const { x, targets, shape } = Option.getOrThrow(yield* queue.next)
      const { program, executable } = yield* networkOf(shape[0])
      const classes = targets.length / shape[0]
      const random = randomInputs(program.inputs, 0, split(seed, i))
      const read = yield* Effect.scoped(
        Effect.gen(function* () {
          const given: ReadonlyArray<readonly [string, HostValues]> = [
            ["x", { shape, data: x }],
            ["targets", { shape: [shape[0], classes], data: targets }],
            ...random
          ]
          return yield* state.run(executable, yield* upload(given), ["loss", "correct"])
        })
      )
      sums = addImages(sums, shape[0], read.get("loss")![0]!, read.get("correct")![0]!)
    }
    const measured: Measured = measuredOf(sums)
    return measured
  }, Effect.scoped)
})
