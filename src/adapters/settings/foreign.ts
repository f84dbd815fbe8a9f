import * as Schema from "@effect/schema/Schema"
import * as Either from "effect/Either"
import { SearchSettings } from "../../domain/searchers/settings.ts"
import { SettingsError } from "../../domain/setting/settings_error.ts"
import { flagOf, type GivenSettings } from "./resolve.ts"

/** Settings that matter in some searches by samples alone, and what those have. */
const CONDITIONS: ReadonlyArray<{
  readonly names: ReadonlyArray<string>
  readonly matters: (settings: SearchSettings) => boolean
  readonly needs: string
}> = [
  {
    names: ["population", "tournament"],
    matters: ({ algorithm }) => algorithm === "evolution",
    needs: "--algorithm evolution has it"
  },
  {
    names: ["aggregate", "neighbors", "radius", "center", "moveInputs", "quotient", "constrainNeighbors"],
    matters: ({ algorithm, objective }) => algorithm === "na-rs" || objective === "neighborhood",
    needs: "--objective neighborhood has it, which is that of --algorithm na-rs"
  },
  {
    names: ["goal"],
    matters: ({ evaluator }) => evaluator === "table",
    needs: "--evaluator table has it; the loss of a training is minimized"
  },
  { names: ["costFactor"], matters: ({ cost }) => cost !== undefined, needs: "--cost COLUMN has it" }
]

/**
 * Refuse a setting of a search by samples that is given and stands for nothing: by a flag, or in a file with another value than the default, since
 * files may hold all settings.
 */
export function refuseForeign(
  settings: SearchSettings,
  file: GivenSettings,
  flags: GivenSettings
): Either.Either<void, SettingsError> {
  const defaults: GivenSettings = { ...Schema.decodeSync(SearchSettings)({}) }
  const isGiven = (name: string) =>
    Object.hasOwn(flags, name) || (Object.hasOwn(file, name) && file[name] !== defaults[name])
  for (const { names, matters, needs } of CONDITIONS) {
    const foreign = matters(settings) ? undefined : names.find(isGiven)
    if (foreign === undefined) continue
    const problem = `${foreign} (${flagOf(foreign)}): is no setting of this search; ${needs}`
    return Either.left(new SettingsError({ problem }))
  }
  return Either.right(undefined)
}
