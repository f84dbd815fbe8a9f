import * as Either from "effect/Either"
import type { RelaxedShape } from "../neighborhood/relaxed_shape.ts"
import { SettingsError } from "../setting/settings_error.ts"
import { LEVELS } from "./level.ts"
import type { DartsSearch } from "./method.ts"
import { runsOf } from "./step_plan.ts"

/** Most architectures whose gradients one update may sum. */
const MOST_RUNS = 1024

/** The search, if it can be run over `examples` training images. */
export function checkDartsSearch(
  search: DartsSearch,
  shape: RelaxedShape,
  examples: number
): Either.Either<DartsSearch, SettingsError> {
  const { method, settings } = search
  const fail = (problem: string) => Either.left(new SettingsError({ problem }))
  const { batchSize, weightShare } = settings
  const weights = Math.floor(weightShare * examples)
  const least = Math.min(weights, examples - weights)
  if (least < batchSize) {
    const halves = `${weights} of ${examples} train the weights, ${examples - weights} alpha`
    const cure = `give ${least > 0 ? `${least} or less` : "a smaller one"}, or more \`images\``
    return fail(`\`batchSize\`: a batch takes ${batchSize} images, and ${halves}; ${cure}`)
  }
  if (settings.readEpoch !== undefined && settings.readEpoch > settings.epochs)
    return fail(
      `\`readEpoch\`: expected one of the ${settings.epochs} epochs, actual ${settings.readEpoch}; give more \`epochs\``
    )
  if (settings.readEpoch !== undefined && settings.stopRule === true)
    return fail("`readEpoch` takes the place of the stop rule: leave `stopRule` out")
  if (settings.nesterov && settings.momentum === 0) return fail("`nesterov` needs a `momentum` above 0")
  if (!settings.eigenvalue && settings.eigenvalueEvery !== 1)
    return fail("`eigenvalueEvery` needs `eigenvalue`: give that too")
  const problem = method.problem(settings, shape)
  if (problem !== undefined) return fail(problem)
  const most = Math.max(...LEVELS.flatMap((level) => [...runsOf(search, shape, level)]))
  if (most > MOST_RUNS)
    return fail(`an update would sum ${most} architectures, at most ${MOST_RUNS} are possible; use fewer \`neighbors\``)
  return Either.right(search)
}
