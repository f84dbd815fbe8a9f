import * as FastCheck from "@effect/schema/FastCheck"
import * as Either from "effect/Either"
import { makeSpace } from "../src/domain/space/make_space.ts"
import type { Cell, Space } from "../src/domain/space/space.ts"

/** Spaces of up to 5 decisions with 1 to 4 choices each. */
export const decisionSpaces: FastCheck.Arbitrary<Space> = FastCheck.array(FastCheck.integer({ min: 1, max: 4 }), {
  minLength: 1,
  maxLength: 5
}).map((sizes) =>
  Either.getOrThrow(
    makeSpace({
      version: 1,
      name: "random",
      decisions: sizes.map((size, i) => ({ name: `d${i}`, choices: Array.from({ length: size }, (_, k) => `c${k}`) }))
    })
  )
)

const OPERATIONS = ["skip_connect", "sep_conv_3x3", "none"]

/** Spaces of one or two cells whose nodes keep their two strongest edges; the candidates differ from edge to edge. */
export const genotypeSpaces: FastCheck.Arbitrary<Space> = FastCheck.tuple(
  FastCheck.array(FastCheck.subarray(OPERATIONS.slice(0, 2), { minLength: 1 }), { minLength: 5, maxLength: 5 }),
  FastCheck.boolean()
).map(([candidates, two]) => {
  const pairs = [2, 3].flatMap((to) => Array.from({ length: to }, (_, from) => ({ from, to })))
  const cell = (name: string, stride: 1 | 2): Cell => ({
    name,
    inputs: 2,
    nodes: 2,
    edges: pairs.map((pair, i) => ({ ...pair, operations: [...candidates[i]!, "none"] })),
    combine: "sum",
    output: "concatenate",
    stride
  })
  const cells = two ? [cell("normal", 1), cell("reduction", 2)] : [cell("normal", 1)]
  return Either.getOrThrow(
    makeSpace({
      version: 1,
      name: "genotypes",
      cells,
      reading: { _tag: "StrongestEdges", perNode: 2, exclude: ["none"] }
    })
  )
})

/** Every combination of choices of a space, members or not, the last decision moving first. */
export function* combinations(space: Space): Generator<ReadonlyArray<number>, void> {
  const sizes = space.decisions.map(({ choices }) => choices.length)
  const count = sizes.reduce((all, size) => all * size, 1)
  const combination = sizes.map(() => 0)
  for (let i = 0; i < count; i++) {
    yield [...combination]
    for (let at = sizes.length - 1; at >= 0; at--) {
      combination[at] = (combination[at]! + 1) % sizes[at]!
      if (combination[at] !== 0) break
    }
  }
}
