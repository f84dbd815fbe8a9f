import { CENTER, drawRelaxedNeighbors, type RelaxedNeighbor } from "../neighborhood/relaxed_neighbors.ts"
import type { RelaxedShape } from "../neighborhood/relaxed_shape.ts"
import type { Aggregate } from "../objective/aggregate.ts"
import { keyOf, type Seed, shuffled, split } from "../random.ts"
import type { Level } from "./level.ts"
import type { DartsSearch, NeighborDraw } from "./method.ts"
import type { DartsSettings } from "./settings.ts"
import { type StopRule, stopRuleOf } from "./stop_rule.ts"

/** What stays the same over an epoch. Made once, for `planStep` to read. */
export interface EpochPlan {
  readonly epoch: number
  /** Number of steps: full batches of the weights' images. */
  readonly steps: number
  /**
   * The images of each level, as numbers below the number of examples, in the order of this epoch.
   */
  readonly images: Readonly<Record<Level, Int32Array>>
  readonly learningRate: Readonly<Record<Level, number>>
  /** What each level sees; a level without neighbors runs the center alone. */
  readonly neighbors: Readonly<Record<Level, NeighborDraw | undefined>>
  /** The stream of the epoch's draws. */
  readonly seed: Seed
}

/**
 * One update: its runs are architectures whose gradients are summed with the weights of the
 * aggregate.
 */
export interface UpdatePlan {
  readonly level: Level
  /** The center first, where it counts, then its neighbors. */
  readonly runs: ReadonlyArray<RelaxedNeighbor>
  readonly aggregate: Aggregate
  readonly learningRate: number
  /** The stream of the update's noise. */
  readonly seed: Seed
}

/** One step: a batch for each level and the two updates, in order. */
export interface StepPlan {
  readonly epoch: number
  readonly step: number
  /**
   * Per level the images of its batch. The weights' batch also is that of a second-order
   * look-ahead.
   */
  readonly batch: Readonly<Record<Level, Int32Array>>
  /** ξ of a second-order look-ahead: the weights' learning rate. */
  readonly xi: number
  readonly updates: readonly [UpdatePlan, UpdatePlan]
}

/** The neighbors that a level sees in an epoch; none where there is no neighbor to see. */
function drawOf({ method, settings }: DartsSearch, shape: RelaxedShape, level: Level, epoch: number) {
  const draw = method.neighbors(settings, shape, level, epoch)
  return draw === undefined || draw.count === 0 ? undefined : draw
}

/**
 * The numbers of runs that updates of a level have, over all epochs: what its update programs are
 * built for.
 */
export function runsOf(search: DartsSearch, shape: RelaxedShape, level: Level): ReadonlySet<number> {
  const counts = Array.from({ length: search.settings.epochs }, (_, epoch) => {
    const draw = drawOf(search, shape, level, epoch)
    return draw === undefined ? 1 : draw.count + (draw.center ? 1 : 0)
  })
  return new Set(counts)
}

/**
 * Whether updates of a level tell how much worse the neighbors are than the architecture itself.
 */
export function hasGap(search: DartsSearch, shape: RelaxedShape, level: Level): boolean {
  return drawOf(search, shape, level, 0)?.center ?? false
}

/** The rule that may end a search before its last epoch, if any does. */
export function ruleOf({ method, settings }: DartsSearch): StopRule | undefined {
  const holds = settings.readEpoch === undefined && (settings.stopRule ?? method.stops(settings))
  return holds ? stopRuleOf(settings) : undefined
}

/** How a number of examples is split between the levels, at random and once per seed. */
function splitExamples(
  { weightShare }: DartsSettings,
  examples: number,
  seed: Seed
): Readonly<Record<Level, Int32Array>> {
  const order = Int32Array.from(shuffled(keyOf(split(seed, "split")), examples))
  const border = Math.floor(weightShare * examples)
  return { weights: order.slice(0, border), alpha: order.slice(border) }
}

