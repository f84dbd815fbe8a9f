import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Memory from "../../src/adapters/checkpoints/memory.ts"
import * as NoCurves from "../../src/adapters/curves/none.ts"
import * as OnDemand from "../../src/adapters/datasets/on_demand.ts"
import { layer, type RuntimeName } from "../../src/adapters/tensor/tfjs.ts"
import { architectureOfKey } from "../../src/domain/architecture/architecture.ts"
import { printArchitecture } from "../../src/domain/architecture/text.ts"
import { checkDartsSearch } from "../../src/domain/darts/check_settings.ts"
import { dartsSearch } from "../../src/domain/darts/method.ts"
import { naDarts } from "../../src/domain/darts/methods/na_darts.ts"
import { stepPrograms } from "../../src/domain/darts/step_programs.ts"
import type { Samples } from "../../src/domain/data/dataset.ts"
import { relaxedShape } from "../../src/domain/neighborhood/relaxed_shape.ts"
import { spaceSearchNetwork } from "../../src/domain/network/cell_networks.ts"
import { initialWeights } from "../../src/domain/network/initial_weights.ts"
import { keyOf, uniformAt } from "../../src/domain/random.ts"
import { builtinSpace } from "../../src/domain/space/spaces.ts"
import { SampleReader } from "../../src/effects/ports/datasets.ts"
import { runDartsSearch } from "../../src/effects/programs/darts_search.ts"
import type { DartsPlan } from "../../src/effects/programs/darts_step.ts"

/** What every host has to find alike. */
export interface Found {
  readonly genotype: string
  /** Per epoch the mean losses of the weights and of alpha. */
  readonly losses: ReadonlyArray<readonly [number, number]>
}

const [CLASSES, SIDE, EXAMPLES, BATCH] = [3, 8, 8, 2] as const

/** Images whose mean tells their class, made up by their numbers. */
const reader = SampleReader({
  size: EXAMPLES,
  read: (indices) =>
    Effect.sync((): Samples => {
      const pixels = 3 * SIDE * SIDE
      const images = Float32Array.from({ length: indices.length * pixels }, (_, i) => {
        const image = indices[Math.floor(i / pixels)]!
        return uniformAt(keyOf(`image/${image}`), i % pixels) + (image % CLASSES) / 2
      })
      return { shape: [3, SIDE, SIDE], images, labels: Int32Array.from(indices, (image) => image % CLASSES) }
    })
})

/** NA-DARTS in the space S3, small enough for any host: 4 steps, on data that it makes up. */
export const smallSearch = Effect.fn("smallSearch")(function* (runtime: RuntimeName) {
  const space = builtinSpace("s3")
  const network = yield* spaceSearchNetwork(space, {
    ...{ channels: 2, cells: 3, classes: CLASSES },
    image: [BATCH, 3, SIDE, SIDE]
  })
  const given = { epochs: 2, batchSize: BATCH, neighbors: 1, alphaLearningRate: 0.05 }
  const search = yield* dartsSearch(naDarts, given)
  yield* checkDartsSearch(search, relaxedShape(space), EXAMPLES)
  const { weightLayout } = yield* stepPrograms(search, network)
  const parameters = new Map(weightLayout.map(({ name, shape }) => [name, shape]))
  const plan: DartsPlan = {
    ...search,
    ...{ space, network, examples: EXAMPLES, seed: "elsewhere" },
    initial: new Map([...initialWeights(parameters, "weights")].map(([name, data]) => [`param/${name}`, data])),
    reader,
    request: (indices) => ({ indices, options: { classes: CLASSES } })
  }
  const { architecture, epochs } = yield* Effect.provide(
    runDartsSearch(plan, () => Effect.void),
    Layer.mergeAll(layer(runtime), Memory.layer, OnDemand.layer, NoCurves.layer)
  )
  const found: Found = {
    genotype: printArchitecture(space, architectureOfKey(architecture)),
    losses: epochs.map(({ weights, validation }) => [weights.loss, validation.loss] as const)
  }
  return found
})
