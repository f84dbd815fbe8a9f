import type { Program } from "../../program/program.ts"
import { field, grouped, type Values } from "../../setting/field.ts"
import { oneOf, yesNo } from "../../setting/kind.ts"
import { gradientProgram, type LossProgram } from "../loss_program.ts"
import type { DartsSettings } from "../settings.ts"
import { finiteDifferenceProgram, unrolledProgram } from "../unrolled.ts"

/** How the alpha gradient looks ahead to weights that are trained for one more step. */
export const lookAheadFields = grouped("Alpha", {
  order: field(oneOf("first", "second", "finite-difference"), "first", "how the alpha gradient looks ahead"),
  unrolledMomentum: field(yesNo, false, "whether that step has momentum, as in DARTS's code")
})

/**
 * DARTS's alpha gradient. `first`: at the weights as they are. `second`: at the weights after one
 * more training step, exact by differentiating twice. `finite-difference`: approximated, as in the
 * paper.
 *
 * Source: Liu, Simonyan, Yang 2019 (arXiv 1806.09055) eq. 5–8.
 */
export function lookAheadGradient(
  { order, unrolledMomentum, weightDecay, momentum }: DartsSettings & Values<typeof lookAheadFields>,
  loss: LossProgram
): Program {
  const unrolling = { weightDecay, momentum: unrolledMomentum ? momentum : 0 }
  switch (order) {
    case "first":
      return gradientProgram(loss, loss.alphas)
    case "second":
      return unrolledProgram(loss, unrolling)
    case "finite-difference":
      return finiteDifferenceProgram(loss, unrolling)
  }
}
