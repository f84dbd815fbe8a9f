import * as FastCheck from "@effect/schema/FastCheck"
import { suite } from "uvu"
import * as assert from "uvu/assert"
import { type Architecture, architectureKey } from "../../../src/domain/architecture/architecture.ts"
import { type Candidates, listedCandidates, spaceCandidates } from "../../../src/domain/architecture/candidates.ts"
import { isMember } from "../../../src/domain/architecture/membership.ts"
import { makeBall, neighbors } from "../../../src/domain/neighborhood/ball.ts"
import { ValidationLoss } from "../../../src/domain/score/score.ts"
import { exhaustive } from "../../../src/domain/searchers/exhaustive.ts"
import { localSearch } from "../../../src/domain/searchers/local_search.ts"
import { builtinSpace } from "../../../src/domain/space/spaces.ts"
import { combinations, genotypeSpaces } from "../../_arbitrary.ts"
import { SMALL } from "../../effects/programs/_searches.ts"

const { space, table, losses } = SMALL
const { start, propose, observe } = localSearch
type State = ReturnType<typeof start>
const lossOf = (one: Architecture) => losses[table.rowOf(one)]!

/** A descent until it starts anew: the state before the restart, and all that was proposed. */
function descend(candidates: Candidates, seed: string, limit: number): readonly [State, ReadonlyArray<Architecture>] {
  let state = start(seed, {})
  const proposed: Array<Architecture> = []
  for (;;) {
    const [proposals, next] = propose(candidates, state, limit)
    const restarts = proposed.length > 0 && next.center === undefined
    if (restarts || proposals.length === 0) return [state, proposed]
    state = next
    for (const proposal of proposals) {
      proposed.push(proposal.architecture)
      state = observe(state, { ...proposal, loss: ValidationLoss(lossOf(proposal.architecture)) })
    }
  }
}

const test = suite("LocalSearch")

test("a descent ends in a local minimum and proposes nothing twice", () => {
  const whole = listedCandidates(space, table.architectures)
  const check = FastCheck.property(FastCheck.string(), FastCheck.integer({ min: 1, max: 12 }), (seed, limit) => {
    const [{ center }, proposed] = descend(whole, seed, limit)
    assert.is(new Set(proposed.map(architectureKey)).size, proposed.length)
    assert.ok([...neighbors(makeBall(space), center!.architecture)].every((one) => lossOf(one) >= center!.loss))
  })
  FastCheck.assert(check, { seed: 90, numRuns: 100 })
})

test("only candidates are proposed, and the minimum is one among them", () => {
  const list = table.architectures.filter((one) => one[0] !== 1)
  const few = listedCandidates(space, list)
  const [{ center }, proposed] = descend(few, "few", 5)
  assert.ok(proposed.every((one) => one[0] !== 1))
  const around = [...neighbors(makeBall(space), center!.architecture)].filter((one) => one[0] !== 1)
  assert.ok(around.every((one) => lossOf(one) >= center!.loss))
})

test("nothing is proposed while a frontier is under way", () => {
  const whole = listedCandidates(space, table.architectures)
  const [[first], waiting] = propose(whole, start("w", {}), 50)
  assert.equal(propose(whole, waiting, 50)[0], [])
  const [frontier, spread] = propose(whole, observe(waiting, { ...first!, loss: ValidationLoss(0) }), 50)
  assert.is(frontier.length, 8)
  assert.equal(propose(whole, spread, 50)[0], [])
  assert.equal(propose(whole, spread, 0), [[], spread])
})

test.run()

const lists = suite("Exhaustive")

lists("lists every candidate once, in order, whatever the limits", () => {
  const check = FastCheck.property(FastCheck.subarray([...table.architectures]), FastCheck.nat(9), (list, extra) => {
    const admitted = new Set(list.map(architectureKey))
    for (const candidates of [
      listedCandidates(space, list),
      spaceCandidates(space, (one) => admitted.has(architectureKey(one)))
    ]) {
      let state = exhaustive.start("", {})
      const seen: Array<Architecture> = []
      for (;;) {
        const [proposals, next] = exhaustive.propose(candidates, state, 1 + extra)
        if (proposals.length === 0) break
        for (const [i, { sequence, architecture }] of proposals.entries()) {
          assert.is(sequence, state.next + i)
          seen.push(architecture)
        }
        state = next
      }
      assert.equal(seen, list)
    }
  })
  FastCheck.assert(check, { seed: 91, numRuns: 60 })
})

lists("proposes nothing in a space too large to be numbered", () => {
  assert.equal(exhaustive.propose(spaceCandidates(builtinSpace("darts")), exhaustive.start("", {}), 5)[0], [])
})

lists.run()

const admitting = suite("spaceCandidates()")

admitting("admit exactly the members that the predicate does", () => {
  const check = FastCheck.property(genotypeSpaces, (made) => {
    const candidates = spaceCandidates(made, (one) => one[0] === 0)
    let seen = 0
    for (const one of combinations(made)) {
      if (candidates.admits(one) !== (isMember(made, one) && one[0] === 0)) return false
      if (++seen === 3000) break
    }
    return true
  })
  FastCheck.assert(check, { seed: 92, numRuns: 20 })
})

admitting.run()
