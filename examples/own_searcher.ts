/**
 * A searcher of your own: hill climbing that proposes one random neighbor of the best architecture
 * so far.
 */
import * as FastCheck from "@effect/schema/FastCheck"
import {
  builtinSpace,
  candidateSeed,
  drawCandidate,
  field,
  makeBall,
  type Observation,
  runPromise,
  type Searcher,
  sampleNeighbors,
  searchArchitectures,
  searcherInvariants,
  whole
} from "na-nas"

interface State {
  readonly seed: string
  readonly starts: number
  readonly next: number
  readonly observed: number
  readonly best: Observation | undefined
}

const fields = { starts: field(whole(1), 5, "random candidates before the climb") }

const hillClimbing: Searcher<State, typeof fields> = {
  name: "hill-climbing",
  summary: "a random neighbor of the best so far",
  fields,
  ends: false,
  start: (seed, { starts }) => ({ seed, starts, next: 0, observed: 0, best: undefined }),
  propose(candidates, state, limit) {
    if (limit < 1 || state.observed < state.next) return [[], state]
    const seed = candidateSeed(state.seed, state.next)
    const around = { ball: makeBall(candidates.space), count: 1, admits: candidates.admits }
    const [neighbor] =
      state.best === undefined || state.next < state.starts
        ? []
        : sampleNeighbors(around, state.best.architecture, seed)
    const architecture = neighbor?.architecture ?? drawCandidate(candidates, seed)
    if (architecture === undefined) return [[], state]
    return [[{ sequence: state.next, architecture }], { ...state, next: state.next + 1 }]
  },
  observe: (state, observation) => ({
    ...state,
    observed: state.observed + 1,
    best: state.best === undefined || observation.loss < state.best.loss ? observation : state.best
  })
}

for (const { property } of searcherInvariants(hillClimbing)) FastCheck.assert(property, { numRuns: 20 })

const best = await runPromise(
  searchArchitectures({
    space: builtinSpace("nas-bench-201"),
    evaluate: ({ choices }) => Object.values(choices).filter((name) => name !== "nor_conv_3x3").length,
    objective: "own",
    searcher: hillClimbing,
    settings: { starts: 3 },
    budget: { samples: 80 }
  })
)
console.log(`${best.loss} edges are left to improve after ${best.samples} samples`)
