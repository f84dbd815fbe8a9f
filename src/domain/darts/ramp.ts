import * as Either from "effect/Either"
import type { Kind } from "../setting/kind.ts"
import { parsed } from "../setting/kind.ts"

/**
 * A number that changes over the epochs in a straight line, from the first epoch's to the last's.
 */
interface Ramp {
  readonly from: number
  readonly to: number
}

/** The number of a ramp in an epoch, from 0 to epochs − 1. */
export function rampAt({ from, to }: Ramp, epoch: number, epochs: number): number {
  const share = epochs === 1 ? 0 : epoch / (epochs - 1)
  return from * (1 - share) + to * share
}

/** A ramp between numbers above 0, as text: `0.03:0.3`. */
export const ramp: Kind<Ramp> = parsed(
  (given) => {
    const [from = Number.NaN, to = Number.NaN, ...more] = given
      .split(":")
      .map((part) => (part.trim() === "" ? Number.NaN : Number(part)))
    const isRight = more.length === 0 && [from, to].every((value) => Number.isFinite(value) && value > 0)
    return isRight
      ? Either.right({ from, to })
      : Either.left(`expected two numbers above 0 as 0.03:0.3, not "${given}"`)
  },
  ({ from, to }) => `${from}:${to}`,
  "from:to"
)

/** What a kind of number takes, or a ramp. */
export function orRamp(kind: Kind<number>): Kind<number | Ramp> {
  return {
    ...kind,
    unit: `${kind.unit}|${ramp.unit}`,
    decode: (given): Either.Either<number | Ramp, string> =>
      typeof given === "string" && given.includes(":") ? ramp.decode(given) : kind.decode(given),
    encode: (value) => (typeof value === "number" ? kind.encode(value) : ramp.encode(value))
  }
}
