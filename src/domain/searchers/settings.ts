import * as Either from "effect/Either"
import { dataFields, machineFields } from "../data/data_fields.ts"
import { neighborhoodFields } from "../objective/objective.ts"
import { decodeSettings, type Fields, field, type Given, grouped, optional, type Values } from "../setting/field.ts"
import { list, oneOf, real, text, whole } from "../setting/kind.ts"
import { SettingsError } from "../setting/settings_error.ts"
import { SUPERNET_PROTOCOLS, supernetFields } from "../supernet/protocols.ts"
import { tableFields } from "../table/table_fields.ts"
import { isTrainingProtocol, protocolFields } from "../training/protocol.ts"
import { PROTOCOLS, trainingProtocol } from "../training/run_settings.ts"
import { budgetFields } from "./budget.ts"
import { evolutionFields } from "./evolution.ts"
import { SEARCHERS } from "./searchers.ts"
import { halvingFields } from "./successive_halving.ts"

/** The searches by samples, by the names that people type; each with one line on it. */
export const SAMPLING_ALGORITHMS = {
  "na-rs": "neighborhood-aware random search: random candidates by their neighborhoods (Wang et al. 2021)",
  rs: "random search",
  evolution: "regularized evolution (Real et al. 2019)",
  "local-search": "local search: to the best neighbor, with restarts",
  exhaustive: "every architecture of a table or a small space",
  halving: "successive halving: trains many candidates briefly, the best ones longer"
} as const

/** One of `SAMPLING_ALGORITHMS`. */
export type SamplingAlgorithm = keyof typeof SAMPLING_ALGORITHMS

/** An algorithm by its name. */
export function samplingAlgorithm(name: string): Either.Either<SamplingAlgorithm, SettingsError> {
  const isKnown = (given: string): given is SamplingAlgorithm => Object.hasOwn(SAMPLING_ALGORITHMS, given)
  const problem = `"${name}" is no search by samples: those are ${Object.keys(SAMPLING_ALGORITHMS).join(", ")}`
  return isKnown(name) ? Either.right(name) : Either.left(new SettingsError({ problem }))
}

/** What may score the architectures of a search by samples. */
type EvaluatorName = "table" | "train" | "supernet"

const searchFields = {
  ...grouped("Search", {
    space: field(text("name"), "nas-bench-201", "a space, or a JSON file of one"),
    constraint: field(list(text()), [], "'params<=5e5', 'count(skip_connect)<=2'; repeat for more"),
    identity: optional(
      oneOf("functional", "official", "exact"),
      "which architectures share an evaluation",
      "exact; functional where trained"
    ),
    seed: field(text(), "0", "any text; the same seed gives the same result"),
    repeat: field(whole(1), 1, "seeds 0/0, 0/1, …: mean and deviation")
  })
}
const objectiveFields = {
  ...grouped("Neighborhood", {
    objective: field(oneOf("own", "neighborhood"), "own", "the score that the search minimizes")
  }),
  ...neighborhoodFields
}
const etaField = { eta: halvingFields.eta }
const evaluatorField = grouped("Search", {
  evaluator: field(oneOf("table", "train", "supernet"), "table", "who scores architectures")
})
const scoredFields = grouped("Training", {
  validation: field(real({ above: 0, below: 1 }, "share"), 0.5, "of the images, which scores"),
  measure: field(oneOf("error", "cross-entropy"), "error", "what a loss is")
})
const imageFields = { ...dataFields, ...scoredFields, ...machineFields }
const trainFields = {
  ...grouped("Training", { protocol: trainingProtocol }),
  ...protocolFields,
  ...imageFields,
  ...grouped("Training", { cache: optional(text("folder"), "keeps all trainings", "the user's cache") })
}
const { dropPath: _, auxiliaryWeight: __, ...pathFields } = protocolFields

const { measure: ___, ...keptImageFields } = imageFields

/** What the training of a supernet depends on. */
export const supernetRunFields = {
  ...pathFields,
  ...keptImageFields,
  ...grouped("Training", { protocol: supernetFields.protocol })
}

const { protocol: anyProtocol } = grouped("Training", {
  protocol: optional(
    oneOf(...PROTOCOLS, ...Object.keys(SUPERNET_PROTOCOLS).filter((name) => !isTrainingProtocol(name))),
    "numbers of a training or a supernet",
    "by the skeleton"
  )
})

/** The settings of each evaluator. */
const EVALUATOR_FIELDS = {
  table: tableFields,
  train: trainFields,
  // A supernet that is scored after its training is told with columns of a table.
  supernet: { ...pathFields, ...imageFields, ...supernetFields, ...grouped("Table", tableColumns()) }
} as const satisfies Record<EvaluatorName, Fields>

