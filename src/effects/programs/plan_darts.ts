import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import { checkDartsSearch } from "../../domain/darts/check_settings.ts"
import { sizedRun } from "../../domain/darts/data_sizes.ts"
import type { DartsRun } from "../../domain/darts/run_settings.ts"
import { DATA_SIZES } from "../../domain/darts/settings.ts"
import { planEpoch } from "../../domain/darts/step_plan.ts"
import { stepPrograms } from "../../domain/darts/step_programs.ts"
import { augmentedShape } from "../../domain/data/augment.ts"
import { chosenImages, searchAugmentation, sourceOf } from "../../domain/data/images_of_run.ts"
import { normalizationOf } from "../../domain/data/normalization.ts"
import { relaxedShape } from "../../domain/neighborhood/relaxed_shape.ts"
import { cellSize, halvingsOf, halves as isHalving, spaceSearchNetwork } from "../../domain/network/cell_networks.ts"
import { initialWeights } from "../../domain/network/initial_weights.ts"
import { statisticsFault } from "../../domain/network/skeletons.ts"
import type { Shape } from "../../domain/program/operation.ts"
import { fullName } from "../../domain/program/port.ts"
import { split } from "../../domain/random.ts"
import { SettingsError } from "../../domain/setting/settings_error.ts"
import type { Space } from "../../domain/space/space.ts"
import { Datasets } from "../ports/datasets.ts"
import type { DartsPlan } from "./darts_step.ts"
import { measureNormalization } from "./measure_normalization.ts"

/**
 * The plan of a run's search, what the data are, and the settings with all sizes. Data without a
 * customary normalization get that of the images which the weights are trained on.
 */
export const planDartsSearch = Effect.fn("planDartsSearch")(function* (asked: DartsRun, space: Space) {
  const { protocol, imageSize = DATA_SIZES[protocol]?.imageSize } = asked.settings
  const source = yield* sourceOf({ ...asked.settings, imageSize })
  const { info, train } = yield* Effect.flatMap(Datasets, ({ open }) => open(source))
  const run = sizedRun(asked, space, info)
  const { method, settings } = run
  const images = yield* chosenImages(settings, info)
  yield* checkDartsSearch(run, relaxedShape(space), images.length)
  const augmentation = yield* searchAugmentation(settings, info)
  const [channels, height, width] = augmentation.reduce(augmentedShape, info.shape)
  const image = [settings.batchSize, channels, height, width] as const
  const network = yield* spaceSearchNetwork(space, {
    ...cellSize(space, settings.cells),
    channels: settings.channels,
    classes: info.classes,
    image
  })
  yield* checkStatistics(image, halvingsOf(isHalving(space) ? "darts" : "nas-bench-201", settings.cells, "cifar"))
  const programs = yield* stepPrograms(run, network)
  const parameters = new Map(programs.weightLayout.map(({ name, shape }) => [name, shape]))
  const initial = initialWeights(parameters, split(settings.seed, "weights"))
  const halves = planEpoch(run, network.shape, images.length, settings.seed, 0).images
  const normalization =
    normalizationOf(source) ??
    (yield* measureNormalization(
      train,
      halves.weights.map((place) => images[place]!)
    ))
  const plan: DartsPlan = {
    method,
    settings,
    space,
    network,
    examples: images.length,
    seed: settings.seed,
    initial: new Map([...initial].map(([name, data]) => [fullName({ role: "parameter", name }), data])),
    reader: train,
    request: (places, { epoch, level }) => ({
      indices: places.map((place) => images[place]!),
      options: { classes: info.classes, normalization, augmentation, seed: split(settings.seed, level), epoch }
    })
  }
  const used = { training: halves.weights.length, validation: halves.alpha.length }
  return { plan, info, used, parameters, run }
})

/** Refuse batches in whose last cells normalization sees a single value. */
export function checkStatistics(image: Shape, halvings: number): Either.Either<void, SettingsError> {
  const fault = statisticsFault(image, halvings)
  if (fault === undefined) return Either.right(undefined)
  const problem = `${fault}; give a larger \`batchSize\` or \`imageSize\``
  return Either.left(new SettingsError({ problem }))
}
