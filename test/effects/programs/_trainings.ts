import * as NodeContext from "@effect/platform-node/NodeContext"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as NoCurves from "../../../src/adapters/curves/none.ts"
import { memoryDataset } from "../../../src/adapters/datasets/memory.ts"
import * as Prefetch from "../../../src/adapters/datasets/prefetch.ts"
import * as Reference from "../../../src/adapters/tensor/reference.ts"
import { readSubject } from "../../../src/adapters/training/subject.ts"
import type { Samples } from "../../../src/domain/data/dataset.ts"
import { keyOf, uniformAt } from "../../../src/domain/random.ts"
import { changedProtocol, type ProtocolChanges, TRAINING_PROTOCOLS } from "../../../src/domain/training/protocol.ts"
import { Datasets, TestReader } from "../../../src/effects/ports/datasets.ts"
import { openTrainingImages, planTraining, type TrainingData } from "../../../src/effects/programs/plan_training.ts"

/** Images of three classes, 8×8, that brightness tells apart. */
function samples(name: string, count: number): Samples {
  const key = keyOf(name)
  const labels = Int32Array.from({ length: count }, (_, i) => i % 3)
  const images = Float32Array.from(
    { length: count * 64 },
    (_, i) => (uniformAt(key, i) + labels[Math.floor(i / 64)]!) / 3
  )
  return { shape: [1, 8, 8], images, labels }
}

/** A dataset of 20 training and 7 test images. Every test sample that is read is added to the ledger. */
export function datasets(ledger: Array<number> = []): Layer.Layer<Datasets> {
  const parts = { name: "made up", classes: 3, train: samples("train", 20), test: samples("test", 7) }
  return Layer.succeed(Datasets, {
    open: () =>
      Effect.map(memoryDataset(parts), (dataset) => ({
        ...dataset,
        test: TestReader({
          size: dataset.test.size,
          read: (indices) => {
            ledger.push(...Array.from(indices))
            return dataset.test.read(indices)
          }
        })
      }))
  })
}

/** What trainings of the tests run on. */
export const MACHINE = Layer.mergeAll(Reference.layer("f32"), Prefetch.layer(), NoCurves.layer)

/** The plan of a small training; NAS-Bench-201's cell where no architecture is named. */
export const planOf = (
  changes: ProtocolChanges = {},
  options: {
    readonly architecture?: string
    readonly data?: Partial<TrainingData>
    readonly ledger?: Array<number>
  } = {}
) =>
  Effect.gen(function* () {
    const { architecture = "|nor_conv_3x3~0|+|none~0|skip_connect~1|+|avg_pool_3x3~0|none~1|nor_conv_1x1~2|" } = options
    const subject = yield* readSubject(architecture, undefined)
    const protocol = changedProtocol(
      TRAINING_PROTOCOLS[subject.skeleton === "darts" ? "darts-cifar" : "nas-bench-201"],
      { channels: 2, cells: 1, epochs: 2, batchSize: 4, crop: 1, cutout: 0, auxiliaryWeight: 0, ...changes }
    )
    const data: TrainingData = { dataset: "mnist", validation: 0.2, seed: "0", ...options.data }
    const images = yield* openTrainingImages(data, protocol)
    return yield* planTraining(protocol, subject, images, true)
  }).pipe(Effect.provide(Layer.merge(datasets(options.ledger), NodeContext.layer)))
