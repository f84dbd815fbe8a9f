import * as FastCheck from "@effect/schema/FastCheck"
import { suite } from "uvu"
import * as assert from "uvu/assert"
import { candidateSeed, drawCandidate, spaceCandidates } from "../../../src/domain/architecture/candidates.ts"
import { keyOf, uniformAt } from "../../../src/domain/random.ts"
import { ValidationLoss } from "../../../src/domain/score/score.ts"
import type { Observation } from "../../../src/domain/searchers/proposal.ts"
import { type Halving, rungsOf, successiveHalving } from "../../../src/domain/searchers/successive_halving.ts"
import { builtinSpace } from "../../../src/domain/space/spaces.ts"

const { start, propose, observe } = successiveHalving
const candidates = spaceCandidates(builtinSpace("nas-bench-201"))

const rungs = suite("rungsOf()")

rungs("are the published ones", () => {
  const text = (halving: Halving) => rungsOf(halving).map((rung) => `${rung.candidates}@${rung.epochs}`)
  // Li et al. 2017 (arXiv 1603.06560) table 1, the column s = 4
  assert.equal(text({ samples: 81, epochs: 81, eta: 3 }), ["81@1", "27@3", "9@9", "3@27", "1@81"])
  assert.equal(text({ samples: 27, epochs: 9, eta: 3 }), ["27@1", "9@3", "3@9"])
  assert.equal(text({ samples: 4, epochs: 100, eta: 2 }), ["4@25", "2@50", "1@100"])
  assert.equal(text({ samples: 10, epochs: 1, eta: 2 }), ["10@1"])
  assert.equal(text({ samples: 1, epochs: 7, eta: 2 }), ["1@7"])
})

rungs("begin with all candidates, end with all epochs, and thin by eta", () => {
  const count = FastCheck.integer({ min: 1, max: 300 })
  const check = FastCheck.property(count, count, FastCheck.integer({ min: 2, max: 5 }), (n, epochs, eta) => {
    const made = rungsOf({ samples: n, epochs, eta })
    assert.is(made[0]!.candidates, n)
    assert.is(made.at(-1)!.epochs, epochs)
    for (const [i, rung] of made.entries()) {
      assert.ok(rung.candidates >= 1 && rung.epochs >= 1)
      assert.is(rung.candidates, Math.floor(n / eta ** i))
    }
    assert.ok(eta ** made.length > Math.min(n, epochs))
  })
  FastCheck.assert(check, { seed: 1 })
})

rungs.run()

/** A loss of a candidate that changes with the epochs; `levels` makes ties likely. */
function lossOf({ candidate, epochs }: Pick<RungScore, "candidate" | "epochs">, levels: number): ValidationLoss {
  return ValidationLoss(Math.floor(levels * uniformAt(keyOf(`loss/${epochs}`), candidate)))
}

type RungScore = Required<Observation>

/** Every proposal of a search, at most `limit` at a time. */
function searched(halving: Halving, limit: number, levels: number): ReadonlyArray<RungScore> {
  const all: Array<RungScore> = []
  let state = start("s", halving)
  for (;;) {
    const [proposals, next] = propose(candidates, state, limit)
    if (proposals.length === 0) return all
    state = next
    for (const proposal of proposals) {
      const { candidate, epochs } = proposal
      const rung = { candidate: candidate!, epochs: epochs! }
      const observation = { ...proposal, ...rung, loss: lossOf(rung, levels) }
      all.push(observation)
      state = observe(state, observation)
    }
  }
}

const test = suite("successive halving")

test("lets the best of each rung go on, the earlier among equals, at any limit", () => {
  const count = FastCheck.integer({ min: 1, max: 40 })
  const check = FastCheck.property(
    count,
    count,
    FastCheck.integer({ min: 2, max: 4 }),
    count,
    FastCheck.constantFrom(3, 1e9),
    (n, epochs, eta, limit, levels) => {
      const halving = { samples: n, epochs, eta }
      const all = searched(halving, limit, levels)
      assert.equal(
        all.map(({ sequence }) => sequence),
        all.map((_, i) => i)
      )
      let field = Array.from({ length: n }, (_, i) => i)
      let at = 0
      for (const rung of rungsOf(halving)) {
        const better = (a: number, b: number) =>
          lossOf({ candidate: a, epochs: before }, levels) - lossOf({ candidate: b, epochs: before }, levels) || a - b
        const before = all[at - 1]?.epochs ?? 0
        if (at > 0)
          field = [...field]
            .sort(better)
            .slice(0, rung.candidates)
            .sort((a, b) => a - b)
        const own = all.slice(at, at + rung.candidates)
        assert.equal(
          own.map(({ candidate }) => candidate),
          field
        )
        assert.ok(own.every((one) => one.epochs === rung.epochs))
        for (const one of own)
          assert.equal(one.architecture, drawCandidate(candidates, candidateSeed("s", one.candidate)))
        at += rung.candidates
      }
      assert.is(all.length, at)
    }
  )
  FastCheck.assert(check, { seed: 2 })
})

test("proposes nothing where no candidate is admitted", () => {
  const none = spaceCandidates(builtinSpace("nas-bench-201"), () => false)
  assert.equal(propose(none, start("s", { samples: 2, epochs: 2, eta: 2 }), 5)[0], [])
})

test.run()
