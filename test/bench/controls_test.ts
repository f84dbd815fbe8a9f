import { suite } from "uvu"
import * as assert from "uvu/assert"
import { bestByAdditive, bestOfRandom, choicesOf, explained } from "../../bench/_controls.ts"
import { architectureAt } from "../../src/domain/architecture/ordinal.ts"
import { integerAt, keyOf, shuffled, uniformAt } from "../../src/domain/random.ts"
import { builtinSpace } from "../../src/domain/space/spaces.ts"

const space = builtinSpace("nas-bench-201")
const key = keyOf("controls")
/** All architectures, in an order that is not that of their ordinals. */
const architectures = Array.from({ length: 15_625 }, (_, row) => architectureAt(space, (7 * row + 3) % 15_625))
const features = architectures.map((architecture) => choicesOf(space, architecture))
const worth = Array.from({ length: 30 }, (_, i) => uniformAt(key, i))
const additive = features.map((row) => row.reduce((sum, x, j) => sum + x * worth[j]!, 0))

const test = suite("bench/_controls.ts")

test("an architecture has one feature per choice, a 1 where it makes the choice", () => {
  assert.equal(
    [...choicesOf(space, [0, 4, 1, 2, 3, 0])].join(""),
    "10000" + "00001" + "01000" + "00100" + "00010" + "10000"
  )
})

test("the best of random rows is the best of those that were drawn", () => {
  const drawn = Array.from({ length: 20 }, (_, i) => integerAt(keyOf("a"), i, additive.length))
  const best = bestOfRandom(additive, 20, "a")
  assert.ok(drawn.includes(best) && drawn.every((row) => additive[row]! <= additive[best]!))
  assert.is.not(bestOfRandom(additive, 20, "b"), best)
})

test("the additive model finds the best of its rows in an additive landscape, and sees through noise", () => {
  const seeds = Array.from({ length: 8 }, (_, i) => `${i}`)
  for (const seed of seeds) {
    const rows = [...shuffled(keyOf(seed), features.length)].slice(0, 400)
    const best = Math.max(...rows.map((row) => additive[row]!))
    assert.is(additive[bestByAdditive(features, additive, 400, seed)], best)
  }
  const scores = additive.map((value, row) => value + 3 * (uniformAt(key, 100 + row) - 0.5))
  const mean = (rows: ReadonlyArray<number>) => rows.reduce((sum, row) => sum + additive[row]!, 0) / rows.length
  const smoothed = mean(seeds.map((seed) => bestByAdditive(features, scores, 800, seed)))
  const noisy = mean(seeds.map((seed) => bestOfRandom(scores, 800, seed)))
  assert.ok(smoothed > noisy + 0.05, `${smoothed} ${noisy}`)
})

test("what explains a column is found: neighbors where they make it up, main effects where these do", () => {
  const cost = additive.map((_, row) => uniformAt(key, 50_000 + row))
  const score = additive.map((_, row) => uniformAt(key, 100_000 + row))
  const byKey = new Map(architectures.map((architecture, row) => [architecture.join(""), score[row]!]))
  const around = architectures.map((architecture) => {
    let sum = 0
    for (const [i, own] of architecture.entries())
      for (let other = 0; other < 5; other++)
        if (other !== own) sum += byKey.get(architecture.map((choice, j) => (j === i ? other : choice)).join(""))!
    return sum / 24
  })
  const ofNeighbors = explained(space, architectures, { score, cost, wanted: around }, 500)
  assert.ok(ofNeighbors.ownAndNeighbors > 1 - 1e-9 && ofNeighbors.own < 0.1 && ofNeighbors.ownAndMainEffects < 0.5)
  const ofCost = explained(space, architectures, { score, cost, wanted: cost }, 500)
  assert.ok(ofCost.ownAndMainEffects > 1 - 1e-9 && ofCost.all > 1 - 1e-9 && ofCost.ownAndNeighbors < 0.1)
})

test.run()
