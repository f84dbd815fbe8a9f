import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type { CurvePoint } from "../../domain/training/curve_point.ts"
import type { CheckpointError } from "./checkpoints.ts"

/** Where the curves of a run are shown. */
export class Curves extends Context.Tag("na-nas/Curves")<
  Curves,
  {
    /**
     * Make the curves go through these points and no others, whatever was shown before; steps rise.
     * To be called with all points whenever there is a new one.
     */
    readonly show: (points: ReadonlyArray<CurvePoint>) => Effect.Effect<void, CheckpointError>
  }
>() {}
