import { createHash } from "node:crypto"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { type Architecture, architectureKey } from "../../domain/architecture/architecture.ts"
import { isMember } from "../../domain/architecture/membership.ts"
import { EvaluationError, Evaluator } from "../../effects/ports/evaluator.ts"
import type { TrainingProgress } from "../../effects/programs/train_network.ts"
import { type SupernetPlan, trainSupernet } from "../../effects/programs/train_supernet.ts"

/**
 * Architectures of a call: few, so that a killed search has recorded almost all of what it knows.
 */
const BATCH = 16

/** What the scores of a supernet depend on besides its plan. */
export interface SupernetMachine {
  /** Name of the backend. */
  readonly backend: string
  /** Its threads, of which its bits may depend. */
  readonly threads: number | undefined
  /** Digest of the data. */
  readonly data: string
}

/**
 * The identity of a supernet's evaluator, known before the supernet is trained: all that its losses
 * depend on.
 */
export function supernetIdentity(plan: SupernetPlan, { backend, threads, data }: SupernetMachine): string {
  const { space, training, measure, validation } = plan
  const { protocol, seed, parts } = training
  const images = [parts.training, ...validation].map((part) => Array.from(part))
  const content = [
    1,
    space.cells,
    space.decisions,
    space.reading,
    protocol,
    seed,
    images,
    data,
    backend,
    threads ?? null
  ]
  return `supernet/${createHash("sha256").update(JSON.stringify(content)).digest("hex")}/${measure}`
}

/**
 * An evaluator that scores architectures with the weights of a supernet, which is trained, or read
 * from its last checkpoint, when the layer is built. An evaluation costs no simulated time: the
 * training is paid once.
 */
export const layer = (
  { plan, identity }: { readonly plan: SupernetPlan; readonly identity: string },
  onProgress: (progress: TrainingProgress) => Effect.Effect<void>
) =>
  Layer.scoped(
    Evaluator,
    Effect.gen(function* () {
      const { score } = yield* trainSupernet(plan, onProgress)
      const evaluateOne = (architecture: Architecture) =>
        score(architecture).pipe(
          Effect.catchTag("TensorError", (error) => {
            const reason = error.reason === "out_of_memory" ? error.reason : ("failed" as const)
            const detail = error.message
            return new EvaluationError({ architecture: architectureKey(architecture), reason, detail })
          })
        )
      return {
        identity,
        admits: (architecture: Architecture) => isMember(plan.space, architecture),
        batch: BATCH,
        concurrency: 1,
        evaluate: (architectures: ReadonlyArray<Architecture>) => Effect.forEach(architectures, evaluateOne)
      }
    })
  )
