import { createHash } from "node:crypto"
import * as Schema from "@effect/schema/Schema"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import { relaxedShape } from "../../domain/neighborhood/relaxed_shape.ts"
import { spaceSearchNetwork } from "../../domain/network/cell_networks.ts"
import { initialWeights } from "../../domain/network/initial_weights.ts"
import { simplify } from "../../domain/program/rewrite.ts"
import { type Seed, split } from "../../domain/random.ts"
import { SettingsError } from "../../domain/search/settings.ts"
import { pathProgram } from "../../domain/search/supernet/path_program.ts"
import { SupernetSettings, supernetProtocol } from "../../domain/search/supernet/settings.ts"
import type { Space } from "../../domain/space/space.ts"
import { initialTrainingState, trainingStep } from "../../domain/training/training_step.ts"
import type { HostValues } from "../../effects/device_state.ts"
import { pathOfStep, type SupernetPlan } from "../../effects/train_supernet.ts"
import { openTrainingImages } from "../training/plan.ts"

/**
 * The plan of a supernet of a space, and its identity: a digest of all that its scores depend on. `seed` is that of the search, which the supernet's own
 * goes before. Errors: a space without networks, data that are missing or too few, settings that do not fit them.
 */
export const planSupernet = Effect.fn("planSupernet")(function* (settings: SupernetSettings, space: Space, seed: Seed) {
  const protocol = supernetProtocol(settings)
  const own = settings.supernetSeed ?? seed
  const images = yield* openTrainingImages({ ...settings, seed: own }, protocol)
  const { classes, shape: image, dataset, parts } = images
  const { batchSize, channels, stem } = protocol
  const full = Math.floor(parts.validation.length / batchSize)
  const count = settings.scoreBatches ?? full
  if (count < 1 || count > full) {
    const asked = settings.scoreBatches === undefined ? "at least 1 is" : `${settings.scoreBatches} are`
    const problem = `score batches (--score-batches): ${asked} asked for, and the ${parts.validation.length} validation images fill ${full} of ${batchSize}`
    return yield* new SettingsError({ problem })
  }
  const halves = space.cells.some((cell) => cell.stride === 2)
  const cells = halves ? { cells: protocol.cells } : { cellsPerStage: protocol.cells }
  const network = yield* spaceSearchNetwork(space, { ...cells, channels, classes, stem, image: [batchSize, ...image] })
  const { program, parameters } = yield* pathProgram(network)
  const scoring = simplify(program, ["loss", "correct"])
  const step = yield* trainingStep(program, { optimizer: protocol.optimizer, clip: protocol.clip })
  const weights = initialWeights(parameters, split(own, "weights"))
  const initial = new Map<string, HostValues>()
  for (const [name, data] of initialTrainingState(step, weights))
    initial.set(name, { shape: step.state.get(name)!, data })
  const plan: SupernetPlan = {
    space,
    shape: relaxedShape(space),
    training: {
      protocol,
      epochs: protocol.epochs,
      seed: own,
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
    measure: settings.measure,
    validation: Array.from({ length: count }, (_, i) => parts.validation.slice(i * batchSize, (i + 1) * batchSize)),
    request: images.measured
  }
  const encoded = Schema.encodeSync(SupernetSettings)({ ...settings, supernetSeed: own })
  const content = JSON.stringify([encoded, protocol, space.cells, space.reading, dataset.info.digest])
  return { plan, info: dataset.info, digest: createHash("sha256").update(content).digest("hex").slice(0, 16) }
})
