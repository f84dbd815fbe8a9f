import { architectureKey } from "../architecture/architecture.ts"
import { spaceSize } from "../architecture/membership.ts"
import { architectureAt } from "../architecture/ordinal.ts"
import { integerAt, keyOf, type Seed, split, uniformAt } from "../random.ts"
import type { Space } from "../space/space.ts"
import type { RawTable } from "./table.ts"

/** The columns of a synthetic table. */
export const SYNTHETIC_COLUMNS = ["code", "validation", "test", "seconds"] as const

/**
 * A made-up benchmark over an enumerable space, to try searches without a download. Its numbers are
 * not accuracies.
 *
 * `test` is a rugged landscape in [0, 100): every decision interacts with two others (an NK model
 * with K = 2). `validation` is `test` and noise of standard deviation 5, and where one choice in
 * eight fits by luck, 10 more: sharp peaks that a search by own score falls for. `seconds` is a
 * made-up cost in [60, 180).
 *
 * Source: ours, after Kauffman and Weinberger 1989.
 */
export function syntheticTable(space: Space, seed: Seed): RawTable {
  const decisions = space.decisions.length
  const links = space.decisions.map((_, i) => {
    const key = keyOf(split(seed, "link", i))
    return [i, integerAt(key, 0, decisions), integerAt(key, 1, decisions)]
  })
  const fitness = new Map<string, number>()
  const contribution = (i: number, choices: ReadonlyArray<number>) => {
    const name = split(seed, "fitness", i, ...links[i]!.map((j) => choices[j]!))
    const known = fitness.get(name) ?? uniformAt(keyOf(name), 0)
    fitness.set(name, known)
    return known
  }
  const rows = Array.from({ length: spaceSize(space) }, (_, ordinal) => {
    const choices = architectureAt(space, ordinal)
    const key = keyOf(split(seed, "noise", ordinal))
    const test = (100 * choices.reduce((sum, _choice, i) => sum + contribution(i, choices), 0)) / decisions
    const noise = [0, 1, 2, 3].reduce((sum, j) => sum + uniformAt(key, j) - 0.5, 0) * 5 * Math.sqrt(3)
    const luck = integerAt(key, 4, 8) === 0 ? 10 : 0
    const seconds = 60 + 120 * uniformAt(key, 5)
    return [architectureKey(choices), (test + noise + luck).toFixed(4), test.toFixed(4), seconds.toFixed(2)]
  })
  return { name: "synthetic", identity: `synthetic/${space.name}/${seed}`, header: SYNTHETIC_COLUMNS, rows }
}
