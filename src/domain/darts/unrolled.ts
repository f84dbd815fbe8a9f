import * as Either from "effect/Either"
import { buildProgram, type ProgramBuilder } from "../program/builder.ts"
import { copyNodes } from "../program/copy.ts"
import { differentiate } from "../program/differentiate.ts"
import { flattened, layoutSize, unflattened } from "../program/layout.ts"
import type { NodeId } from "../program/node.ts"
import { fullName, gradientOf, type Label, type Named } from "../program/port.ts"
import type { Program } from "../program/program.ts"
import { simplify } from "../program/rewrite.ts"
import { MOMENT } from "../training/optimizer.ts"
import { gradientProgram, gradientsBy, type LossProgram } from "./loss_program.ts"

/** The learning rate of the look-ahead, of shape []. */
const XI = { role: "setting", name: "xi" } as const

/**
 * The training step that second order looks ahead: w′ = w − ξ (momentum · m + ∇w L_train(w, α) +
 * weightDecay · w).
 */
interface Unrolling {
  readonly weightDecay: number
  /**
   * With 0 the step has no momentum, as in the paper; otherwise m is the input `moment`, the
   * optimizer's own vector, as in its code.
   */
  readonly momentum: number
}

/** The name of an input of the training batch; those of the validation batch keep theirs. */
export function trainingInput(input: Named): Label {
  return { role: "ahead", name: fullName(input) }
}

/**
 * The exact second-order alpha gradient ∇α L_val(w′(α), α), by differentiating twice. Inputs: those
 * of the loss for the validation batch, `train/…` for the training batch, `xi` [] and momentum
 * buffers. Outputs: `loss`, `correct` at w′, `gradient/alpha/<cell>`. With ξ = 0 it is first order.
 *
 * Source: Liu, Simonyan, Yang 2019 (arXiv 1806.09055) eq. 6–7; there approximated.
 */
export function unrolledProgram(loss: LossProgram, unrolling: Unrolling): Program {
  const { program, alphas } = loss
  const ahead = buildProgram((b) => {
    const stepped = unrolledWeights(b, loss, unrolling)
    const moved = copyNodes(b, program, { substitutes: stepped })
    for (const name of ["loss", "correct"]) if (program.outputs.has(name)) b.output(name, moved.output(name))
  })
  const gradients = gradientsBy(alphas)
  return simplify(Either.getOrThrow(differentiate(Either.getOrThrow(ahead), { loss: "loss", gradients })))
}

/**
 * The second-order alpha gradient by a finite difference: with v = ∇w′ L_val(w′, α) and r =
 * distance / ‖v‖, ∇α L_val(w′, α) − ξ (∇α L_train(w + r v, α) − ∇α L_train(w − r v, α)) / (2 r).
 * Inputs and outputs as of `unrolledProgram`. `distance` is that of the original in weight space.
 *
 * Source: Liu, Simonyan, Yang 2019 (arXiv 1806.09055) eq. 8.
 */
export function finiteDifferenceProgram(loss: LossProgram, unrolling: Unrolling, distance = 0.01): Program {
  const { alphas, weights } = loss
  const both = gradientProgram(loss, [...alphas, ...weights])
  const byAlpha = gradientProgram(loss, alphas)
  const built = buildProgram((b) => {
    const stepped = unrolledWeights(b, loss, unrolling)
    const ahead = copyNodes(b, both, { substitutes: stepped })
    const v = flattened(
      b,
      weights.map((weight) => ahead.output(gradientOf(weight)))
    )
    const square = b.reshape(b.sum(b.times(v, v), [0]), [])
    const isZero = b.minus(b.constant(1), b.unary("step", square))
    const radius = b.over(b.constant(distance), b.unary("sqrt", b.plus(square, isZero)))
    const train = trainingBatch(b, loss)
    const beside = (direction: "add" | "subtract") => {
      const moved = weights.map((weight) => {
        const step = b.times(ahead.output(gradientOf(weight)), radius)
        return [fullName(weight), b.binary(direction, b.input(weight, weight.shape), step)] as const
      })
      return copyNodes(b, byAlpha, { substitutes: new Map([...train, ...moved]) })
    }
    const [plus, minus] = [beside("add"), beside("subtract")]
    const factor = b.over(b.input(XI, []), b.scale(radius, 2))
    for (const gradient of alphas.map(gradientOf)) {
      const difference = b.minus(plus.output(gradient), minus.output(gradient))
      b.output(gradient, b.minus(ahead.output(gradient), b.times(difference, factor)))
    }
    for (const name of ["loss", "correct"]) if (both.outputs.has(name)) b.output(name, ahead.output(name))
  })
  return simplify(Either.getOrThrow(built))
}

function trainingBatch(b: ProgramBuilder, loss: LossProgram): ReadonlyArray<readonly [string, NodeId]> {
  return loss.batch.map((input) => [fullName(input), b.input(trainingInput(input), input.shape)])
}

/** Per weight the node of w′. */
function unrolledWeights(
  b: ProgramBuilder,
  loss: LossProgram,
  { weightDecay, momentum }: Unrolling
): ReadonlyMap<string, NodeId> {
  const program = gradientProgram(loss, loss.weights)
  const moved = copyNodes(b, program, { substitutes: new Map(trainingBatch(b, loss)) })
  const xi = b.input(XI, [])
  const { weights } = loss
  const kept =
    momentum === 0 ? undefined : unflattened(b, b.scale(b.input(MOMENT, [layoutSize(weights)]), momentum), weights)
  return new Map(
    weights.map((port) => {
      const name = fullName(port)
      const weight = b.input(port, port.shape)
      const decayed = b.plus(moved.output(gradientOf(port)), b.scale(weight, weightDecay))
      const direction = kept === undefined ? decayed : b.plus(kept.get(name)!, decayed)
      return [name, b.minus(weight, b.times(direction, xi))] as const
    })
  )
}
