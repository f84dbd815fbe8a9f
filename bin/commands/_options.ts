import * as Options from "@effect/cli/Options"
import * as Option from "effect/Option"
import { flagOf } from "../../src/adapters/settings/resolve.ts"
import { METHODS } from "../../src/domain/darts/methods/methods.ts"
import { searchFields } from "../../src/domain/darts/run_settings.ts"
import { DARTS_PROTOCOLS } from "../../src/domain/darts/settings.ts"
import { BACKEND_CHOICES, DATASET_NAMES } from "../../src/domain/data/names.ts"
import { EVALUATOR_NAMES } from "../../src/domain/searchers/evaluator_settings.ts"
import { ALGORITHM_NAMES } from "../../src/domain/searchers/settings.ts"
import { SPACE_NAMES } from "../../src/domain/space/spaces.ts"
import { TRAINING_PROTOCOLS } from "../../src/domain/training/protocol.ts"

/** An optional flag with a value. The settings' schema checks it, so that every error names its flag in the same way. */
const value = (name: string, form: string, description: string) =>
  Options.text(name).pipe(Options.withPseudoName(form), Options.withDescription(description), Options.optional)

/** A flag with a text. */
export const text = (name: string, description: string) => value(name, "text", description)
/** A flag with an integer. */
export const integer = (name: string, description: string) => value(name, "integer", description)
/** A flag with a number. */
export const float = (name: string, description: string) => value(name, "number", description)
/** A flag with one of a few words. */
export const choice = (name: string, choices: ReadonlyArray<string>, description: string) =>
  value(name, choices.join(" | "), description)
/** A flag without a value. */
export const flag = (name: string, description: string) =>
  Options.boolean(name).pipe(Options.withDescription(description))
const many = (name: string, description: string) =>
  Options.text(name).pipe(Options.withDescription(description), Options.repeated)

/** Flags that say which table is read. */
export const TABLE_OPTIONS = {
  space: text("space", `${SPACE_NAMES.join(", ")}, or a JSON file with a space of your own (nas-bench-201)`),
  table: many("table", "CSV file, plain or gzip, one row per architecture; repeat it to add columns of other files"),
  key: text("key", "column that holds the architectures (found by name: arch, code, …)"),
  score: text("score", "column that the search may see"),
  goal: choice("goal", ["maximize", "minimize"], "whether a larger score is better (maximize)"),
  report: text("report", "columns to report of what is found, separated by commas"),
  config: text("config", "JSON file with settings; flags win over it"),
  json: flag("json", "end with one JSON object on standard output")
}

/** Flags that say what is aggregated. */
export const OBJECTIVE_OPTIONS = {
  aggregate: text(
    "aggregate",
    "mean, median, worst, best, quantile:0.9, cvar:0.25, trimmed-mean:0.1, mean-semideviation:1, weighted-mean:0.5, log-sum-exp:1 (mean)"
  ),
  radius: integer("radius", "largest distance of a neighbor: the number of decisions that differ (1)"),
  exactRadius: choice("exact-radius", ["yes", "no"], "leave out the neighbors that are nearer than --radius (no)"),
  center: choice("center", ["yes", "no"], "whether the architecture itself counts in the aggregate (yes)"),
  moveInputs: flag("move-inputs", "let a neighbor differ in an input of a genotype too"),
  quotient: flag("quotient", "count each network once in a neighborhood, by --identity (functional then)"),
  identity: choice(
    "identity",
    ["functional", "official", "exact"],
    "which architectures share an evaluation (exact: none; functional: equal functions, where trained)"
  )
}

