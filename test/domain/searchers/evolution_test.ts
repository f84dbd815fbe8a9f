import * as FastCheck from "@effect/schema/FastCheck"
import { suite } from "uvu"
import * as assert from "uvu/assert"
import { listedCandidates } from "../../../src/domain/architecture/candidates.ts"
import { hamming } from "../../../src/domain/neighborhood/distance.ts"
import { ValidationLoss } from "../../../src/domain/score/score.ts"
import { evolution } from "../../../src/domain/searchers/evolution.ts"
import { SMALL } from "../../effects/programs/_searches.ts"

const { space, table, losses } = SMALL
const { start, propose, observe } = evolution
type State = ReturnType<typeof start>
const candidates = listedCandidates(space, table.architectures)
const sizes = FastCheck.tuple(FastCheck.integer({ min: 1, max: 8 }), FastCheck.integer({ min: 1, max: 5 }))

/** Propose and observe a number of times; every state that was passed. */
function states(seed: string, population: number, tournament: number, rounds: number): ReadonlyArray<State> {
  let state = start(seed, { population, tournament })
  const passed = [state]
  for (let round = 0; round < rounds; round++) {
    const [proposals, next] = propose(candidates, state, 3)
    state = next
    passed.push(state)
    for (const proposal of proposals) {
      const loss = ValidationLoss(losses[table.rowOf(proposal.architecture)]!)
      state = observe(state, { ...proposal, loss })
      passed.push(state)
    }
  }
  return passed
}

const test = suite("Evolution")

test("the population never exceeds its size and holds the latest, oldest first", () => {
  const check = FastCheck.property(FastCheck.string(), sizes, (seed, [population, tournament]) => {
    for (const { members, observed } of states(seed, population, tournament, 30)) {
      assert.is(members.length, Math.min(population, observed))
      assert.equal(
        members.map(({ sequence }) => sequence),
        members.map((_, i) => observed - members.length + i)
      )
    }
  })
  FastCheck.assert(check, { seed: 40, numRuns: 50 })
})

test("a child waits until its whole population is observed, and is a neighbor of a member", () => {
  const check = FastCheck.property(FastCheck.string(), sizes, (seed, [population, tournament]) => {
    let state = states(seed, population, tournament, 20).at(-1)!
    const [[child, ...more], next] = propose(candidates, state, 10)
    assert.is(more.length, 0)
    assert.ok(state.members.some((member) => hamming(member.architecture, child!.architecture) === 1))
    assert.equal(propose(candidates, next, 10), [[], next])
    state = observe(next, { ...child!, loss: ValidationLoss(0) })
    assert.is(propose(candidates, state, 10)[0].length, 1)
  })
  FastCheck.assert(check, { seed: 41, numRuns: 50 })
})

test("a parent without a candidate among its neighbors gives a random candidate", () => {
  const lonely = [
    [0, 0, 0, 0],
    [1, 1, 1, 1],
    [2, 2, 2, 2]
  ]
  const few = listedCandidates(space, lonely)
  let state = start("lonely", { population: 1, tournament: 1 })
  for (let i = 0; i < 20; i++) {
    const [[proposal], next] = propose(few, state, 1)
    assert.ok(lonely.some((one) => hamming(one, proposal!.architecture) === 0))
    state = observe(next, { ...proposal!, loss: ValidationLoss(0) })
  }
})

test("asked for nothing, it proposes nothing and stays as it is", () => {
  const state = start("s", { population: 4, tournament: 2 })
  assert.equal(propose(candidates, state, 0), [[], state])
})

test.run()
