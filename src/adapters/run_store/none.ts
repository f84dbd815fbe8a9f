import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { RunStore } from "../../effects/ports/run_store.ts"

/** A run that is not kept: nothing is recorded, nothing is known. */
export const layer: Layer.Layer<RunStore> = Layer.succeed(RunStore, {
  recorded: () => Effect.succeed([]),
  record: () => Effect.void,
  journal: () => Effect.void,
  outcomes: Effect.succeed(new Map()),
  finish: () => Effect.void
})
