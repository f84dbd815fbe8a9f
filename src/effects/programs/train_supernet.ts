import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type { Architecture } from "../../domain/architecture/architecture.ts"
import type { BatchRequest } from "../../domain/data/batch.ts"
import type { RelaxedShape } from "../../domain/neighborhood/relaxed_shape.ts"
import type { Program } from "../../domain/program/program.ts"
import { split } from "../../domain/random.ts"
import { type Evaluation, ValidationLoss, WORST_LOSS } from "../../domain/score/score.ts"
import type { Space } from "../../domain/space/space.ts"
import { drawPath, pathInputs, paths } from "../../domain/supernet/paths.ts"
import { randomInputs } from "../../domain/training/epoch_plan.ts"
import { addImages, measuredOf, NO_IMAGES } from "../../domain/training/record.ts"
import { Batches } from "../ports/datasets.ts"
import { type DeviceTensor, TensorBackend } from "../ports/tensor_backend.ts"
import { makeDeviceState, upload } from "./device_state.ts"
import { SearchError } from "./search_error.ts"
import { type TrainingPlan, type TrainingProgress, trainNetwork } from "./train_network.ts"

/**
 * What a supernet is made of: a training without validation and test, and how architectures are
 * scored behind it.
 */
export interface SupernetPlan {
  readonly space: Space
  readonly shape: RelaxedShape
  readonly training: TrainingPlan
  /** From `x`, `targets`, `path/…` and the trained weights to `loss` and `correct`. */
  readonly program: Program
  /** A loss: the share of wrong answers, or the mean cross-entropy. */
  readonly measure: "error" | "cross-entropy"
  /** Full batches of validation images. */
  readonly validation: ReadonlyArray<Int32Array>
  readonly request: (indices: Int32Array) => BatchRequest
}

/** The further inputs of a training step: a path drawn by the step's seed. */
export function pathOfStep(space: Space, shape: RelaxedShape): NonNullable<TrainingPlan["inputs"]> {
  const candidates = paths(space)
  return (seed) => pathInputs(space, shape, drawPath(candidates, split(seed, "path")))
}

/**
 * Train a supernet by uniform paths, one architecture a step, and give what scores architectures
 * with its weights, on validation batches and with their statistics. It is a pure function of the
 * plan on one backend: stopped anywhere and run again over the same checkpoints it ends with the
 * same bits. Weights of operations outside a path have the gradient 0, and still decay and move by
 * their momentum. An architecture whose loss is NaN counts as the worst that the measure has.
 * Errors: a `SearchError` where the training diverges.
 *
 * Source: Li and Talwalkar 2019 (arXiv 1902.07638); Guo et al. 2020 (arXiv 1904.00420). Differs
 * from the latter: statistics are those of a batch, not gathered anew.
 */
export const trainSupernet = Effect.fn("trainSupernet")(function* (
  plan: SupernetPlan,
  onProgress: (progress: TrainingProgress) => Effect.Effect<void>
) {
  const { tensors, position } = yield* Effect.catchTag(
    trainNetwork(plan.training, onProgress),
    "TrainingDiverged",
    ({ problem, settings }) =>
      new SearchError({ problem: `of the supernet, ${problem}, and another folder where it is kept`, settings })
  )
  const backend = yield* TensorBackend
  const state = yield* makeDeviceState(tensors)
  const executable = yield* backend.compile(plan.program)
  const queue = yield* Effect.flatMap(Batches, (batches) =>
    batches.open(plan.training.train, plan.validation.map(plan.request))
  )
  const batches: Array<ReadonlyMap<string, DeviceTensor>> = []
  for (const i of plan.validation.keys()) {
    const { x, targets, shape } = Option.getOrThrow(yield* queue.next)
    const random = randomInputs(plan.program.inputs, 0, split(plan.training.seed, "score", i))
    const classes = { shape: [shape[0], plan.training.classes], data: targets }
    batches.push(yield* upload([["x", { shape, data: x }], ["targets", classes], ...random]))
  }
  const score = Effect.fn("scorePath")(
    function* (architecture: Architecture) {
      const path = yield* upload(pathInputs(plan.space, plan.shape, architecture))
      let sums = NO_IMAGES
      for (const [i, batch] of batches.entries()) {
        const read = yield* Effect.scoped(state.run(executable, new Map([...batch, ...path]), ["loss", "correct"]))
        sums = addImages(sums, plan.validation[i]!.length, read.get("loss")![0]!, read.get("correct")![0]!)
      }
      const { loss, accuracy } = measuredOf(sums)
      const measured = plan.measure === "error" ? 1 - accuracy : loss
      const evaluation: Evaluation = Number.isFinite(loss)
        ? { loss: ValidationLoss(measured), seconds: 0 }
        : { loss: WORST_LOSS[plan.measure], seconds: 0, diverged: true }
      return evaluation
    },
    Effect.scoped,
    Effect.provideService(TensorBackend, backend)
  )
  return { score, epochs: position.epochs, seconds: position.seconds }
})
