import type { ParseError } from "@effect/schema/ParseResult"
import * as Schema from "@effect/schema/Schema"
import type * as Either from "effect/Either"
import { Representation } from "../neighborhood/relaxed_maps.ts"
import { Aggregate } from "../objective/aggregate.ts"
import { NeighborCount, withDefault } from "../setting/schemas.ts"
import { StopRule } from "./stop_rule.ts"

const Count = Schema.Int.pipe(Schema.positive())
const Rate = Schema.Number.pipe(Schema.nonNegative(), Schema.finite())
const Positive = Schema.Number.pipe(Schema.positive(), Schema.finite())
const Share = Schema.Number.pipe(Schema.greaterThanOrEqualTo(0), Schema.lessThan(1))

/** Stochastic gradient descent of the weights: a cosine from the first learning rate to the last, an epoch at a time. */
export const WeightOptimizer = Schema.Struct({
  learningRate: withDefault(Rate, 0.025),
  lastLearningRate: withDefault(Rate, 0.001),
  momentum: withDefault(Share, 0.9),
  nesterov: withDefault(Schema.Boolean, false),
  weightDecay: withDefault(Rate, 3e-4),
  /** Largest norm of all gradients together. */
  clip: withDefault(Positive, 5)
}).annotations({ identifier: "WeightOptimizer" })
export interface WeightOptimizer extends Schema.Schema.Type<typeof WeightOptimizer> {}

/** Adam for alpha, at a constant learning rate. */
export const AlphaOptimizer = Schema.Struct({
  learningRate: withDefault(Rate, 3e-4),
  beta1: withDefault(Share, 0.5),
  beta2: withDefault(Share, 0.999),
  epsilon: withDefault(Positive, 1e-8),
  weightDecay: withDefault(Rate, 1e-3)
}).annotations({ identifier: "AlphaOptimizer" })
export interface AlphaOptimizer extends Schema.Schema.Type<typeof AlphaOptimizer> {}

/** A number that changes over the epochs in a straight line, the first epoch's and the last's given. */
export const Ramp = Schema.Struct({ from: Positive, to: Positive }).annotations({ identifier: "Ramp" })
export interface Ramp extends Schema.Schema.Type<typeof Ramp> {}

/** What all methods have in common: the alternation of DARTS. */
const protocol = {
  version: withDefault(Schema.Literal(1), 1),
  epochs: withDefault(Count, 50),
  batchSize: withDefault(Count, 64),
  /** Share of the training images that the weights are trained with; alpha has the rest. */
  weightShare: withDefault(Schema.Number.pipe(Schema.greaterThan(0), Schema.lessThan(1)), 0.5),
  /** Which of a step's two updates comes first: `alpha` in DARTS, `weights` in the code of NAS-Bench-201. */
  first: withDefault(Schema.Literal("alpha", "weights"), "alpha"),
  weights: withDefault(WeightOptimizer, Schema.decodeSync(WeightOptimizer)({})),
  alpha: withDefault(AlphaOptimizer, Schema.decodeSync(AlphaOptimizer)({})),
  /** Standard deviation of alpha at the start. */
  initialAlpha: withDefault(Rate, 1e-3),
  /** Whether an edge may be read off as `none`, in a space that keeps every edge. */
  readNone: withDefault(Schema.Boolean, true),
  /** When a search ends before its last epoch; it runs through where absent. */
  stop: Schema.optional(StopRule),
  /**
   * The epoch, counted from 1, after which the cell is read off, whatever the stop rule says; the search ends there. Its
   * learning rates are those of all `epochs`. The control of a stop rule.
   */
  readEpoch: Schema.optional(Count)
} as const

/**
 * How the alpha gradient looks ahead: not at all, by differentiating a training step twice, or by a finite difference. `unrolledMomentum`: whether
 * that step has the optimizer's momentum, as in the code of DARTS but not in its paper.
 */
const order = {
  order: withDefault(Schema.Literal("first", "second", "finite-difference"), "first"),
  unrolledMomentum: withDefault(Schema.Boolean, false)
} as const

/** DARTS. Source: Liu, Simonyan, Yang 2019 (arXiv 1806.09055). */
export const Darts = Schema.TaggedStruct("Darts", { ...order, ...protocol })

/**
 * NA-DARTS: DARTS on the aggregate over a relaxed neighborhood. Source: Wang et al. 2021 (arXiv 2105.06369); the representation is ours, and so are the
 * defaults of it and of the number of neighbors, chosen by `bench/cifar10_study.ts`.
 */
