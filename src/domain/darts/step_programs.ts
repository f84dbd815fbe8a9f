import * as Either from "effect/Either"
import type { SearchNetwork } from "../network/search_network.ts"
import { type Layout, withVector } from "../program/layout.ts"
import type { Port } from "../program/port.ts"
import type { Program, ProgramError } from "../program/program.ts"
import { SettingsError } from "../setting/settings_error.ts"
import { LEVELS, type Level } from "./level.ts"
import { type LossProgram, lossProgram } from "./loss_program.ts"
import type { DartsSearch } from "./method.ts"
import { runsOf } from "./step_plan.ts"
import {
  alphaOptimizer,
  flatGradient,
  fusedProgram,
  type Moving,
  updateProgram,
  WEIGHTS,
  weightOptimizer
} from "./updates.ts"

/**
 * The programs of one level's update. `Fused`: one run, gradient and update together. `Summed`:
 * `gradient` runs once for each planned run, side by side if one likes, and gives all gradients as
 * one vector; then `update`, by the number of runs, sums and steps. All take the batch as `x`,
 * `targets`: of the validation images for alpha, of the training images for the weights; a
 * second-order alpha gradient takes the training batch as `train/…` too, and with neighbors each
 * looks ahead to weights trained at that very neighbor.
 */
export type LevelPrograms =
  | { readonly _tag: "Fused"; readonly step: Program }
  | { readonly _tag: "Summed"; readonly gradient: Program; readonly update: ReadonlyMap<number, Program> }

/** All programs of a search's steps. */
export interface StepPrograms extends Readonly<Record<Level, LevelPrograms>> {
  /**
   * Loss and right answers at alpha itself: for curves and, with `hessianVectorProgram`, for the
   * eigenvalue. Its weights are apart.
   */
  readonly loss: LossProgram
  /** The weights `param/…`, in the order in which they make up the vector `weights`. */
  readonly weightLayout: Layout
  /**
   * The tensors that stay from step to step: `weights`, `alpha/…` and the optimizers' states. The
   * states begin as zeros.
   */
  readonly state: ReadonlyMap<string, Port>
}

/**
 * The programs of a search on a network. They depend on the settings and the network alone, not on
 * epoch or draws. Errors: a loss that no choice of the space changes.
 */
export function stepPrograms(
  search: DartsSearch,
  network: SearchNetwork
): Either.Either<StepPrograms, ProgramError | SettingsError> {
  return Either.gen(function* () {
    const { method, settings } = search
    const loss = yield* lossProgram(network, { sampled: false, mapped: false })
    if (loss.alphas.length === 0) {
      const problem = "`space`: there is nothing to learn, since no choice of its cells reaches the network's output"
      return yield* Either.left(new SettingsError({ problem }))
    }
    const weightLayout = loss.weights
    const levels: Partial<Record<Level, LevelPrograms>> = {}
    for (const level of LEVELS) {
      const counts = runsOf(search, network.shape, level)
      const { temperature, mapped } = method.relaxation(settings, level)
      const own = yield* lossProgram(network, { sampled: temperature !== undefined, mapped: mapped !== undefined })
      const moving: Moving =
        level === "alpha"
          ? { level, layout: loss.alphas, optimizer: alphaOptimizer(settings) }
          : { level, layout: weightLayout, optimizer: weightOptimizer(settings) }
      const apart = level === "alpha" ? method.alphaGradient(settings, own) : method.weightsGradient(settings, own)
      const gradient = withVector(apart, WEIGHTS, weightLayout)
      levels[level] =
        counts.size === 1 && counts.has(1)
          ? { _tag: "Fused", step: fusedProgram(gradient, moving) }
          : {
              _tag: "Summed",
              gradient: flatGradient(gradient, moving.layout),
              update: new Map([...counts].map((runs) => [runs, updateProgram(moving, runs)]))
            }
    }
    const { alpha, weights } = levels as Record<Level, LevelPrograms>
    return { alpha, weights, loss, weightLayout, state: stateOf([alpha, weights]) }
  })
}

/** What a step takes and gives under the same name. */
function stateOf(levels: ReadonlyArray<LevelPrograms>): ReadonlyMap<string, Port> {
  const steps = levels.flatMap((level) => (level._tag === "Fused" ? [level.step] : [...level.update.values()]))
  return new Map(steps.flatMap(({ inputs, outputs }) => [...inputs].filter(([name]) => outputs.has(name))))
}
