import * as Either from "effect/Either"
import type { Representation } from "./relaxed_maps.ts"

const PLAIN = { shift: { _tag: "Shift" }, swap: { _tag: "Swap" }, hard: { _tag: "Hard" } } as const

/** A representation from `shift`, `swap`, `hard` or `mix:0.5`. The error is one sentence. */
export function parseRepresentation(text: string): Either.Either<Representation, string> {
  for (const [word, representation] of Object.entries(PLAIN)) if (word === text) return Either.right(representation)
  const [word, number = "", ...more] = text.split(":")
  const rho = number.trim() === "" ? Number.NaN : Number(number)
  return word === "mix" && more.length === 0 && rho > 0 && rho <= 1
    ? Either.right({ _tag: "Mix", rho })
    : Either.left(`expected shift, swap, hard or mix:0.5, whose number is above 0 and to 1, not "${text}"`)
}

/** The text of a representation; the inverse of `parseRepresentation`. */
export function printRepresentation(representation: Representation): string {
  return representation._tag === "Mix" ? `mix:${representation.rho}` : representation._tag.toLowerCase()
}
