import * as Either from "effect/Either"
import * as Option from "effect/Option"
import type { Level } from "../../../src/domain/darts/level.ts"
import { type DartsSearch, dartsSearch } from "../../../src/domain/darts/method.ts"
import { methodNamed } from "../../../src/domain/darts/methods/methods.ts"
import { initialAlpha } from "../../../src/domain/darts/noise.ts"
import { runInputs } from "../../../src/domain/darts/run_inputs.ts"
import type { DartsProtocol } from "../../../src/domain/darts/settings.ts"
import { planEpoch, planStep, type StepPlan } from "../../../src/domain/darts/step_plan.ts"
import { type StepPrograms, stepPrograms } from "../../../src/domain/darts/step_programs.ts"
import { trainingInput } from "../../../src/domain/darts/unrolled.ts"
import { GRADIENT, ofRun, WEIGHTS } from "../../../src/domain/darts/updates.ts"
import type { SearchNetwork } from "../../../src/domain/network/search_network.ts"
import { aggregateGradient } from "../../../src/domain/objective/aggregate_gradient.ts"
import { fullName } from "../../../src/domain/program/port.ts"
import { elementCount, type Program } from "../../../src/domain/program/program.ts"
import { keyOf, uniformAt } from "../../../src/domain/random.ts"
import type { Given } from "../../../src/domain/setting/field.ts"
import { evaluate } from "../program/_programs.ts"

export type State = ReadonlyMap<string, ArrayLike<number>>
export interface Data {
  readonly x: ReadonlyArray<ReadonlyArray<number>>
  readonly targets: ReadonlyArray<ReadonlyArray<number>>
}

/**
 * One step on the host, as a runner does it on a device: the state after it and the losses of the
 * runs of each level.
 */
export function runStep(
  search: DartsSearch,
  network: SearchNetwork,
  programs: StepPrograms,
  step: StepPlan,
  data: Data,
  before: State
) {
  const state = new Map(before)
  const losses: Partial<Record<Level, ReadonlyArray<number>>> = {}
  const batch = (level: Level) => {
    const images = [...step.batch[level]]
    return [
      ["x", images.flatMap((image) => data.x[image]!)],
      ["targets", images.flatMap((image) => data.targets[image]!)]
    ] as const
  }
  for (const update of step.updates) {
    const alpha = new Map(network.shape.map(({ name }) => [name, state.get(`alpha/${name}`)!]))
    const rate = ["learningRate", [update.learningRate]] as const
    const own = programs[update.level]
    const inputs = (run: number) => {
      const made = new Map<string, ArrayLike<number>>([...state, ...batch(update.level), rate])
      for (const [name, values] of batch("weights")) made.set(fullName(trainingInput(name)), values)
      for (const [name, tensor] of runInputs(search, network.shape, step, update, run, alpha))
        made.set(name, tensor.data)
      return made
    }
    const made =
      own._tag === "Fused"
        ? [evaluate(own.step, inputs(0))]
        : update.runs.map((_, run) => evaluate(own.gradient, inputs(run)))
    losses[update.level] = made.map((run) => run.get("loss")![0]!)
    let after = made[0]!
    if (own._tag === "Summed") {
      const distances = update.runs.map((neighbor) => neighbor.length)
      const given = new Map<string, ArrayLike<number>>([...state, rate])
      given.set("shares", aggregateGradient(update.aggregate, losses[update.level]!, distances))
      for (const [run, values] of made.entries()) given.set(fullName(ofRun(run, GRADIENT)), values.get(GRADIENT)!)
      after = evaluate(own.update.get(update.runs.length)!, given)
    }
    for (const name of programs.state.keys()) if (after.has(name)) state.set(name, after.get(name)!)
  }
  return { state, losses }
}

/**
 * The state of a search that has not begun: weights between −0.5 and 0.5, alpha from the seed, the
 * rest zero.
 */
export function startState(search: DartsSearch, network: SearchNetwork, programs: StepPrograms): State {
  const alpha = initialAlpha(network.shape, "start", search.settings.initialAlpha)
  return new Map(
    [...programs.state].map(([name, { role, name: own, shape }]) => {
      if (role === "alpha") return [name, alpha.get(own)!]
      const key = keyOf(name)
      const weight = (_: unknown, i: number) => (name === WEIGHTS.name ? uniformAt(key, i) - 0.5 : 0)
      return [name, Float64Array.from({ length: elementCount(shape) }, weight)]
    })
  )
}

/** All programs of a search. */
export const programsOf = (search: DartsSearch, network: SearchNetwork): StepPrograms =>
  Either.getOrThrow(stepPrograms(search, network))

/** A few epochs of a search from its start; every state on the way. */
export function searched(search: DartsSearch, network: SearchNetwork, data: Data, epochs = search.settings.epochs) {
  const programs = programsOf(search, network)
  let state = startState(search, network, programs)
  const losses: Array<Record<string, ReadonlyArray<number>>> = []
  for (let epoch = 0; epoch < epochs; epoch++) {
    const plan = planEpoch(search, network.shape, data.x.length, "seed", epoch)
    for (let step = 0; step < plan.steps; step++) {
      const after = runStep(search, network, programs, planStep(search, network.shape, plan, step), data, state)
      state = after.state
      losses.push(after.losses)
    }
  }
  return { state, losses }
}

/** The inputs of a program. */
export const inputNames = (program: Program): ReadonlySet<string> => new Set(program.inputs.keys())

/** A search by a method's name, with settings as a config file has them. */
export function searchOf(name: string, given: Given = {}, protocol: DartsProtocol = "darts"): DartsSearch {
  return Either.getOrThrow(dartsSearch(Option.getOrThrow(Option.fromNullable(methodNamed(name))), given, protocol))
}
