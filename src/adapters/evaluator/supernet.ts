import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { type Architecture, architectureKey } from "../../domain/architecture/architecture.ts"
import { isMember } from "../../domain/space/membership.ts"
import { EvaluationError, Evaluator } from "../../effects/evaluator.ts"
import type { TensorError } from "../../effects/tensor_backend.ts"
import type { TrainingProgress } from "../../effects/train_network.ts"
import { type SupernetPlan, trainSupernet } from "../../effects/train_supernet.ts"

/** Architectures of a call: few, so that a killed search has recorded almost all of what it knows. */
const BATCH = 16

/** The identity of a supernet's evaluator, known before the supernet is trained. `digest` is that of its plan. */
export function supernetIdentity(digest: string): string {
  return `supernet/${digest}`
}

/**
 * An evaluator that scores architectures with the weights of a supernet, which is trained, or read from its last checkpoint, when the layer is built. An evaluation
 * costs no simulated time: the training is paid once.
 */
export const layer = (
  { plan, digest }: { readonly plan: SupernetPlan; readonly digest: string },
  onProgress: (progress: TrainingProgress) => Effect.Effect<void>
) =>
  Layer.scoped(
    Evaluator,
    Effect.gen(function* () {
      const { score } = yield* trainSupernet(plan, onProgress)
      const evaluateOne = (architecture: Architecture) =>
        score(architecture).pipe(
          Effect.map((loss) => ({ loss, seconds: 0 })),
          Effect.catchTag("TensorError", (error: TensorError) => {
            const reason = error.reason === "out_of_memory" ? error.reason : "unreachable"
            return new EvaluationError({ architecture: architectureKey(architecture), reason })
          })
        )
      return {
        identity: supernetIdentity(digest),
        admits: (architecture: Architecture) => isMember(plan.space, architecture),
        batch: BATCH,
        concurrency: 1,
        evaluate: (architectures: ReadonlyArray<Architecture>) => Effect.forEach(architectures, evaluateOne)
      }
    })
  )
