import * as FastCheck from "@effect/schema/FastCheck"
import { suite } from "uvu"
import * as assert from "uvu/assert"
import { architectureKey } from "../../../src/domain/architecture/architecture.ts"
import {
  type Candidates,
  drawCandidate,
  listedCandidates,
  spaceCandidates
} from "../../../src/domain/architecture/candidates.ts"
import { isMember } from "../../../src/domain/architecture/membership.ts"
import { makeBall, neighbors } from "../../../src/domain/neighborhood/ball.ts"
import { hamming } from "../../../src/domain/neighborhood/distance.ts"
import { ValidationLoss } from "../../../src/domain/score/score.ts"
import type { Observation } from "../../../src/domain/searchers/proposal.ts"
import { type Algorithm, observe, propose, startSearch } from "../../../src/domain/searchers/searcher.ts"
import { builtinSpace } from "../../../src/domain/space/spaces.ts"
import { SMALL } from "../../effects/programs/_searches.ts"

const { space, table, losses } = SMALL
const candidates = listedCandidates(space, table.architectures)
const ALGORITHMS: ReadonlyArray<Algorithm> = [
  { _tag: "RandomSearch" },
  { _tag: "Evolution", population: 6, tournament: 3 },
  { _tag: "LocalSearch" },
  { _tag: "Exhaustive" }
]

/** The first observations of a search, when at most `limit` proposals are asked for at once. */
function observations(
  algorithm: Algorithm,
  seed: string,
  limit: number,
  count: number,
  over: Candidates = candidates
): ReadonlyArray<Observation> {
  const seen: Array<Observation> = []
  let state = startSearch(algorithm, seed)
  while (seen.length < count) {
    const [proposals, next] = propose(over, state, Math.min(limit, count - seen.length))
    state = next
    if (proposals.length === 0) break
    for (const proposal of proposals) {
      const observation = { ...proposal, loss: ValidationLoss(losses[table.rowOf(proposal.architecture)]!) }
      seen.push(observation)
      state = observe(state, observation)
    }
  }
  return seen
}

const machines = suite("propose(), observe()")

machines("what is proposed does not depend on how many are asked for at once", () => {
  const check = FastCheck.property(
    FastCheck.constantFrom(...ALGORITHMS),
    FastCheck.string(),
    FastCheck.integer({ min: 2, max: 50 }),
    (algorithm, seed, limit) => {
      assert.equal(observations(algorithm, seed, limit, 60), observations(algorithm, seed, 1, 60))
    }
  )
  FastCheck.assert(check, { seed: 23, numRuns: 60 })
})

machines("proposals are numbered from 0 and are candidates", () => {
  const few = listedCandidates(
    space,
    table.architectures.filter((one) => one[0] !== 2)
  )
  for (const algorithm of ALGORITHMS) {
    const seen = observations(algorithm, "n", 7, 50, few)
    assert.equal(
      seen.map(({ sequence }) => sequence),
      seen.map((_, i) => i)
    )
    assert.ok(seen.every(({ architecture }) => architecture[0] !== 2))
  }
})

machines("an exhaustive search lists every candidate once, then ends", () => {
  const seen = observations({ _tag: "Exhaustive" }, "", 10, 1000)
  assert.equal(
    seen.map(({ architecture }) => architecture),
    table.architectures
  )
  assert.is(observations({ _tag: "Exhaustive" }, "", 10, 1000, spaceCandidates(space)).length, 81)
})

machines("evolution proposes neighbors of living members once its population is full", () => {
  const seen = observations({ _tag: "Evolution", population: 6, tournament: 3 }, "e", 10, 80)
  for (const [i, { architecture }] of seen.entries()) {
    if (i < 6) continue
    const living = seen.slice(i - 6, i)
    assert.ok(living.some((member) => hamming(member.architecture, architecture) === 1))
  }
})

machines("a tournament of many always breeds the best, one of one does not", () => {
  const strict = observations({ _tag: "Evolution", population: 5, tournament: 200 }, "t", 10, 60)
  for (let i = 5; i < 60; i++) {
    const best = strict.slice(i - 5, i).reduce((a, b) => (b.loss < a.loss ? b : a))
    assert.is(hamming(best.architecture, strict[i]!.architecture), 1)
  }
})

machines("local search descends to a minimum before it starts anew, and proposes nothing twice but a start", () => {
  const seen = observations({ _tag: "LocalSearch" }, "l", 10, 70)
  const ball = makeBall(space)
  let center = seen[0]!
  let at = 1
  const visited = new Set([architectureKey(center.architecture)])
  let minima = 0
  while (at < 60) {
    const fresh = [...neighbors(ball, center.architecture)].filter((one) => !visited.has(architectureKey(one)))
    const frontier = seen.slice(at, at + fresh.length)
    assert.equal(
      frontier.map(({ architecture }) => architecture),
      fresh
    )
    for (const one of fresh) visited.add(architectureKey(one))
    at += fresh.length
    const best = frontier.reduce<Observation | undefined>(
      (a, b) => (a === undefined || b.loss < a.loss ? b : a),
      undefined
    )
    if (best !== undefined && best.loss < center.loss) center = best
    else {
      minima += 1
      center = seen[at]!
      at += 1
      if (center === undefined) break
      visited.add(architectureKey(center.architecture))
    }
  }
  assert.ok(minima > 0)
})

machines.run()

const drawing = suite("drawCandidate()")

drawing("is a uniform member of spaces that are listed, whole, or full of rules", () => {
  const counts = new Map<string, number>()
  for (let i = 0; i < 8100; i++) {
    for (const [name, from] of [
      ["listed", candidates],
      ["whole", spaceCandidates(space)]
    ] as const) {
      const key = `${name} ${architectureKey(drawCandidate(from, `${i}`)!)}`
      counts.set(key, (counts.get(key) ?? 0) + 1)
    }
  }
  assert.is(counts.size, 162)
  assert.ok([...counts.values()].every((count) => count > 55 && count < 150))
  for (const name of ["darts", "s1", "s4"] as const) {
    const genotypes = builtinSpace(name)
    for (let i = 0; i < 50; i++) assert.ok(isMember(genotypes, drawCandidate(spaceCandidates(genotypes), `${i}`)!))
  }
})

drawing("gives up on a predicate that admits nothing", () => {
  assert.is(
    drawCandidate(
      spaceCandidates(space, () => false),
      "s"
    ),
    undefined
  )
})

drawing.run()
