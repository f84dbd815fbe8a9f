import { join } from "node:path"
import * as Effect from "effect/Effect"
import type { Normalization } from "../../domain/data/normalization.ts"
import type { Shape } from "../../domain/program/operation.ts"
import { fullName, type Label, ofRole } from "../../domain/program/port.ts"
import type { TrainingPosition } from "../../domain/training/record.ts"
import type { TrainingStep } from "../../domain/training/training_step.ts"
import type { HostValues } from "../../effects/ports/tensor_backend.ts"
import { keepError, writeWhole } from "../checkpoints/files.ts"
import { normalizationMetadata } from "../export/pixels.ts"
import { type WritableTensor, writeSafetensors } from "../tensor/safetensors.ts"

/** Name of the weights in a run's folder. */
export const WEIGHTS_FILE = "weights.safetensors"

/** A trained network, to be written. */
interface Trained {
  readonly tensors: ReadonlyMap<string, HostValues>
  /** Shapes of its parameters by their own names. */
  readonly parameters: ReadonlyMap<string, Shape>
  readonly step: Pick<TrainingStep, "state">
  readonly position: TrainingPosition
  readonly normalization: Normalization | undefined
}

/**
 * Write the weights and running statistics of a trained network into a folder, whole or not at all,
 * as its reference implementation's `state_dict()` names them, with the normalization of the images
 * as metadata. Gives the file.
 */
export const writeWeights = Effect.fn("writeWeights")(function* (
  folder: string,
  { tensors, parameters, step, position, normalization }: Trained
) {
  const state = new Map<string, WritableTensor>()
  const put = (label: Label) => {
    const { shape, data } = tensors.get(fullName(label))!
    state.set(label.name, { shape, data: Float32Array.from(data) })
  }
  for (const name of parameters.keys()) put({ role: "parameter", name })
  const steps = BigInt(position.epochs.reduce((sum, { steps }) => sum + steps, 0))
  for (const buffer of ofRole(step.state, "buffer")) {
    put(buffer)
    const { name } = buffer
    if (name.endsWith("running_mean"))
      state.set(name.replace(/running_mean$/, "num_batches_tracked"), { shape: [], data: BigInt64Array.of(steps) })
  }
  const file = join(folder, WEIGHTS_FILE)
  yield* Effect.try({
    try: () => writeWhole(file, writeSafetensors(state, { format: "pt", ...normalizationMetadata(normalization) })),
    catch: (error) => keepError(folder, error)
  })
  return file
})
