import * as Schema from "@effect/schema/Schema"
import * as Either from "effect/Either"
import { Normalization } from "../../domain/data/normalization.ts"
import { SettingsError } from "../../domain/setting/settings_error.ts"

/** What a network's images are before it: pixels from 0 to 1, normalized or not. */
export interface Pixels {
  /**
   * What the network was trained with; none where that is not known, or where images were not
   * normalized.
   */
  readonly normalization: Normalization | undefined
  /** Whether the exported network normalizes its images itself. */
  readonly builtIn: boolean
}

const Numbers = Schema.parseJson(Schema.NonEmptyArray(Schema.Number))
const decode = Schema.decodeUnknownEither(
  Schema.compose(Schema.Struct({ mean: Numbers, std: Numbers }), Normalization, { strict: false })
)

/**
 * A normalization as metadata of a file: `mean` and `std`, each a JSON list with a number per
 * channel.
 */
export function normalizationMetadata(normalization: Normalization | undefined): Readonly<Record<string, string>> {
  if (normalization === undefined) return {}
  return { mean: JSON.stringify(normalization.mean), std: JSON.stringify(normalization.std) }
}

/** The normalization in the metadata of a file; none where they tell none that is understood. */
export function normalizationIn(metadata: Readonly<Record<string, string>>): Normalization | undefined {
  return Either.getOrUndefined(decode(metadata))
}

/** What is asked about an exported network's images. */
export interface PixelRequest {
  /** Whether the network is to normalize its images itself. */
  readonly normalize: boolean
  /**
   * Numbers per channel, separated by commas; those of the weights' file where they are left out.
   */
  readonly mean?: string | undefined
  readonly std?: string | undefined
}

/** The images of a network from what is asked, and what the weights' file says. */
export function pixelsOf(
  { normalize, mean, std }: PixelRequest,
  stored: Normalization | undefined,
  channels: number
): Either.Either<Pixels, SettingsError> {
  const fail = (problem: string) => Either.left(new SettingsError({ problem }))
  if ((mean === undefined) !== (std === undefined)) return fail("--mean and --std go together: give both or neither")
  const given = mean === undefined ? undefined : Either.getOrUndefined(decode({ mean: `[${mean}]`, std: `[${std}]` }))
  if (mean !== undefined && given === undefined)
    return fail("--mean, --std: expected numbers separated by commas, as many in both, and positive in --std")
  const normalization = given ?? stored
  if (normalize && normalization === undefined)
    return fail("--normalize: the weights do not say how images were normalized; add --mean and --std")
  const count = normalization?.mean.length
  if (count !== undefined && count !== channels)
    return fail(`--mean, --std: ${count} numbers for images of ${channels} channels; give one for each`)
  return Either.right({ normalization, builtIn: normalize })
}

/** What the input of an exported network holds, in words. */
export function pixelsText({ normalization, builtIn }: Pixels): string {
  if (builtIn) return "pixels from 0 to 1"
  return normalization === undefined ? "pixels as in training" : "pixels from 0 to 1, then (x - mean) / std"
}
