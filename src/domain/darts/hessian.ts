import * as Either from "effect/Either"
import { buildProgram } from "../program/builder.ts"
import { copyNodes, differentiate } from "../program/differentiate.ts"
import type { Program } from "../program/program.ts"
import { simplify } from "../program/rewrite.ts"
import { gradientOf, gradientProgram, type LossProgram } from "./loss_program.ts"

/**
 * The exact product of the loss's Hessian in alpha with a vector: besides the inputs of the loss,
 * `vector/alpha/<cell>`; outputs `product/alpha/<cell>`. It is ∇α ⟨∇α L, v⟩, by differentiating
 * twice.
 *
 * Source: Pearlmutter 1994, "Fast exact multiplication by the Hessian".
 */
export function hessianVectorProgram(loss: LossProgram): Program {
  const { alphas } = loss
  const first = gradientProgram(loss, alphas)
  const inner = buildProgram((b) => {
    const moved = copyNodes(b, first)
    const terms = alphas.map((name) => {
      const gradient = moved[first.outputs.get(gradientOf(name))!]!
      const vector = b.input(vectorOf(name), b.shape(gradient))
      return b.reshape(b.sum(b.times(gradient, vector), [0, 1]), [])
    })
    b.output(
      "inner",
      terms.reduce((sum, term) => b.plus(sum, term))
    )
  })
  const gradients = new Map(alphas.map((name) => [productOf(name), name]))
  const program = Either.getOrThrow(differentiate(Either.getOrThrow(inner), { loss: "inner", gradients }))
  return simplify(program, gradients.keys())
}

/** The input of a Hessian-vector product for `alpha/<cell>`. */
export function vectorOf(alpha: string): string {
  return `vector/${alpha}`
}

/** The output of a Hessian-vector product for `alpha/<cell>`. */
export function productOf(alpha: string): string {
  return `product/${alpha}`
}
