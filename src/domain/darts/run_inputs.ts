import { type RelaxedMaps, relaxedMaps } from "../neighborhood/relaxed_maps.ts"
import { type CellTensors, probabilities, type RelaxedShape } from "../neighborhood/relaxed_shape.ts"
import type { Shape } from "../program/operation.ts"
import { gumbelNoise, perturbationMaps } from "./noise.ts"
import type { GradientSearch } from "./settings.ts"
import { type Level, type StepPlan, seesNeighbors, type UpdatePlan } from "./step_plan.ts"

/** A tensor that is not on a device yet: row-major elements. */
export interface HostTensor {
  readonly shape: Shape
  readonly data: Float64Array
}

/** A tensor of shape []. */
export function hostScalar(value: number): HostTensor {
  return { shape: [], data: Float64Array.of(value) }
}

/** Whether `runInputs` reads alpha for a level's updates. Where it does not, alpha need not leave the device. */
export function readsAlpha(settings: GradientSearch, level: Level): boolean {
  if (settings._tag === "SdartsRs") return level === "weights"
  return settings._tag === "NaDarts" && settings.representation._tag !== "Shift" && seesNeighbors(settings, level)
}

/**
 * What one run of an update's gradient program takes besides weights, alpha, momentum and batches: `xi` for a look-ahead, `temperature` and
 * `gumbel/<cell>`, `map/<cell>` and `add/<cell>`. `xi` is there for programs without a look-ahead too. `alpha` is that of the moment of the update; zeros
 * do where `readsAlpha` says no.
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
    if (noise !== undefined) inputs.set(`gumbel/${name}`, { shape: matrix, data: noise.get(name)! })
    if (maps === undefined) continue
    const { map, add } = maps.get(name)!
    inputs.set(`map/${name}`, { shape: [...matrix, width], data: map })
    inputs.set(`add/${name}`, { shape: matrix, data: add })
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
): RelaxedMaps | undefined {
  if (settings._tag === "NaDarts" && seesNeighbors(settings, level))
    return relaxedMaps(shape, settings, runs[run]!, probabilities(shape, alpha))
  if (epsilon !== undefined && level === "weights")
    return perturbationMaps(shape, probabilities(shape, alpha), epsilon, seed)
  return undefined
}
