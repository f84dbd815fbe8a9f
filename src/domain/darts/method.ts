import * as Either from "effect/Either"
import type { Architecture } from "../architecture/architecture.ts"
import type { RelaxedArchitecture } from "../architecture/relaxed.ts"
import type { RelaxedMaps } from "../neighborhood/relaxed_maps.ts"
import type { RelaxedNeighbor, RelaxedNeighborhood } from "../neighborhood/relaxed_neighbors.ts"
import type { RelaxedShape } from "../neighborhood/relaxed_shape.ts"
import type { Aggregate } from "../objective/aggregate.ts"
import type { Program } from "../program/program.ts"
import type { Seed } from "../random.ts"
import { decodeSettings, type Fields, type Given, type Values } from "../setting/field.ts"
import type { SettingsError } from "../setting/settings_error.ts"
import type { Space } from "../space/space.ts"
import { discretize } from "./discretize.ts"
import type { Level } from "./level.ts"
import { gradientProgram, type LossProgram } from "./loss_program.ts"
import { DARTS_PROTOCOLS, type DartsProtocol, type DartsSettings, dartsFields } from "./settings.ts"

/** Settings of its own that nobody but the method knows. */
export type NoFields = Readonly<Record<never, never>>

/** The settings of a method: those of all methods and its own. */
export type MethodSettings<F extends Fields = NoFields> = DartsSettings & Values<F>

/** Where a run of an update stands: what its maps may depend on. */
interface RunPlace {
  readonly shape: RelaxedShape
  /** From 0 on. */
  readonly epoch: number
  /** The neighbor that the run is at; the center where a level sees none. */
  readonly neighbor: RelaxedNeighbor
  /** The stream of the update's noise. */
  readonly seed: Seed
  /** The softmax of alpha now; uniform rows where `readsAlpha` is false. */
  readonly center: RelaxedArchitecture
}

/**
 * How the probabilities of a level's updates come from alpha: by a softmax, where nothing else is
 * said.
 */
interface LevelRelaxation {
  /** Where given, by a one-hot Gumbel sample, at this temperature in an epoch. */
  readonly temperature?: (epoch: number) => number
  /** Where given, an affine map of each row follows, that of the run. */
  readonly mapped?: {
    /** Whether the maps depend on alpha; where they do not, alpha need not leave the device. */
    readonly readsAlpha: boolean
    readonly maps: (run: RunPlace) => RelaxedMaps
  }
}

/** The neighbors that a level's updates see in an epoch. */
export interface NeighborDraw {
  readonly neighborhood: RelaxedNeighborhood
  /** How many are drawn, no more than there are. */
  readonly count: number
  /** Whether the architecture itself counts in the aggregate. */
  readonly center: boolean
  /** How long neighbors stay. */
  readonly fresh: "batch" | "epoch"
  readonly aggregate: Aggregate
}

/**
 * A method of search by gradients, as one record: what sets it apart from the other relatives of
 * DARTS. Spread `plain` for the parts in which it is DARTS; the compiler asks for the rest. Its own
 * settings are `fields`, whose values its functions get beside those of all methods.
 *
 * @example
 * const fields = { heat: field(real({ above: 0 }), 1, "temperature of the sample") }
 * const mine: Method<typeof fields> = {
 *   ...plain,
 *   name: "mine",
 *   summary: "GDAS's sample for the weights, DARTS's softmax for alpha",
 *   source: "ours",
 *   fields,
 *   relaxation: ({ heat }, level) => (level === "weights" ? { temperature: () => heat } : {}),
 *   alphaGradient: (_, loss) => gradientProgram(loss, loss.alphas)
 * }
 * const search = dartsSearch(mine, { epochs: 10 })
 */
export interface Method<F extends Fields = NoFields> {
  /** As typed on the command line: `na-darts`. */
  readonly name: string
  /** One line for a list of methods. */
  readonly summary: string
  /** Where it is from, and what differs here. */
  readonly source: string
  readonly fields: F
  /** How a level's probabilities come from alpha. */
  relaxation(settings: MethodSettings<F>, level: Level): LevelRelaxation
  /**
   * The program that gives `loss`, `correct` and `gradient/alpha/<cell>`, from the validation loss.
   * It may take the training batch as `train/…`, the weights' learning rate as `xi` [], and
   * `scalars`.
   */
  alphaGradient(settings: MethodSettings<F>, loss: LossProgram): Program
  /** The same for the weights, `gradient/param/…`, from the training loss. */
  weightsGradient(settings: MethodSettings<F>, loss: LossProgram): Program
  /** Further inputs of shape [] of its gradient programs in an epoch, by name. */
  scalars(settings: MethodSettings<F>, epoch: number): Readonly<Record<string, number>>
  /** The neighbors that a level sees in an epoch; none means the center alone. */
  neighbors(settings: MethodSettings<F>, shape: RelaxedShape, level: Level, epoch: number): NeighborDraw | undefined
  /** The architecture that a search returns for the softmax of its alpha. */
  readOff(settings: MethodSettings<F>, space: Space, relaxed: RelaxedArchitecture): Architecture
  /** Whether the stop rule holds where nobody says. */
  stops(settings: MethodSettings<F>): boolean
  /**
   * What keeps its settings from a search in a space of this shape, if anything; settings in
   * backquotes.
   */
  problem(settings: MethodSettings<F>, shape: RelaxedShape): string | undefined
}

/** The parts of DARTS that most of its relatives share. */
export const plain: Omit<Method, "name" | "summary" | "source" | "fields" | "relaxation" | "alphaGradient"> = {
  weightsGradient: (_, loss) => gradientProgram(loss, loss.weights),
  scalars: () => ({}),
  neighbors: () => undefined,
  readOff: ({ readNone }, space, relaxed) => discretize(space, relaxed, readNone),
  stops: () => false,
  problem: () => undefined
}

/** A search by gradients: a method and all its settings. */
export interface DartsSearch<F extends Fields = NoFields> {
  readonly method: Method<F>
  readonly settings: MethodSettings<F>
}

/**
 * A search by a method: with the settings that are given, as in a config file, else those of the
 * protocol, else the defaults.
 */
export function dartsSearch<F extends Fields>(
  method: Method<F>,
  given: Given = {},
  protocol: DartsProtocol = "darts"
): Either.Either<DartsSearch<F>, SettingsError> {
  const fields = { ...dartsFields, ...method.fields }
  const options = { protocol: DARTS_PROTOCOLS[protocol] as Partial<Values<typeof fields>>, of: method.name }
  return Either.map(decodeSettings(fields, given, options), (settings) => ({
    method,
    settings: settings as MethodSettings<F>
  }))
}
