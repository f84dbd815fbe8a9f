import { join } from "node:path"
import * as Effect from "effect/Effect"
import type { Normalization } from "../../domain/data/normalization.ts"
import type { Shape } from "../../domain/program/operation.ts"
import type { TrainingPosition } from "../../domain/training/record.ts"
import type { HostValues } from "../../effects/ports/tensor_backend.ts"
import { keepError, writeWhole } from "../checkpoints/files.ts"
import { normalizationMetadata } from "../export/pixels.ts"
import { type WritableTensor, writeSafetensors } from "../tensor/safetensors.ts"

/** Name of the weights in a run's folder. */
export const WEIGHTS_FILE = "weights.safetensors"

/**
 * Write the weights and running statistics of a trained network into a folder, whole or not at all, as its reference implementation's `state_dict()`
 * names them, with the normalization of the images as metadata. Gives the file.
 */
export const writeWeights = Effect.fn("writeWeights")(function* (
  folder: string,
  tensors: ReadonlyMap<string, HostValues>,
  shapes: ReadonlyMap<string, Shape>,
  position: TrainingPosition,
  normalization: Normalization | undefined
) {
  const state = new Map<string, WritableTensor>()
  const put = (name: string, { shape, data }: HostValues) => state.set(name, { shape, data: Float32Array.from(data) })
  for (const name of shapes.keys()) put(name, tensors.get(`param/${name}`)!)
  const steps = BigInt(position.epochs.reduce((sum, { steps }) => sum + steps, 0))
  for (const [input, tensor] of tensors) {
    if (!input.startsWith("buffer/")) continue
    const name = input.slice("buffer/".length)
    put(name, tensor)
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
