import * as Effect from "effect/Effect"
import { builtinSpace } from "../../../src/domain/space/spaces.ts"
import { SUPERNET_PROTOCOLS } from "../../../src/domain/supernet/protocols.ts"
import { changedProtocol, type ProtocolChanges } from "../../../src/domain/training/protocol.ts"
import { planSupernet, type SupernetOptions } from "../../../src/effects/programs/plan_supernet.ts"
import { openTrainingImages } from "../../../src/effects/programs/plan_training.ts"
import { datasets } from "./_trainings.ts"

/** The plan of a small supernet in NAS-Bench-201's space: 12 images to train with, 8 to score on, in batches of 4. */
export const planOfSupernet = (
  changes: ProtocolChanges = {},
  options: Partial<Pick<SupernetOptions, "measure" | "scoreBatches">> & {
    readonly validation?: number
    readonly seed?: string
  } = {}
) =>
  Effect.gen(function* () {
    const { measure = "error", scoreBatches, validation = 0.4, seed = "0" } = options
    const small = { channels: 2, epochs: 2, batchSize: 4, ...changes }
    const protocol = changedProtocol(SUPERNET_PROTOCOLS["nas-bench-201-small"], small)
    const images = yield* openTrainingImages({ dataset: "mnist", validation, seed }, protocol)
    return yield* planSupernet({ space: builtinSpace("nas-bench-201"), protocol, images, measure, scoreBatches })
  }).pipe(Effect.provide(datasets()))