/** Flags of a search. */
export const SEARCH_OPTIONS = {
  algorithm: choice(
    "algorithm",
    [...METHODS.map(({ name }) => name), ...ALGORITHM_NAMES],
    "the searcher; na-rs is rs with --objective neighborhood (na-darts, with a table na-rs)"
  ),
  objective: choice(
    "objective",
    ["own", "neighborhood"],
    "what the searcher sees: an architecture's own score, or its neighborhood's"
  ),
  neighbors: text("neighbors", "neighbors drawn for each candidate or step, or all (by gradients 2, else all)"),
  constrainNeighbors: flag("constrain-neighbors", "leave neighbors out that break a constraint"),
  cost: text("cost", "column with the seconds that an evaluation costs"),
  costFactor: float("cost-factor", "what the cost column is multiplied with: epochs, say (1)"),
  constraints: many(
    "constraint",
    "condition on what may be found: 'params<=500000', 'count(skip_connect)<=2'; repeat for more"
  ),
  samples: integer("samples", "budget: candidates to propose (100 where no budget is named)"),
  evaluations: integer("evaluations", "budget: architectures to evaluate, repeated ones included"),
  uniqueEvaluations: integer("unique-evaluations", "budget: networks to evaluate, each counted once"),
  simulatedSeconds: float("simulated-seconds", "budget: seconds of the cost column"),
  population: integer("population", "evolution: living architectures (10)"),
  tournament: integer("tournament", "evolution: rivals of a tournament (3)"),
  seed: text("seed", "any text; the same seed gives the same result (0)"),
  repeat: integer("repeat", "run this many seeds, 0/0, 0/1, …; give mean and deviation (1)"),
  run: text("run", "folder that keeps the run: the same command continues or shows it")
}

/** Flags of every command that computes: where its tensor programs run. */
export const BACKEND_OPTIONS = {
  backend: choice("backend", BACKEND_CHOICES, "where the tensor programs run (auto: the best that works here)"),
  threads: integer("threads", "threads of a program's run (all cores)")
}

/** Flags of who scores the architectures of a search by samples. */
export const EVALUATOR_OPTIONS = {
  evaluator: choice(
    "evaluator",
    EVALUATOR_NAMES,
    "who scores architectures: a table, their training, or a supernet with shared weights (table)"
  ),
  scoreBatches: integer("score-batches", "supernet: validation batches that an architecture is scored on (all)"),
  supernetSeed: text("supernet-seed", "supernet: its own seed (that of the search)"),
  supernetRun: text("supernet-run", "folder that keeps the supernet, for further searches too (within that of --run)"),
  validation: float("validation", "share of the images that scores trainings (0.5)"),
  measure: choice("measure", ["error", "cross-entropy"], "what is the loss of a training (error)"),
  successiveHalving: integer("successive-halving", "train one of so many candidates for as many times the epochs"),
  cache: text("cache", "folder of the trainings that are known (~/.cache/na-nas/trainings)"),
  lastLearningRate: float("last-learning-rate", "of a training's cosine (as the protocol says)"),
  weightDecay: float("weight-decay", "of a training (as the protocol says)"),
  dropPath: float("drop-path", "of a training (as the protocol says)"),
  auxiliaryWeight: float("auxiliary-weight", "of a training (as the protocol says)"),
  cutout: integer("cutout", "of a training (as the protocol says)")
}

/** Flags of every command that reads images: how the labels of a tensor file are read. */
export const LABEL_OPTIONS = {
  classes: integer("classes", "tensor-file: number of classes, which bounds the labels (one more than the largest)"),
  renumber: flag("renumber", "tensor-file: number the labels anew from 0, without gaps")
}

