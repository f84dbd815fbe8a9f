import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { LEVELS } from "../../domain/darts/level.ts"
import { curvatureBatches, planEpoch, stepBatches } from "../../domain/darts/step_plan.ts"
import type { StepPrograms } from "../../domain/darts/step_programs.ts"
import type { Batch, BatchRequest } from "../../domain/data/batch.ts"
import { shapesOf } from "../../domain/program/port.ts"
import { elementCount } from "../../domain/program/program.ts"
import { split, standardNormals } from "../../domain/random.ts"
import { Batches } from "../ports/datasets.ts"
import type { HostValues } from "../ports/tensor_backend.ts"
import type { BatchInputs, BatchPlace, DartsPlan, StepBatches } from "./darts_step.ts"

/**
 * Begin to make the batches of a search from a step on, in the order in which its steps take them:
 * the validation images, then the training images. Gives what takes those of the next step. An
 * interruption on the way must be the end of the search.
 */
export const openStepBatches = Effect.fnUntraced(function* (
  plan: DartsPlan,
  programs: StepPrograms,
  from: { readonly epoch: number; readonly step: number }
) {
  const queue = yield* (yield* Batches).open(plan.reader, batchRequests(plan, from))
  const next = Effect.flatMap(
    queue.next,
    Option.match({
      onNone: () => Effect.dieMessage("a search takes no more batches than it has"),
      onSome: Effect.succeed
    })
  )
  return Effect.fnUntraced(function* ({ epoch, step }: { readonly epoch: number; readonly step: number }) {
    const [alpha, weights] = [yield* next, yield* next]
    const batches: StepBatches = {
      alpha: batchInputs(plan, programs, alpha, { epoch, step, level: "alpha" }),
      weights: batchInputs(plan, programs, weights, { epoch, step, level: "weights" })
    }
    return batches
  })
})

/**
 * The batches that eigenvalues are measured on. They are augmented as in the first epoch, in every
 * one.
 */
export const takeCurvatureBatches = Effect.fnUntraced(function* (plan: DartsPlan, programs: StepPrograms) {
  const { settings, examples, seed } = plan
  const images = curvatureBatches(plan, examples, seed, settings.eigenvalueBatches)
  const places = images.map((_, step): BatchPlace => ({ epoch: 0, step, level: "alpha" }))
  const requests = images.map((own, step) => plan.request(own, places[step]!))
  const queue = yield* (yield* Batches).open(plan.reader, requests)
  return yield* Effect.forEach(places, (place) =>
    Effect.map(queue.next, (batch) => batchInputs(plan, programs, Option.getOrThrow(batch), place))
  )
}, Effect.scoped)

/**
 * The requests of a search's batches from a step on, to its last epoch, or that after which it is
 * read off.
 */
function* batchRequests(
  plan: DartsPlan,
  from: { readonly epoch: number; readonly step: number }
): Generator<BatchRequest> {
  const { settings, network, examples, seed } = plan
  const epochs = settings.readEpoch ?? settings.epochs
  for (let { epoch, step } = from; epoch < epochs; epoch++, step = 0) {
    const planned = planEpoch(plan, network.shape, examples, seed, epoch)
    for (; step < planned.steps; step++) {
      const images = stepBatches(plan, planned, step)
      for (const level of LEVELS) yield plan.request(images[level], { epoch, step, level })
    }
  }
}

/** A batch with the noise that the network asks for beside its images. */
function batchInputs(
  { seed }: DartsPlan,
  { loss }: StepPrograms,
  { shape, x, targets }: Batch,
  { epoch, step, level }: BatchPlace
): BatchInputs {
  const inputs = new Map<string, HostValues>([
    ["x", { shape, data: x }],
    ["targets", { shape: [shape[0], targets.length / shape[0]], data: targets }]
  ])
  for (const [name, own] of shapesOf(loss.batch)) {
    if (inputs.has(name)) continue
    const data = standardNormals(elementCount(own), split(seed, name, epoch, step, level))
    inputs.set(name, { shape: own, data })
  }
  return inputs
}
