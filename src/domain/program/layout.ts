import * as Either from "effect/Either"
import { buildProgram, type ProgramBuilder } from "./builder.ts"
import { copyNodes } from "./differentiate.ts"
import type { Shape } from "./operation.ts"
import { elementCount, type Program } from "./program.ts"

/** Tensors that lie in one vector, one after the other, each row-major: their names and shapes, in order. */
export type Layout = ReadonlyMap<string, Shape>

/** Number of elements of the vector. */
export function layoutSize(layout: Layout): number {
  return [...layout.values()].reduce((sum, shape) => sum + elementCount(shape), 0)
}

/** So many tensors are joined first, and then those: what has been joined need not be kept apart. */
const JOINED = 64

/** Tensors as one vector. */
export function flattened(b: ProgramBuilder, tensors: ReadonlyArray<number>): number {
  const vectors = tensors.map((x) => b.reshape(x, [elementCount(b.shape(x))]))
  const groups = Array.from({ length: Math.ceil(vectors.length / JOINED) }, (_, i) =>
    b.concatenate(vectors.slice(i * JOINED, (i + 1) * JOINED), 0)
  )
  return b.concatenate(groups, 0)
}

/** The tensors of a vector, by their names: the inverse of `flattened`. */
export function unflattened(b: ProgramBuilder, vector: number, layout: Layout): ReadonlyMap<string, number> {
  let start = 0
  return new Map(
    [...layout].map(([name, shape]) => {
      const end = start + elementCount(shape)
      const part = b.slice(vector, [{ start, end }])
      start = end
      return [name, b.reshape(part, shape)] as const
    })
  )
}

/** The program with one input, the vector, in place of the inputs that the layout names. */
export function withVector(program: Program, vector: string, layout: Layout): Program {
  const built = buildProgram((b) => {
    const parts = unflattened(b, b.input(vector, [layoutSize(layout)]), layout)
    const moved = copyNodes(b, program, { substitutes: parts })
    for (const [name, at] of program.outputs) b.output(name, moved[at]!)
  })
  return Either.getOrThrow(built)
}