/** Flags of a search by gradients: of its data, its network and its method. */
export const GRADIENT_OPTIONS = {
  dataset: choice("dataset", DATASET_NAMES, "the images that a search by gradients trains on (mnist)"),
  data: text(
    "data",
    "folder, archive or file of the dataset, or an address with its checksum: https://...#sha256=...; an image-folder holds train/<class>/*.png and val/<class>/*.png; mnist needs none"
  ),
  ...LABEL_OPTIONS,
  images: integer("images", "training images that take part, drawn by the seed (quick 2000, in darts 640; others all)"),
  imageSize: integer("image-size", "height and width that images are averaged to (quick 12, others their own)"),
  flip: flag("flip", "mirror images at random"),
  crop: integer("crop", "zeros around an image before a random crop (0)"),
  protocol: choice(
    "protocol",
    [...new Set([...Object.keys(DARTS_PROTOCOLS), ...Object.keys(TRAINING_PROTOCOLS)])],
    "settings of data, optimizers and epochs (quick; of trainings by the skeleton)"
  ),
  channels: integer("channels", "channels of the first cell (4)"),
  cells: integer("cells", "cells of a stage in nas-bench-201, of the network in darts (1, in darts 3)"),
  epochs: integer("epochs", "epochs of the search (as the protocol says)"),
  batchSize: integer("batch-size", "images of a step's batches (as the protocol says)"),
  learningRate: float("learning-rate", "of the weights at the start (as the protocol says)"),
  alphaLearningRate: float("alpha-learning-rate", "of the architecture parameters (as the protocol says)"),
  representation: text(
    "representation",
    "of a relaxed neighbor: shift, swap, hard or mix:0.5, which lies halfway to hard and is no architecture (mix:0.5)"
  ),
  steps: choice("steps", ["both", "alpha", "weights"], "which updates see the neighbors (both)"),
  order: choice("order", ["first", "second", "finite-difference"], "how the alpha gradient looks ahead (first)"),
  readNone: choice("read-none", ["yes", "no"], "whether an edge may be read off as none (yes)"),
  neighborNone: choice("neighbor-none", ["yes", "no"], "whether a neighbor may change to none (yes)"),
  eigenvalue: flag("eigenvalue", "find the largest eigenvalue of the validation loss in alpha after every epoch"),
  eigenvalueEvery: integer("eigenvalue-every", "epochs from one eigenvalue to the next, with --eigenvalue (1)"),
  eigenvalueBatches: integer(
    "eigenvalue-batches",
    "validation batches that the eigenvalue is that of, the same in every epoch (4)"
  ),
  stopRule: choice(
    "stop-rule",
    ["yes", "no"],
    "end where that eigenvalue is large and grows too fast, and read off 5 epochs before, as DARTS-ES does (yes with neighbors, in 10 epochs or more)"
  ),
  readEpoch: integer("read-epoch", "end after this epoch and read off there, in place of the stop rule"),
  ...BACKEND_OPTIONS
}

const LISTED = { ...TABLE_OPTIONS, ...OBJECTIVE_OPTIONS, ...SEARCH_OPTIONS, ...EVALUATOR_OPTIONS, ...GRADIENT_OPTIONS }

/** Flags of the further settings of searches by gradients. */
export const FURTHER_OPTIONS = Object.fromEntries(
  METHODS.flatMap((method) => Object.entries(searchFields(method)))
    .filter(([name]) => !Object.hasOwn(LISTED, name))
    .map(([name, { kind, doc, defaultText }]) => [
      name,
      value(flagOf(name).slice(2), kind.unit, `${doc} (${defaultText})`)
    ])
)

/** Settings that a flag gives as yes or no. */
const YES_NO = new Set(["center", "exactRadius", "readNone", "neighborNone", "flip", "stopRule"])

const NUMBERS = new Set([
  "validation",
  "lastLearningRate",
  "learningRateFactor",
  "warmup",
  "momentum",
  "weightDecay",
  "clip",
  "dropPath",
  "auxiliaryWeight",
  "labelSmoothing",
  "cutout",
  "classes",
  "images",
  "imageSize",
  "crop",
  "channels",
  "cells",
  "epochs",
  "batchSize",
  "learningRate",
  "alphaLearningRate",
  "threads",
  "eigenvalueEvery",
  "eigenvalueBatches",
  "readEpoch",
  "scoreBatches",
  "neighbors",
  "radius",
  "costFactor",
  "samples",
  "evaluations",
  "uniqueEvaluations",
  "simulatedSeconds",
  "population",
  "tournament",
  "repeat",
  "successiveHalving"
])

/** The settings among parsed flags: those that were given, under the names of the settings. */
export function givenSettings(flags: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return Object.fromEntries(
    Object.entries(flags).flatMap(([name, flag]) => {
      const given = Option.isOption(flag) ? Option.getOrUndefined(flag) : flag
      if (given === undefined || given === false || (Array.isArray(given) && given.length === 0)) return []
      return [[name, typeof given === "string" ? settingOf(name, given) : given]]
    })
  )
}

function settingOf(name: string, given: string): unknown {
  if (YES_NO.has(name)) return given === "yes" ? true : given === "no" ? false : given
  if (name === "report") return given.split(",").map((part) => part.trim())
  return NUMBERS.has(name) && given.trim() !== "" && Number.isFinite(Number(given)) ? Number(given) : given
}