export const NaDarts = Schema.TaggedStruct("NaDarts", {
  representation: withDefault(Representation, { _tag: "Mix", rho: 0.5 }),
  /** Neighbors of a step; all of them where there are no more. With 0 it is DARTS. */
  neighbors: withDefault(NeighborCount, 2),
  /** Most edges that a neighbor changes; with a ramp, rounded. */
  radius: withDefault(Schema.Union(Count, Ramp), 1),
  /** Whether every neighbor changes exactly as many. */
  exactRadius: withDefault(Schema.Boolean, false),
  aggregate: withDefault(Aggregate, { _tag: "Mean" }),
  /** Whether the architecture itself counts in the aggregate; without neighbors it does. */
  center: withDefault(Schema.Boolean, true),
  /** Which updates see the neighbors; the other is DARTS's. */
  steps: withDefault(Schema.Literal("both", "alpha", "weights"), "both"),
  /** How long neighbors stay. */
  fresh: withDefault(Schema.Literal("batch", "epoch"), "batch"),
  /** Whether a neighbor may change to `none`, or move its share. */
  neighborNone: withDefault(Schema.Boolean, true),
  ...order,
  ...protocol
})

/** SDARTS-RS: DARTS whose weights are trained at a random perturbation within ε. Source: Chen and Hsieh 2020 (arXiv 2002.05283). */
export const SdartsRs = Schema.TaggedStruct("SdartsRs", {
  epsilon: withDefault(Ramp, { from: 0.03, to: 0.3 }),
  ...order,
  ...protocol
})

/**
 * GDAS: both updates at a one-hot Gumbel sample. Source: Dong and Yang 2019 (arXiv 1910.04465). Differs from its code: weights of
 * operations outside the sample have the gradient 0 and still decay.
 */
export const Gdas = Schema.TaggedStruct("Gdas", { temperature: withDefault(Ramp, { from: 10, to: 0.1 }), ...protocol })

/**
 * A²M: the alpha gradient is taken at α + ρ ∇α L_val, with the order `second` through the ascent too. Source: Gambella, Pittorino, Roveri 2025
 * (arXiv 2503.10404).
 */
export const A2m = Schema.TaggedStruct("A2m", {
  rho: withDefault(Rate, 0.01),
  order: withDefault(Schema.Literal("first", "second"), "first"),
  ...protocol
})

/** A gradient-based search with all its settings, as written in a config file and stored in a run. */
export const GradientSearch = Schema.Union(Darts, NaDarts, SdartsRs, Gdas, A2m).annotations({
  identifier: "GradientSearch"
})
export type GradientSearch = typeof GradientSearch.Type

const NAS_BENCH_201 = { first: "weights", weights: { nesterov: true, weightDecay: 5e-4 } } as const

/**
 * The settings of protocols, where they differ from the defaults. `darts`: the defaults. `nas-bench-201`: the search of that benchmark.
 * `nas-bench-201-small`: the same with a faster alpha over fewer epochs, ours, for 8 channels, a cell a stage and 5,000 images of 16×16 a level, in
 * which DARTS collapses to skip connections within minutes. `quick`: ours, the default of searches on the command line, for the data of `DATA_SIZES`.
 */
export const GRADIENT_PROTOCOLS = {
  quick: { ...NAS_BENCH_201, epochs: 5, batchSize: 32, alpha: { learningRate: 0.02 } },
  darts: {},
  "nas-bench-201": NAS_BENCH_201,
  "nas-bench-201-small": { ...NAS_BENCH_201, epochs: 25, alpha: { learningRate: 3e-3 } }
} as const satisfies Record<string, Partial<typeof Darts.Encoded>>

/** One of `GRADIENT_PROTOCOLS`. */
export type GradientProtocol = keyof typeof GRADIENT_PROTOCOLS

/**
 * The most training images and the largest height and width that a protocol takes of a dataset; `imagesOfDarts` in
 * DARTS's skeleton, whose steps take longer. Protocols that are absent take all images as they are. `quick` is small
 * enough for about half a minute on two cores, and large enough for a cell that is no collapse.
 */
export const DATA_SIZES: {
  readonly [P in GradientProtocol]?: {
    readonly images: number
    readonly imagesOfDarts: number
    readonly imageSize: number
  }
} = { quick: { images: 2000, imagesOfDarts: 640, imageSize: 12 } }

/** A method with the settings of a protocol; `settings` go before both, those of an optimizer one by one. */
export function gradientSearch(
  method: GradientSearch["_tag"],
  name: GradientProtocol,
  settings: Readonly<Record<string, unknown>> = {}
): Either.Either<GradientSearch, ParseError> {
  const given: Readonly<Record<string, unknown>> = GRADIENT_PROTOCOLS[name]
  const both = (field: string) => {
    const [ours, theirs] = [given[field], settings[field]]
    if (ours === undefined || theirs === undefined) return {}
    return { [field]: { ...Object(ours), ...Object(theirs) } }
  }
  const merged = { ...given, ...settings, ...both("weights"), ...both("alpha"), _tag: method }
  return Schema.decodeUnknownEither(GradientSearch)(merged, { onExcessProperty: "error" })
}

/** The number of a ramp in an epoch, from 0 to epochs − 1. */
export function rampAt({ from, to }: Ramp, epoch: number, epochs: number): number {
  const share = epochs === 1 ? 0 : epoch / (epochs - 1)
  return from * (1 - share) + to * share
}
