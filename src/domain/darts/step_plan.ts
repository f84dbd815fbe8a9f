import {
  CENTER,
  drawRelaxedNeighbors,
  type RelaxedNeighbor,
  type RelaxedNeighborhood,
  relaxedNeighborCount
} from "../neighborhood/relaxed_neighbors.ts"
import type { RelaxedShape } from "../neighborhood/relaxed_shape.ts"
import { keyOf, type Seed, shuffled, split } from "../random.ts"
import { type GradientSearch, rampAt } from "./settings.ts"

/** The two levels of the search: alpha, by the validation loss, and the weights, by the training loss. */
export type Level = "alpha" | "weights"

/** What stays the same over an epoch. Made once, for `planStep` to read. */
export interface EpochPlan {
  readonly epoch: number
  /** Number of steps: full batches of the weights' images. */
  readonly steps: number
  /** The images of each level, as numbers below the number of examples, in the order of this epoch. */
  readonly images: Readonly<Record<Level, Int32Array>>
  readonly learningRate: Readonly<Record<Level, number>>
  readonly neighbors: Readonly<Record<Level, NeighborDraw>>
  /** SDARTS-RS's ε. */
  readonly epsilon: number | undefined
  /** GDAS's τ. */
  readonly temperature: number | undefined
  /** The stream of the epoch's draws. */
  readonly seed: Seed
}

/** The draw of a level's neighbors in an epoch. Without neighbors there is no neighborhood. */
interface NeighborDraw {
  readonly count: number
  readonly neighborhood: RelaxedNeighborhood | undefined
}

/** One update: its runs are architectures whose gradients are summed with the weights of the aggregate. */
export interface UpdatePlan {
  readonly level: Level
  /** The center first, where it counts, then its neighbors. */
  readonly runs: ReadonlyArray<RelaxedNeighbor>
  readonly learningRate: number
  /** The stream of the update's noise. */
  readonly seed: Seed
}

/** One step: a batch for each level and the two updates, in order. */
export interface StepPlan {
  readonly epoch: number
  readonly step: number
  /** Per level the images of its batch. The weights' batch also is that of a second-order look-ahead. */
  readonly batch: Readonly<Record<Level, Int32Array>>
  /** ξ of a second-order look-ahead: the weights' learning rate. */
  readonly xi: number
  readonly epsilon: number | undefined
  readonly temperature: number | undefined
  readonly updates: readonly [UpdatePlan, UpdatePlan]
}

/** Whether updates of a level see neighbors. */
export function seesNeighbors(settings: GradientSearch, level: Level): boolean {
  return settings._tag === "NaDarts" && settings.neighbors !== 0 && ["both", level].includes(settings.steps)
}

/** Number of neighbors that an update of a level sees in an epoch. */
function neighborDraw(settings: GradientSearch, shape: RelaxedShape, level: Level, epoch: number): NeighborDraw {
  if (settings._tag !== "NaDarts" || !seesNeighbors(settings, level)) return { count: 0, neighborhood: undefined }
  const radius =
    typeof settings.radius === "number"
      ? settings.radius
      : Math.max(1, Math.round(rampAt(settings.radius, epoch, settings.epochs)))
  const neighborhood = { radius, exactRadius: settings.exactRadius, neighborNone: settings.neighborNone }
  const all = relaxedNeighborCount(shape, neighborhood)
  return { count: settings.neighbors === "all" ? all : Math.min(settings.neighbors, all), neighborhood }
}

/** The numbers of runs that updates of a level have, over all epochs: what its update programs are built for. */
export function runsOf(settings: GradientSearch, shape: RelaxedShape, level: Level): ReadonlySet<number> {
  const counts = Array.from({ length: settings.epochs }, (_, epoch) => {
    const { count } = neighborDraw(settings, shape, level, epoch)
    return count + (count === 0 || (settings._tag === "NaDarts" && settings.center) ? 1 : 0)
  })
  return new Set(counts)
}

