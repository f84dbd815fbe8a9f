import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import { relaxedShape } from "../../domain/neighborhood/relaxed_shape.ts"
import { cellSize, halves, halvingsOf, spaceSearchNetwork } from "../../domain/network/cell_networks.ts"
import { initialWeights } from "../../domain/network/initial_weights.ts"
import { simplify } from "../../domain/program/rewrite.ts"
import { split } from "../../domain/random.ts"
import { SettingsError } from "../../domain/setting/settings_error.ts"
import type { Space } from "../../domain/space/space.ts"
import { pathProgram } from "../../domain/supernet/path_program.ts"
import type { TrainingProtocol } from "../../domain/training/protocol.ts"
import { initialTrainingState, trainingStep } from "../../domain/training/training_step.ts"
import type { HostValues } from "../ports/tensor_backend.ts"
import { checkStatistics } from "./plan_darts.ts"
import type { TrainingImages } from "./plan_training.ts"
import { pathOfStep, type SupernetPlan } from "./train_supernet.ts"

/** What a supernet is planned for. */
export interface SupernetOptions {
  readonly space: Space
  readonly protocol: TrainingProtocol
  /** With validation images. */
  readonly images: TrainingImages
  /** A loss: the share of wrong answers, or the mean cross-entropy. */
  readonly measure: "error" | "cross-entropy"
  /** Validation batches of a score; all full ones where absent. */
  readonly scoreBatches: number | undefined
}

/**
 * The plan of a supernet of a space. Errors: a space without networks, fewer validation images than
 * the scores take.
 */
export const planSupernet = Effect.fn("planSupernet")(function* (options: SupernetOptions) {
  const { space, protocol, images, scoreBatches } = options
  const { classes, shape: image, dataset, parts, seed } = images
  const { batchSize, channels, stem } = protocol
  const full = Math.floor(parts.validation.length / batchSize)
  const count = scoreBatches ?? full
  if (count < 1 || count > full) {
    const asked = scoreBatches === undefined ? "at least 1 is" : `${scoreBatches} are`
    const problem = `\`scoreBatches\`: ${asked} asked for, and the ${parts.validation.length} validation images fill ${full} of ${batchSize}`
    return yield* new SettingsError({ problem })
  }
  const cells = cellSize(space, protocol.cells)
  const network = yield* spaceSearchNetwork(space, { ...cells, channels, classes, stem, image: [batchSize, ...image] })
  yield* checkStatistics(
    [batchSize, ...image],
    halvingsOf(halves(space) ? "darts" : "nas-bench-201", protocol.cells, stem)
  )
  const { program, parameters } = yield* pathProgram(network)
  const scoring = simplify(program, ["loss", "correct"])
  const step = yield* trainingStep(program, { optimizer: protocol.optimizer, clip: protocol.clip })
  const weights = initialWeights(parameters, split(seed, "weights"))
  const initial = new Map<string, HostValues>()
  for (const [name, data] of initialTrainingState(step, weights))
    initial.set(name, { shape: step.state.get(name)!.shape, data })
  const plan: SupernetPlan = {
    space,
    shape: relaxedShape(space),
    training: {
      protocol,
      epochs: protocol.epochs,
      seed,
      step,
      initial,
      measure: { batchSize, program: () => Either.right(scoring), request: images.measured },
      classes,
      train: dataset.train,
      parts: { training: parts.training, validation: new Int32Array(0) },
      test: undefined,
      inputs: pathOfStep(space, network.shape),
      request: images.request
    },
    program: scoring,
    measure: options.measure,
    validation: Array.from({ length: count }, (_, i) => parts.validation.slice(i * batchSize, (i + 1) * batchSize)),
    request: images.measured
  }
  return plan
})
