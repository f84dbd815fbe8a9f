import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { type Checkpoint, Checkpoints } from "../../effects/ports/checkpoints.ts"

/** The last checkpoint, in memory: for tests, and for runs that nobody wants to continue. */
export const layer: Layer.Layer<Checkpoints> = Layer.effect(
  Checkpoints,
  Effect.sync(() => {
    let last: Checkpoint | undefined
    return {
      place: "memory",
      latest: Effect.sync(() => last),
      save: (checkpoint: Checkpoint) =>
        Effect.sync(() => {
          last = checkpoint
        })
    }
  })
)
