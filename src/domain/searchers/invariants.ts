import * as FastCheck from "@effect/schema/FastCheck"
import * as Either from "effect/Either"
import { type Architecture, architectureKey } from "../architecture/architecture.ts"
import { type Candidates, spaceCandidates } from "../architecture/candidates.ts"
import { isMember } from "../architecture/membership.ts"
import type { Invariant } from "../neighborhood/invariants.ts"
import { keyOf, type Seed, split, uniformAt } from "../random.ts"
import { ValidationLoss } from "../score/score.ts"
import { type Fields, fieldDefaults, type Values } from "../setting/field.ts"
import { makeSpace } from "../space/make_space.ts"
import type { Observation, Proposal } from "./proposal.ts"
import type { Searcher } from "./searcher.ts"

/** Proposals that a check follows at most. */
const FOLLOWED = 60

/** All that a check sees of a search: what was asked for, proposed and observed. */
interface Trail {
  readonly calls: ReadonlyArray<{ readonly limit: number; readonly proposals: ReadonlyArray<Proposal> }>
  readonly observations: ReadonlyArray<Observation>
  /**
   * Whether it proposed nothing while nothing was under way, and what it then proposes when asked
   * again.
   */
  readonly ended: boolean
  readonly afterEnd: ReadonlyArray<Proposal>
}

/**
 * The invariants of a searcher, as fast-check properties: run them with `FastCheck.check` or
 * `FastCheck.assert`. Losses are made up by a seed, and one in eight is infinite, as of a training
 * that diverged.
 *
 * @param over - the settings, the searcher's defaults where missing, and the candidates, a small
 * space of which a part is not admitted where missing
 */
export function searcherInvariants<State, F extends Fields>(
  searcher: Searcher<State, F>,
  over: { readonly settings?: Values<F>; readonly candidates?: Candidates } = {}
): ReadonlyArray<Invariant> {
  const { settings = fieldDefaults(searcher.fields), candidates = smallCandidates() } = over
  const follow = (seed: Seed, limitOf: (call: number) => number): Trail => {
    const calls: Array<Trail["calls"][number]> = []
    const observations: Array<Observation> = []
    let state = searcher.start(seed, settings)
    for (let call = 0; observations.length < FOLLOWED; call++) {
      const limit = Math.min(limitOf(call), FOLLOWED - observations.length)
      const [proposals, next] = searcher.propose(candidates, state, limit)
      calls.push({ limit, proposals })
      state = next
      if (proposals.length === 0 && limit > 0) {
        return { calls, observations, ended: true, afterEnd: searcher.propose(candidates, state, 1)[0] }
      }
      for (const proposal of proposals) {
        const observation = { ...proposal, loss: lossOf(seed, proposal.architecture) }
        observations.push(observation)
        state = searcher.observe(state, observation)
      }
    }
    return { calls, observations, ended: false, afterEnd: [] }
  }
  const seed = FastCheck.string({ maxLength: 8 })
  const limit = FastCheck.integer({ min: 1, max: 50 })
  const forAll = (name: string, holds: (trail: Trail, seed: Seed, limit: number) => boolean): Invariant => ({
    name,
    property: FastCheck.property(seed, limit, (one, most) =>
      holds(
        follow(one, () => most),
        one,
        most
      )
    ) as Invariant["property"]
  })
  return [
    forAll("it proposes something", ({ observations }) => observations.length > 0),
    forAll("every proposal is a candidate", ({ observations }) =>
      observations.every(
        ({ architecture }) => isMember(candidates.space, architecture) && candidates.admits(architecture)
      )
    ),
    forAll("proposals are numbered from 0", ({ observations }) =>
      observations.every(({ sequence }, i) => sequence === i)
    ),
    forAll("it proposes at most as many as are asked for", ({ calls }) =>
      calls.every((call) => call.proposals.length <= call.limit)
    ),
    forAll("what it proposes does not depend on how many are asked for at once", ({ observations }, one, most) =>
      [1, most + 7].every((other) =>
        same(observations, follow(one, (call) => (call % 3 === 0 ? other : 1)).observations)
      )
    ),
    forAll("asked for none, it proposes none and loses nothing", ({ observations }, one, most) =>
      same(observations, follow(one, (call) => (call % 2 === 0 ? 0 : most)).observations)
    ),
    forAll("the same seed and losses give the same proposals", ({ observations }, one, most) =>
      same(observations, follow(one, () => most).observations)
    ),
    forAll("a state is a value: it does not change", (_, one, most) => {
      const state = searcher.start(one, settings)
      const [proposals, next] = searcher.propose(candidates, state, most)
      const told = (from: State) =>
        proposals.reduce((s, one) => searcher.observe(s, { ...one, loss: ValidationLoss(one.sequence) }), from)
      const after = searcher.propose(candidates, told(next), most)[0]
      return (
        same(searcher.propose(candidates, state, most)[0], proposals) &&
        same(searcher.propose(candidates, told(next), most)[0], after)
      )
    }),
    forAll("once at its end, it stays there", ({ ended, afterEnd }) => !ended || afterEnd.length === 0)
  ]
}

/** Made up, the same for the same architecture. */
function lossOf(seed: Seed, architecture: Architecture): ValidationLoss {
  const key = keyOf(split(seed, "loss", architectureKey(architecture)))
  return ValidationLoss(uniformAt(key, 1) < 1 / 8 ? Number.POSITIVE_INFINITY : uniformAt(key, 0))
}

function same(a: ReadonlyArray<Proposal>, b: ReadonlyArray<Proposal>): boolean {
  const text = (all: ReadonlyArray<Proposal>) =>
    all.map((one) => `${one.sequence} ${architectureKey(one.architecture)}`).join()
  return text(a) === text(b)
}

function smallCandidates(): Candidates {
  const decisions = ["a", "b", "c", "d"].map((name) => ({ name, choices: ["x", "y", "z"] }))
  const space = Either.getOrThrow(makeSpace({ name: "small", decisions }))
  return spaceCandidates(space, (architecture) => architecture[0] !== 2 || architecture[1] !== 2)
}
