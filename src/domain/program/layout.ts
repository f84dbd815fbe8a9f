import * as Either from "effect/Either"
import { buildProgram, type ProgramBuilder } from "./builder.ts"
import { copyNodes, copyOutputs } from "./copy.ts"
import type { NodeId } from "./node.ts"
import type { Shape } from "./operation.ts"
import { fullName, type Label, type Named } from "./port.ts"
import { elementCount, type Program } from "./program.ts"

/** Tensors that lie in one vector, one after the other, each row-major. */
export type Layout = ReadonlyArray<Label & { readonly shape: Shape }>

/** Number of elements of the vector. */
export function layoutSize(layout: Layout): number {
  return layout.reduce((sum, { shape }) => sum + elementCount(shape), 0)
}

/**
 * So many tensors are joined first, and then those: what has been joined need not be kept apart.
 */
const JOINED = 64

/** Tensors as one vector. */
export function flattened(b: ProgramBuilder, tensors: ReadonlyArray<NodeId>): NodeId {
  const vectors = tensors.map((x) => b.reshape(x, [elementCount(b.shape(x))]))
  const groups = Array.from({ length: Math.ceil(vectors.length / JOINED) }, (_, i) =>
    b.concatenate(vectors.slice(i * JOINED, (i + 1) * JOINED), 0)
  )
  return b.concatenate(groups, 0)
}

/** The tensors of a vector, by their full names: the inverse of `flattened`. */
export function unflattened(b: ProgramBuilder, vector: NodeId, layout: Layout): ReadonlyMap<string, NodeId> {
  let start = 0
  return new Map(
    layout.map((one) => {
      const { shape } = one
      const end = start + elementCount(shape)
      const part = b.slice(vector, [{ start, end }])
      start = end
      return [fullName(one), b.reshape(part, shape)] as const
    })
  )
}

/** The program with one input, the vector, in place of the inputs that the layout names. */
export function withVector(program: Program, vector: Named, layout: Layout): Program {
  const built = buildProgram((b) => {
    const parts = unflattened(b, b.input(vector, [layoutSize(layout)]), layout)
    copyOutputs(b, program, copyNodes(b, program, { substitutes: parts }))
  })
  return Either.getOrThrow(built)
}
