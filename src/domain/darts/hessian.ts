import * as Either from "effect/Either"
import { buildProgram } from "../program/builder.ts"
import { copyNodes } from "../program/copy.ts"
import { differentiate } from "../program/differentiate.ts"
import { fullName, gradientOf, type Label, type Named } from "../program/port.ts"
import type { Program } from "../program/program.ts"
import { simplify } from "../program/rewrite.ts"
import { gradientProgram, type LossProgram } from "./loss_program.ts"

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
    const terms = alphas.map((alpha) => {
      const gradient = moved.output(gradientOf(alpha))
      const vector = b.input(vectorOf(alpha), b.shape(gradient))
      return b.reshape(b.sum(b.times(gradient, vector), [0, 1]), [])
    })
    b.output(
      "inner",
      terms.reduce((sum, term) => b.plus(sum, term))
    )
  })
  const gradients = alphas.map((alpha) => [productOf(alpha), alpha] as const)
  const program = Either.getOrThrow(differentiate(Either.getOrThrow(inner), { loss: "inner", gradients }))
  return simplify(program, alphas.map(productOf))
}

/** The input of a Hessian-vector product for `alpha/<cell>`. */
export function vectorOf(alpha: Named): Label {
  return { role: "vector", name: fullName(alpha) }
}

/** The output of a Hessian-vector product for `alpha/<cell>`. */
export function productOf(alpha: Named): Label {
  return { role: "product", name: fullName(alpha) }
}
