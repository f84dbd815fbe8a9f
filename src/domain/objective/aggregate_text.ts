import * as Schema from "@effect/schema/Schema"
import * as Either from "effect/Either"
import { type Kind, parsed } from "../setting/kind.ts"
import { Aggregate } from "./aggregate.ts"

const PARAMETERS = {
  mean: ["Mean"],
  median: ["Median"],
  worst: ["Worst"],
  best: ["Best"],
  quantile: ["Quantile", "q", 0.9],
  cvar: ["Cvar", "fraction", 0.25],
  "trimmed-mean": ["TrimmedMean", "fraction", 0.1],
  "mean-semideviation": ["MeanSemideviation", "k", 1],
  "weighted-mean": ["WeightedMean", "decay", 0.5],
  "log-sum-exp": ["LogSumExp", "temperature", 1]
} as const

type Word = keyof typeof PARAMETERS

/** The aggregates' texts, with the value that a missing number takes. */
export const AGGREGATE_TEXTS: ReadonlyArray<string> = (Object.keys(PARAMETERS) as ReadonlyArray<Word>).map((word) => {
  const value = PARAMETERS[word][2]
  return value === undefined ? word : `${word}:${value}`
})

const decode = Schema.decodeUnknownEither(Aggregate)

/**
 * An aggregate from `mean`, `cvar:0.25`, `mean-semideviation:1`, …; a missing number takes the
 * default. The error is one sentence.
 */
export function parseAggregate(text: string): Either.Either<Aggregate, string> {
  const [word = "", number, more] = text.split(":")
  if (word === "mean-std") {
    return Either.left(
      `the aggregate "mean-std" is not monotone, a larger loss could lower it: use "mean-semideviation:1", the mean plus the deviation above it`
    )
  }
  const known = Object.hasOwn(PARAMETERS, word) ? PARAMETERS[word as Word] : undefined
  if (known === undefined || more !== undefined) {
    return Either.left(`"${text}" is not an aggregate: use one of ${AGGREGATE_TEXTS.join(", ")}`)
  }
  const [tag, parameter, standard] = known
  if (parameter === undefined) {
    return number === undefined ? decodeOr(text, { _tag: tag }) : Either.left(`the aggregate "${word}" takes no number`)
  }
  const value = number === undefined ? standard : number.trim() === "" ? Number.NaN : Number(number)
  return decodeOr(text, { _tag: tag, [parameter]: value })
}

function decodeOr(text: string, value: unknown): Either.Either<Aggregate, string> {
  const why = text.startsWith("mean-semideviation") ? ", 0 to 1: beyond it a larger loss could lower the aggregate" : ""
  return Either.mapLeft(decode(value), () => `the number of the aggregate "${text}" is out of range${why}`)
}

/** The text of an aggregate; the inverse of `parseAggregate`. */
export function printAggregate(how: Aggregate): string {
  const word = (Object.keys(PARAMETERS) as ReadonlyArray<Word>).find((key) => PARAMETERS[key][0] === how._tag)!
  switch (how._tag) {
    case "Mean":
    case "Median":
    case "Worst":
    case "Best":
      return word
    case "Quantile":
      return `${word}:${how.q}`
    case "Cvar":
    case "TrimmedMean":
      return `${word}:${how.fraction}`
    case "MeanSemideviation":
      return `${word}:${how.k}`
    case "WeightedMean":
      return `${word}:${how.decay}`
    case "LogSumExp":
      return `${word}:${how.temperature}`
  }
}

/** An aggregate as a setting, in its text. */
export const aggregateKind: Kind<Aggregate> = parsed(parseAggregate, printAggregate, "name")
