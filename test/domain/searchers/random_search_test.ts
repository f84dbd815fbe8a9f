import * as FastCheck from "@effect/schema/FastCheck"
import { suite } from "uvu"
import * as assert from "uvu/assert"
import {
  candidateSeed,
  drawCandidate,
  listedCandidates,
  spaceCandidates
} from "../../../src/domain/architecture/candidates.ts"
import { isMember } from "../../../src/domain/architecture/membership.ts"
import { randomSearch } from "../../../src/domain/searchers/random_search.ts"
import { builtinSpace } from "../../../src/domain/space/spaces.ts"
import { genotypeSpaces } from "../../_arbitrary.ts"
import { SMALL } from "../../effects/programs/_searches.ts"

const { start, propose } = randomSearch
const candidates = listedCandidates(SMALL.space, SMALL.table.architectures)

const test = suite("RandomSearch")

test("candidate i depends on the seed and on i alone", () => {
  const check = FastCheck.property(
    FastCheck.string(),
    FastCheck.array(FastCheck.nat(9), { minLength: 1, maxLength: 6 }),
    (seed, limits) => {
      let state = start(seed, {})
      for (const limit of limits) {
        const [proposals, next] = propose(candidates, state, limit)
        assert.is(proposals.length, limit)
        for (const [i, { sequence, architecture }] of proposals.entries()) {
          assert.is(sequence, state.next + i)
          assert.equal(architecture, drawCandidate(candidates, candidateSeed(seed, sequence)))
        }
        state = next
      }
    }
  )
  FastCheck.assert(check, { seed: 42, numRuns: 100 })
})

test("different seeds propose differently", () => {
  const first = (seed: string) => String(propose(candidates, start(seed, {}), 30)[0].map((one) => one.architecture))
  assert.is(new Set(["0", "1", "2", "00", ""].map(first)).size, 5)
})

test("proposes members of every space, uniformly where the space has rules", () => {
  const check = FastCheck.property(genotypeSpaces, FastCheck.string(), (space, seed) =>
    propose(spaceCandidates(space), start(seed, {}), 10)[0].every(({ architecture }) => isMember(space, architecture))
  )
  FastCheck.assert(check, { seed: 43, numRuns: 30 })
  const s1 = builtinSpace("s1")
  const counts = new Map<string, number>()
  for (const { architecture } of propose(spaceCandidates(s1), start("u", {}), 4000)[0]) {
    const node = String(architecture.slice(0, 4))
    counts.set(node, (counts.get(node) ?? 0) + 1)
  }
  const expected = 4000 / counts.size
  const statistic = [...counts.values()].reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0)
  assert.is(counts.size, 8)
  assert.ok(statistic < 30, `${statistic}`)
})

test("ends where a predicate admits nothing", () => {
  const none = spaceCandidates(SMALL.space, () => false)
  assert.equal(propose(none, start("s", {}), 3)[0], [])
})

test.run()
