import { type CellTensors, probabilities, type RelaxedShape } from "../neighborhood/relaxed_shape.ts"
import type { Shape } from "../program/operation.ts"
import { fullName } from "../program/port.ts"
import type { Level } from "./level.ts"
import type { DartsSearch } from "./method.ts"
import { gumbelNoise } from "./noise.ts"
import type { StepPlan, UpdatePlan } from "./step_plan.ts"

/** A tensor that is not on a device yet: row-major elements. */
interface HostTensor {
  readonly shape: Shape
  readonly data: Float64Array
}

/** A tensor of shape []. */
function hostScalar(value: number): HostTensor {
  return { shape: [], data: Float64Array.of(value) }
}

/**
 * Whether `runInputs` reads alpha for a level's updates. Where it does not, alpha need not leave
 * the device.
 */
export function readsAlpha({ method, settings }: DartsSearch, level: Level): boolean {
  return method.relaxation(settings, level).mapped?.readsAlpha ?? false
}

/**
 * What one run of an update's gradient program takes besides weights, alpha, momentum and batches:
 * `xi` for a look-ahead and the method's scalars, `temperature` and `gumbel/<cell>`, `map/<cell>`
 * and `add/<cell>`. `xi` is there for programs without a look-ahead too. `alpha` is that of the
 * moment of the update; zeros do where `readsAlpha` says no.
 */
export function runInputs(
  { method, settings }: DartsSearch,
  shape: RelaxedShape,
  { epoch, xi }: StepPlan,
  { level, runs, seed }: UpdatePlan,
  run: number,
  alpha: CellTensors
): Map<string, HostTensor> {
  const { temperature, mapped } = method.relaxation(settings, level)
  const scalars = { xi, ...method.scalars(settings, epoch) }
  const inputs = new Map(Object.entries(scalars).map(([name, value]) => [name, hostScalar(value)] as const))
  const maps = mapped?.maps({ shape, epoch, neighbor: runs[run]!, seed, center: probabilities(shape, alpha) })
  if (temperature !== undefined) inputs.set("temperature", hostScalar(temperature(epoch)))
  const noise = temperature === undefined ? undefined : gumbelNoise(shape, seed)
  for (const { name, edges, width } of shape) {
    const matrix = [edges.length, width]
    if (noise !== undefined) inputs.set(fullName({ role: "gumbel", name }), { shape: matrix, data: noise.get(name)! })
    if (maps === undefined) continue
    const { map, add } = maps.get(name)!
    inputs.set(fullName({ role: "map", name }), { shape: [...matrix, width], data: map })
    inputs.set(fullName({ role: "offset", name }), { shape: matrix, data: add })
  }
  return inputs
}
