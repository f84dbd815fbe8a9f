import * as Schema from "@effect/schema/Schema"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import { planSupernet } from "../../src/adapters/supernet/plan.ts"
import { SupernetSettings } from "../../src/domain/search/supernet/settings.ts"
import { builtinSpace } from "../../src/domain/space/spaces.ts"
import { datasets } from "./_trainings.ts"

/** Settings of a small supernet: 12 images to train with, 8 to score on, in batches of 4. */
export const supernetSettings = (settings: Partial<typeof SupernetSettings.Encoded> = {}): SupernetSettings =>
  Either.getOrThrow(
    Schema.decodeEither(SupernetSettings)({ channels: 2, epochs: 2, batchSize: 4, validation: 0.4, ...settings })
  )

/** The plan of a small supernet in NAS-Bench-201's space. */
export const planOfSupernet = (settings: Partial<typeof SupernetSettings.Encoded> = {}, seed = "0") =>
  Effect.provide(planSupernet(supernetSettings(settings), builtinSpace("nas-bench-201"), seed), datasets())