/** How a number of examples is split between the levels, at random and once per seed. */
function splitExamples(settings: GradientSearch, examples: number, seed: Seed): Readonly<Record<Level, Int32Array>> {
  const order = Int32Array.from(shuffled(keyOf(split(seed, "split")), examples))
  const border = Math.floor(settings.weightShare * examples)
  return { weights: order.slice(0, border), alpha: order.slice(border) }
}

/**
 * The plan of an epoch of a search over `examples` training images. It depends on the settings, the seed and the epoch alone. Each level's images come
 * in a new order every epoch; what does not fill a batch rests until the next one.
 *
 * Source: Liu, Simonyan, Yang 2019 (arXiv 1806.09055) algorithm 1.
 */
export function planEpoch(
  settings: GradientSearch,
  shape: RelaxedShape,
  examples: number,
  seed: Seed,
  epoch: number
): EpochPlan {
  const own = split(seed, "epoch", epoch)
  const halves = splitExamples(settings, examples, seed)
  const reordered = (level: Level) => {
    const half = halves[level]
    return Int32Array.from(shuffled(keyOf(split(own, level, "order")), half.length), (place) => half[place]!)
  }
  const { learningRate, lastLearningRate } = settings.weights
  const cosine = (1 + Math.cos((Math.PI * epoch) / settings.epochs)) / 2
  return {
    epoch,
    steps: Math.floor(halves.weights.length / settings.batchSize),
    images: { weights: reordered("weights"), alpha: reordered("alpha") },
    learningRate: {
      weights: lastLearningRate + (learningRate - lastLearningRate) * cosine,
      alpha: settings.alpha.learningRate
    },
    neighbors: {
      weights: neighborDraw(settings, shape, "weights", epoch),
      alpha: neighborDraw(settings, shape, "alpha", epoch)
    },
    epsilon: settings._tag === "SdartsRs" ? rampAt(settings.epsilon, epoch, settings.epochs) : undefined,
    temperature: settings._tag === "Gdas" ? rampAt(settings.temperature, epoch, settings.epochs) : undefined,
    seed: own
  }
}

/**
 * The images of the batches that eigenvalues are measured on, the same in every epoch: the first full ones, `count` at
 * most, of the validation images in the order in which the seed splits them off.
 */
export function curvatureBatches(
  settings: GradientSearch,
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

/** Per level the images of the batch of step number `step` of an epoch, below `plan.steps`. Alpha's batches begin again where they are fewer. */
export function stepBatches(
  { batchSize }: GradientSearch,
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
export function planStep(settings: GradientSearch, shape: RelaxedShape, plan: EpochPlan, step: number): StepPlan {
  const update = (level: Level): UpdatePlan => {
    const seed = split(plan.seed, "step", step, level)
    return {
      level,
      runs: runsAt(settings, shape, plan, level, seed),
      learningRate: plan.learningRate[level],
      seed
    }
  }
  const { epoch, epsilon, temperature } = plan
  const updates = { alpha: update("alpha"), weights: update("weights") }
  return {
    epoch,
    step,
    batch: stepBatches(settings, plan, step),
    xi: plan.learningRate.weights,
    epsilon,
    temperature,
    updates: settings.first === "alpha" ? [updates.alpha, updates.weights] : [updates.weights, updates.alpha]
  }
}

function runsAt(
  settings: GradientSearch,
  shape: RelaxedShape,
  plan: EpochPlan,
  level: Level,
  stepSeed: Seed
): ReadonlyArray<RelaxedNeighbor> {
  const { count, neighborhood } = plan.neighbors[level]
  if (settings._tag !== "NaDarts" || neighborhood === undefined || count === 0) return [CENTER]
  const seed = split(settings.fresh === "batch" ? stepSeed : split(plan.seed, level), "neighbors")
  const neighbors = drawRelaxedNeighbors(shape, neighborhood, count, seed)
  return settings.center ? [CENTER, ...neighbors] : neighbors
}
