import * as FastCheck from "@effect/schema/FastCheck"
import { suite } from "uvu"
import * as assert from "uvu/assert"
import { architectureKey } from "../../../src/domain/architecture/architecture.ts"
import { drawCandidate, listedCandidates, spaceCandidates } from "../../../src/domain/architecture/candidates.ts"
import { isMember } from "../../../src/domain/architecture/membership.ts"
import { makeBall, neighbors } from "../../../src/domain/neighborhood/ball.ts"
import { hamming } from "../../../src/domain/neighborhood/distance.ts"
import { ValidationLoss } from "../../../src/domain/score/score.ts"
import { evolution } from "../../../src/domain/searchers/evolution.ts"
import { exhaustive } from "../../../src/domain/searchers/exhaustive.ts"
import { searcherInvariants } from "../../../src/domain/searchers/invariants.ts"
import { localSearch } from "../../../src/domain/searchers/local_search.ts"
import type { Observation } from "../../../src/domain/searchers/proposal.ts"
import { randomSearch } from "../../../src/domain/searchers/random_search.ts"
import type { Searcher } from "../../../src/domain/searchers/searcher.ts"
import { SEARCHERS } from "../../../src/domain/searchers/searchers.ts"
import { successiveHalving } from "../../../src/domain/searchers/successive_halving.ts"
import { fieldDefaults } from "../../../src/domain/setting/field.ts"
import { builtinSpace } from "../../../src/domain/space/spaces.ts"
import { SMALL } from "../../effects/programs/_searches.ts"

const { space, table, losses } = SMALL
const candidates = listedCandidates(space, table.architectures)

/** The first observations of a search, when at most `limit` proposals are asked for at once. */
function observations(
  searcher: Searcher,
  { seed = "", limit = 10, count = 1000, over = candidates, settings = fieldDefaults(searcher.fields) }
): ReadonlyArray<Observation> {
  const seen: Array<Observation> = []
  let state = searcher.start(seed, settings)
  while (seen.length < count) {
    const [proposals, next] = searcher.propose(over, state, Math.min(limit, count - seen.length))
    state = next
    if (proposals.length === 0) break
    for (const proposal of proposals) {
      const observation = { ...proposal, loss: ValidationLoss(losses[table.rowOf(proposal.architecture)]!) }
      seen.push(observation)
      state = searcher.observe(state, observation)
    }
  }
  return seen
}

const invariants = suite("searcherInvariants()")

for (const searcher of SEARCHERS) {
  const few = listedCandidates(
    space,
    table.architectures.filter((one) => one[0] !== 2)
  )
  for (const [where, over] of [
    ["a space with a constraint", {}],
    ["a list", { candidates: few }],
    ["genotypes", { candidates: spaceCandidates(builtinSpace("s1")) }]
  ] as const) {
    if (where === "genotypes" && searcher.ends) continue
    for (const { name, property } of searcherInvariants(searcher, over)) {
      invariants(`${searcher.name} in ${where}: ${name}`, () =>
        FastCheck.assert(property, { seed: 23, numRuns: where === "genotypes" ? 4 : 25 })
      )
    }
  }
}

for (const { name, property } of searcherInvariants(successiveHalving, {
  settings: { samples: 20, epochs: 9, eta: 3 }
}))
  invariants(`halving over its rungs: ${name}`, () => FastCheck.assert(property, { seed: 23, numRuns: 25 }))

/** Searchers with one fault each, and the invariant that finds it. */
const FAULTY: ReadonlyArray<readonly [string, Partial<Searcher>]> = [
  ["it proposes something", { propose: (_, state) => [[], state] }],
  [
    "every proposal is a candidate",
    { propose: (_, state) => [[{ sequence: Number(state), architecture: [2, 2, 0, 0] }], Number(state) + 1] }
  ],
  ["proposals are numbered from 0", { propose: (_, state) => [[{ sequence: 1, architecture: [0, 0, 0, 0] }], state] }],
  [
    "it proposes at most as many as are asked for",
    { propose: (_, state) => [[0, 1].map((sequence) => ({ sequence, architecture: [0, 0, 0, 0] })), state] }
  ],
  [
    "what it proposes does not depend on how many are asked for at once",
    {
      propose: (_, state, limit) => [
        limit < 1 ? [] : [{ sequence: Number(state), architecture: [0, 0, 0, limit % 3] }],
        Number(state) + Math.min(1, limit)
      ]
    }
  ],
  [
    "asked for none, it proposes none and loses nothing",
    {
      propose: (_, state, limit) => [
        limit < 1 ? [] : [{ sequence: Number(state) % 1000, architecture: [0, 0, 0, Number(state) > 999 ? 1 : 0] }],
        limit < 1 ? 1000 : Number(state) + 1
      ]
    }
  ],
  [
    "the same seed and losses give the same proposals",
    (() => {
      let drawn = 0
      const propose: Searcher["propose"] = (_, state, limit) => [
        limit < 1 ? [] : [{ sequence: Number(state), architecture: [0, 0, 0, (drawn++ % 7) % 3] }],
        Number(state) + 1
      ]
      return { propose }
    })()
  ],
  [
    "a state is a value: it does not change",
    {
      start: () => [],
      propose: (_, state) => [[{ sequence: (state as Array<0>).push(0) - 1, architecture: [0, 0, 0, 0] }], state]
    }
  ],
  [
    "once at its end, it stays there",
    {
      propose: (_, state) => [
        Number(state) % 2 === 1 ? [] : [{ sequence: Number(state) / 2, architecture: [0, 0, 0, 0] }],
        Number(state) + 1
      ]
    }
  ]
]
const faulty: Searcher = { ...randomSearch, start: () => 0, propose: (_, state) => [[], state] }
for (const [name, fault] of FAULTY) {
  invariants(`finds what breaks "${name}"`, () => {
    const { property } = searcherInvariants({ ...faulty, ...fault }).find((one) => one.name === name)!
    assert.ok(FastCheck.check(property, { seed: 1 }).failed)
  })
}

invariants("each searcher has a name of its own", () => {
  assert.is(new Set(SEARCHERS.map(({ name }) => name)).size, SEARCHERS.length)
})

invariants.run()

const machines = suite("propose(), observe()")

machines("an exhaustive search lists every candidate once, then ends", () => {
  const seen = observations(exhaustive, {})
  assert.equal(
    seen.map(({ architecture }) => architecture),
    table.architectures
  )
  assert.is(observations(exhaustive, { over: spaceCandidates(space) }).length, 81)
})

machines("evolution proposes neighbors of living members once its population is full", () => {
  const seen = observations(evolution, { seed: "e", count: 80, settings: { population: 6, tournament: 3 } })
  for (const [i, { architecture }] of seen.entries()) {
    if (i < 6) continue
    const living = seen.slice(i - 6, i)
    assert.ok(living.some((member) => hamming(member.architecture, architecture) === 1))
  }
})

machines("a tournament of many always breeds the best, one of one does not", () => {
  const strict = observations(evolution, { seed: "t", count: 60, settings: { population: 5, tournament: 200 } })
  for (let i = 5; i < 60; i++) {
    const best = strict.slice(i - 5, i).reduce((a, b) => (b.loss < a.loss ? b : a))
    assert.is(hamming(best.architecture, strict[i]!.architecture), 1)
  }
})

machines("local search descends to a minimum before it starts anew, and proposes nothing twice but a start", () => {
  const seen = observations(localSearch, { seed: "l", count: 70 })
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
