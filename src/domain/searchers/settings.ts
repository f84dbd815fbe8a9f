import * as Schema from "@effect/schema/Schema"
import { NeighborCount, oneOf, withDefault, YesNo } from "../setting/schemas.ts"
import { EVALUATOR_FIELDS } from "./evaluator_settings.ts"

const Count = Schema.Int.pipe(Schema.positive())
const Text = Schema.String.pipe(Schema.minLength(1))
const Texts = Schema.Array(Text)
const Positive = Schema.Number.pipe(Schema.positive(), Schema.finite())

/** The searchers by the names that people type; `na-rs` is `rs` with the neighborhood objective. */
export const ALGORITHM_NAMES = ["rs", "na-rs", "evolution", "local-search", "exhaustive"] as const

/**
 * Every setting of a search by samples, as written in a config file and stored in a run. What is optional here has no
 * default of its own: it follows from the others.
 */
export const SearchSettings = Schema.Struct({
  version: withDefault(Schema.Literal(1), 1),
  algorithm: withDefault(oneOf(...ALGORITHM_NAMES), "na-rs"),
  objective: Schema.optional(oneOf("own", "neighborhood")),
  aggregate: withDefault(Text, "mean"),
  neighbors: withDefault(NeighborCount, "all"),
  radius: withDefault(Count, 1),
  exactRadius: withDefault(YesNo, false),
  center: withDefault(YesNo, true),
  moveInputs: withDefault(Schema.Boolean, false),
  quotient: withDefault(Schema.Boolean, false),
  constrainNeighbors: withDefault(Schema.Boolean, false),
  /** Which architectures share an evaluation; `identityOf` has the default. */
  identity: Schema.optional(oneOf("functional", "official", "exact")),
  space: withDefault(Text, "nas-bench-201"),
  table: withDefault(Texts, []),
  key: Schema.optional(Text),
  score: Schema.optional(Text),
  goal: withDefault(oneOf("maximize", "minimize"), "maximize"),
  report: withDefault(Texts, []),
  cost: Schema.optional(Text),
  costFactor: withDefault(Positive, 1),
  constraints: withDefault(Texts, []),
  samples: Schema.optional(Count),
  evaluations: Schema.optional(Count),
  uniqueEvaluations: Schema.optional(Count),
  simulatedSeconds: Schema.optional(Positive),
  population: withDefault(Count, 10),
  tournament: withDefault(Count, 3),
  seed: withDefault(Schema.String, "0"),
  repeat: withDefault(Count, 1),
  ...EVALUATOR_FIELDS
}).annotations({ identifier: "SearchSettings" })
export interface SearchSettings extends Schema.Schema.Type<typeof SearchSettings> {}
