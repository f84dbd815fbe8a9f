import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { Curves } from "../../effects/ports/curves.ts"

/** Curves that nobody looks at. */
export const layer: Layer.Layer<Curves> = Layer.succeed(Curves, { show: () => Effect.void })
