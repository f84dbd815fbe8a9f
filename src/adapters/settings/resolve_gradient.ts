import * as ArrayFormatter from "@effect/schema/ArrayFormatter"
import * as Schema from "@effect/schema/Schema"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import { GradientRunSettings } from "../../domain/search/gradient/run_settings.ts"
import { SettingsError } from "../../domain/search/settings.ts"
import { flagOf, type GivenSettings, readConfig } from "./resolve.ts"

const decode = Schema.decodeUnknownEither(GradientRunSettings, { onExcessProperty: "error", errors: "all" })

/** Full settings of a gradient search from those given: the config file's first, the flags' over them, defaults for the rest. */
export const resolveGradientSettings = Effect.fn("resolveGradientSettings")(function* (
  config: string | undefined,
  flags: GivenSettings
) {
  const file = config === undefined ? {} : yield* readConfig(config)
  return yield* Either.mapLeft(decode({ ...file, ...flags }), (error) => {
    const [issue] = ArrayFormatter.formatErrorSync(error)
    const name = String(issue?.path[0] ?? "settings")
    const problem =
      issue?._tag === "Unexpected"
        ? "is no setting of a search by gradients"
        : (issue?.message.replace(/\s+/g, " ") ?? "unknown")
    return new SettingsError({ problem: `${name} (${flagOf(name)}): ${problem}` })
  })
})
