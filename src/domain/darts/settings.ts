import { field, grouped, type Values } from "../setting/field.ts"
import { oneOf, real, whole, yesNo } from "../setting/kind.ts"
import { stopFields } from "./stop_rule.ts"

const positive = real({ above: 0 })
const rate = real({ from: 0 })
const share = real({ from: 0, below: 1 })

/** The settings that all methods have in common: the alternation of DARTS. */
export const dartsFields = {
  ...grouped("Search", {
    epochs: field(whole(1), 50, "epochs of the search"),
    batchSize: field(whole(1, "images"), 64, "images of a step's batches"),
    weightShare: field(real({ above: 0, below: 1 }), 0.5, "share of the images that train the weights"),
    first: field(oneOf("alpha", "weights"), "alpha", "the update that comes first in a step"),
    readNone: field(yesNo, true, "whether an edge may be read off as none")
  }),
  ...grouped("Weights", {
    learningRate: field(rate, 0.025, "learning rate of the weights in the first epoch"),
    lastLearningRate: field(rate, 0.001, "where the cosine of the learning rate ends"),
    momentum: field(share, 0.9, "momentum of the weights"),
    nesterov: field(yesNo, false, "whether that momentum is Nesterov's"),
    weightDecay: field(rate, 3e-4, "weight decay of the weights"),
    clip: field(positive, 5, "largest norm of all gradients together")
  }),
  ...grouped("Alpha", {
    alphaLearningRate: field(rate, 3e-4, "learning rate of alpha, by Adam"),
    alphaBeta1: field(share, 0.5, "decay of Adam's first moment"),
    alphaBeta2: field(share, 0.999, "decay of Adam's second moment"),
    alphaEpsilon: field(positive, 1e-8, "what Adam adds to the denominator"),
    alphaWeightDecay: field(rate, 1e-3, "weight decay of alpha"),
    initialAlpha: field(rate, 1e-3, "standard deviation of alpha at the start")
  }),
  ...stopFields
}

/** The settings that all methods have in common. */
export type DartsSettings = Values<typeof dartsFields>

const NAS_BENCH_201 = { first: "weights", nesterov: true, weightDecay: 5e-4 } as const

/**
 * The settings of protocols, where they differ from the defaults. `darts`: the defaults.
 * `nas-bench-201`: the search of that benchmark. `nas-bench-201-small`: the same with a faster
 * alpha over fewer epochs, ours, for 8 channels, a cell a stage and 5,000 images of 16×16 a level,
 * in which DARTS collapses to skip connections within minutes. `quick`: ours, the default of
 * searches on the command line, for the data of `DATA_SIZES`.
 */
export const DARTS_PROTOCOLS = {
  quick: { ...NAS_BENCH_201, epochs: 5, batchSize: 32, alphaLearningRate: 0.02 },
  darts: {},
  "nas-bench-201": NAS_BENCH_201,
  "nas-bench-201-small": { ...NAS_BENCH_201, epochs: 25, alphaLearningRate: 3e-3 }
} as const satisfies Readonly<Record<string, Partial<DartsSettings>>>

/** One of `DARTS_PROTOCOLS`. */
export type DartsProtocol = keyof typeof DARTS_PROTOCOLS

/**
 * The most training images and the largest height and width that a protocol takes of a dataset;
 * `imagesOfDarts` in DARTS's skeleton, whose steps take longer. The other protocols take all images
 * as they are. `quick` is small enough for about half a minute on two cores, and large enough for a
 * cell that has not collapsed.
 */
export const DATA_SIZES: {
  readonly [P in DartsProtocol]?: {
    readonly images: number
    readonly imagesOfDarts: number
    readonly imageSize: number
  }
} = { quick: { images: 2000, imagesOfDarts: 640, imageSize: 12 } }
