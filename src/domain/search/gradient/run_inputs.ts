import { identityMaps, type RelaxedMaps, relaxedMaps } from "../../neighborhood/relaxed_maps.ts"
import { type CellTensors, probabilities, type RelaxedShape } from "../../neighborhood/relaxed_shape.ts"
import type { Shape } from "../../program/operation.ts"
import { gumbelNoise, perturbationMaps } from "./noise.ts"
import type { StepPlan, UpdatePlan } from "./plan.ts"
import type { GradientSearch } from "./settings.ts"

/** A tensor that is not on a device yet: row-major elements. */
export interface HostTensor {
  readonly shape: Shape
  readonly data: Float64Array
}

/** A tensor of shape []. */
export function hostScalar(value: number): HostTensor {
  return { shape: [], data: Float64Array.of(value) }
}

/**
 * What one run of an update's gradient program takes besides the weights, alpha, momentum and the batches: `map/<cell>` and `add/<cell>`, `gumbel/<cell>` and
 * `temperature`, `xi`; a program takes those that it has as inputs. `alpha` is that of the moment of the update.
 */
export function runInputs(
  settings: GradientSearch,
  shape: RelaxedShape,
  step: StepPlan,
  update: UpdatePlan,
  run: number,
  alpha: CellTensors
): Map<string, HostTensor> {
  const inputs = new Map<string, HostTensor>([["xi", hostScalar(step.xi)]])
  if (step.temperature !== undefined) inputs.set("temperature", hostScalar(step.temperature))
  const noise = settings._tag === "Gdas" ? gumbelNoise(shape, update.seed) : undefined
  const maps = mapsOf(settings, shape, step, update, run, alpha)
  for (const { name, edges, width } of shape) {
    const matrix = [edges.length, width]
    const { map, add } = maps.get(name)!
    inputs.set(`map/${name}`, { shape: [...matrix, width], data: map })
    inputs.set(`add/${name}`, { shape: matrix, data: add })
    if (noise !== undefined) inputs.set(`gumbel/${name}`, { shape: matrix, data: noise.get(name)! })
  }
  return inputs
}

function mapsOf(
  settings: GradientSearch,
  shape: RelaxedShape,
  { epsilon }: StepPlan,
  { level, runs, seed }: UpdatePlan,
  run: number,
  alpha: CellTensors
): RelaxedMaps {
  switch (settings._tag) {
    case "NaDarts":
      return relaxedMaps(shape, settings, runs[run]!, probabilities(shape, alpha))
    case "SdartsRs":
      return level === "weights"
        ? perturbationMaps(shape, probabilities(shape, alpha), epsilon ?? 0, seed)
        : identityMaps(shape)
    case "Darts":
    case "Gdas":
    case "A2m":
      return identityMaps(shape)
  }
}