/**
 * The plan of an epoch of a search over `examples` training images. It depends on the settings, the
 * seed and the epoch alone. Each level's images come in a new order every epoch; what does not fill
 * a batch rests until the next one.
 *
 * Source: Liu, Simonyan, Yang 2019 (arXiv 1806.09055) algorithm 1.
 */
export function planEpoch(
  search: DartsSearch,
  shape: RelaxedShape,
  examples: number,
  seed: Seed,
  epoch: number
): EpochPlan {
  const { settings } = search
  const own = split(seed, "epoch", epoch)
  const halves = splitExamples(settings, examples, seed)
  const reordered = (level: Level) => {
    const half = halves[level]
    return Int32Array.from(shuffled(keyOf(split(own, level, "order")), half.length), (place) => half[place]!)
  }
  const { learningRate, lastLearningRate } = settings
  const cosine = (1 + Math.cos((Math.PI * epoch) / settings.epochs)) / 2
  return {
    epoch,
    steps: Math.floor(halves.weights.length / settings.batchSize),
    images: { weights: reordered("weights"), alpha: reordered("alpha") },
    learningRate: {
      weights: lastLearningRate + (learningRate - lastLearningRate) * cosine,
      alpha: settings.alphaLearningRate
    },
    neighbors: {
      weights: drawOf(search, shape, "weights", epoch),
      alpha: drawOf(search, shape, "alpha", epoch)
    },
    seed: own
  }
}

/**
 * The images of the batches that eigenvalues are measured on, the same in every epoch: the first
 * full ones, `count` at most, of the validation images in the order in which the seed splits them
 * off.
 */
export function curvatureBatches(
  { settings }: DartsSearch,
  examples: number,
  seed: Seed,
  count: number
): ReadonlyArray<Int32Array> {
  const { batchSize } = settings
  const { alpha } = splitExamples(settings, examples, seed)
  return Array.from({ length: Math.min(count, Math.floor(alpha.length / batchSize)) }, (_, i) =>
    alpha.slice(i * batchSize, (i + 1) * batchSize)
  )
}

/**
 * Per level the images of the batch of step number `step` of an epoch, below `plan.steps`. Alpha's
 * batches begin again where they are fewer.
 */
export function stepBatches(
  { settings: { batchSize } }: DartsSearch,
  { images }: EpochPlan,
  step: number
): Readonly<Record<Level, Int32Array>> {
  const batch = (level: Level) => {
    const place = step % Math.max(1, Math.floor(images[level].length / batchSize))
    return images[level].slice(place * batchSize, (place + 1) * batchSize)
  }
  return { alpha: batch("alpha"), weights: batch("weights") }
}

/** Step number `step` of an epoch, below `plan.steps`. */
export function planStep(search: DartsSearch, shape: RelaxedShape, plan: EpochPlan, step: number): StepPlan {
  const update = (level: Level): UpdatePlan => {
    const seed = split(plan.seed, "step", step, level)
    const draw = plan.neighbors[level]
    return {
      level,
      runs:
        draw === undefined ? [CENTER] : drawnRuns(draw, shape, draw.fresh === "batch" ? seed : split(plan.seed, level)),
      aggregate: draw?.aggregate ?? { _tag: "Mean" },
      learningRate: plan.learningRate[level],
      seed
    }
  }
  const updates = { alpha: update("alpha"), weights: update("weights") }
  return {
    epoch: plan.epoch,
    step,
    batch: stepBatches(search, plan, step),
    xi: plan.learningRate.weights,
    updates: search.settings.first === "alpha" ? [updates.alpha, updates.weights] : [updates.weights, updates.alpha]
  }
}

function drawnRuns(
  { neighborhood, count, center }: NeighborDraw,
  shape: RelaxedShape,
  seed: Seed
): ReadonlyArray<RelaxedNeighbor> {
  const neighbors = drawRelaxedNeighbors(shape, neighborhood, count, split(seed, "neighbors"))
  return center ? [CENTER, ...neighbors] : neighbors
}