function tableColumns() {
  const { table, key, report } = tableFields
  return { table, key, report }
}

/**
 * The settings of a search by samples: what does not belong to its algorithm or evaluator has its
 * default.
 */
export type SearchSettings = Values<
  typeof searchFields &
    typeof objectiveFields &
    typeof budgetFields &
    typeof evolutionFields &
    typeof etaField &
    typeof evaluatorField &
    typeof tableFields &
    Omit<typeof trainFields, "protocol"> &
    Omit<typeof supernetFields, "protocol">
> & {
  readonly algorithm: SamplingAlgorithm
  /** A protocol of trainings or of supernets. */
  readonly protocol: string | undefined
}

const ALL = {
  ...searchFields,
  ...objectiveFields,
  ...budgetFields,
  ...evolutionFields,
  ...etaField,
  ...evaluatorField,
  ...tableFields,
  ...supernetFields,
  ...trainFields
}

/** The settings of an algorithm whoever scores, and the evaluators that it may have. */
function algorithmFields(algorithm: SamplingAlgorithm): Fields {
  switch (algorithm) {
    case "na-rs":
      return { ...searchFields, ...evaluatorField, ...neighborhoodFields, ...budgetFields }
    case "rs":
      return { ...searchFields, ...evaluatorField, ...budgetFields }
    case "halving":
      return { ...searchFields, ...etaField, ...objectiveFields, samples: budgetFields.samples }
    default: {
      const own = SEARCHERS.find(({ name }) => name === algorithm)?.fields ?? {}
      return { ...searchFields, ...evaluatorField, ...own, ...objectiveFields, ...budgetFields }
    }
  }
}

/** The settings of an algorithm, by one evaluator or by any. */
export function samplingFields(algorithm: SamplingAlgorithm, evaluator?: EvaluatorName): Fields {
  const known: ReadonlyArray<EvaluatorName> = algorithm === "halving" ? ["train"] : ["table", "train", "supernet"]
  const own = known.filter((name) => evaluator === undefined || name === evaluator)
  const protocol = own.length > 1 ? { protocol: anyProtocol } : {}
  return Object.assign({}, algorithmFields(algorithm), ...own.map((name) => EVALUATOR_FIELDS[name]), protocol)
}

/**
 * Settings from what was given. Errors: names that the algorithm or its evaluator does not have,
 * and values.
 */
export function decodeSearch(algorithm: SamplingAlgorithm, given: Given): Either.Either<SearchSettings, SettingsError> {
  return Either.gen(function* () {
    const { evaluator: asked, ...rest } = given
    const { evaluator } = yield* decodeSettings(evaluatorField, {
      evaluator: algorithm === "halving" ? "train" : asked
    })
    const fields = samplingFields(algorithm, evaluator)
    const owner = (["table", "train", "supernet"] as const).find((name) =>
      Object.keys(rest).some((one) => !Object.hasOwn(fields, one) && Object.hasOwn(EVALUATOR_FIELDS[name], one))
    )
    const cure = owner === undefined || algorithm === "halving" ? "" : `; the \`evaluator\` "${owner}" has it`
    const of = `${algorithm} by the evaluator "${evaluator}"${cure}`
    const own = yield* decodeSettings(fields, algorithm === "halving" ? rest : { ...rest, evaluator: asked }, { of })
    const defaults = yield* decodeSettings(ALL, {})
    const objective = algorithm === "na-rs" ? "neighborhood" : (own.objective ?? "own")
    const isChanged = ([name, { kind, byDefault }]: readonly [string, Fields[string]]) =>
      Object.hasOwn(own, name) && JSON.stringify(kind.encode(own[name])) !== JSON.stringify(kind.encode(byDefault))
    const [foreign] = Object.entries<Fields[string]>(neighborhoodFields).find(isChanged) ?? []
    if (objective === "own" && foreign !== undefined)
      return yield* Either.left(
        new SettingsError({
          problem: `\`${foreign}\` is no setting of the own score: \`objective\` neighborhood has it`
        })
      )
    const goal = evaluator === "table" ? own.goal : "minimize"
    return { ...defaults, ...own, evaluator, objective, goal, algorithm } as SearchSettings
  })
}

const { space, identity } = searchFields
const { constrainNeighbors: ____, ...shapeFields } = neighborhoodFields

/** The settings of a landscape: the objective of every row of a table. */
export const landscapeFields = { ...grouped("Landscape", { space, identity }), ...shapeFields, ...tableFields }
