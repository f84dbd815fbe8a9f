import * as Either from "effect/Either"
import { relaxedNeighborCount } from "../neighborhood/relaxed_neighbors.ts"
import type { RelaxedShape } from "../neighborhood/relaxed_shape.ts"
import { SettingsError } from "../setting/settings_error.ts"
import type { GradientSearch } from "./settings.ts"
import { runsOf } from "./step_plan.ts"

/** Most architectures whose gradients one update may sum. */
export const MOST_RUNS = 1024

/** The settings, if a search over `examples` training images can be run with them. */
export function checkGradientSearch(
  settings: GradientSearch,
  shape: RelaxedShape,
  examples: number
): Either.Either<GradientSearch, SettingsError> {
  const fail = (problem: string) => Either.left(new SettingsError({ problem }))
  const { batchSize, weightShare } = settings
  const weights = Math.floor(weightShare * examples)
  const least = Math.min(weights, examples - weights)
  if (least < batchSize)
    return fail(
      `\`batchSize\`: a batch takes ${batchSize} images, and ${weights} of ${examples} train the weights, ${examples - weights} alpha; give ${least > 0 ? `${least} or less` : "a smaller one"}, or more \`images\``
    )
  if (settings.readEpoch !== undefined && settings.readEpoch > settings.epochs)
    return fail(
      `\`readEpoch\`: expected one of the ${settings.epochs} epochs, actual ${settings.readEpoch}; give more \`epochs\``
    )
  if (settings._tag !== "NaDarts") return Either.right(settings)
  if (settings.neighbors !== 0 && relaxedNeighborCount(shape, { radius: 1, neighborNone: settings.neighborNone }) === 0)
    return fail("no edge has a second operation to change to; use 0 `neighbors`, or let `neighborNone` be true")
  const most = Math.max(...(["alpha", "weights"] as const).flatMap((level) => [...runsOf(settings, shape, level)]))
  if (most > MOST_RUNS)
    return fail(`an update would sum ${most} architectures, at most ${MOST_RUNS} are possible; use fewer \`neighbors\``)
  return Either.right(settings)
}
