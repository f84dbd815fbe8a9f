import * as Either from "effect/Either"
import { buildProgram, type ProgramBuilder } from "../program/builder.ts"
import { copyNodes, differentiate } from "../program/differentiate.ts"
import { flattened, layoutSize, unflattened } from "../program/layout.ts"
import type { Shape } from "../program/operation.ts"
import type { Program } from "../program/program.ts"
import { simplify } from "../program/rewrite.ts"
import { gradientOf, gradientProgram, type LossProgram } from "./loss_program.ts"

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
export function trainingInput(name: string): string {
  return `train/${name}`
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
    for (const name of ["loss", "correct"]) {
      const at = program.outputs.get(name)
      if (at !== undefined) b.output(name, moved[at]!)
    }
  })
  const gradients = new Map(alphas.map((name) => [gradientOf(name), name]))
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
  const shape = shapesOf(loss)
  const both = gradientProgram(loss, [...alphas, ...weights])
  const byAlpha = gradientProgram(loss, alphas)
  const built = buildProgram((b) => {
    const stepped = unrolledWeights(b, loss, unrolling)
    const ahead = copyNodes(b, both, { substitutes: stepped })
    const at = (name: string) => ahead[both.outputs.get(name)!]!
    const v = flattened(
      b,
      weights.map((name) => at(gradientOf(name)))
    )
    const square = b.reshape(b.sum(b.times(v, v), [0]), [])
    const isZero = b.minus(b.constant(1), b.unary("step", square))
    const radius = b.over(b.constant(distance), b.unary("sqrt", b.plus(square, isZero)))
    const train = trainingBatch(b, loss)
    const beside = (direction: "add" | "subtract") => {
      const moved = weights.map((name) => {
        const step = b.times(at(gradientOf(name)), radius)
        return [name, b.binary(direction, b.input(name, shape(name)), step)] as const
      })
      return copyNodes(b, byAlpha, { substitutes: new Map([...train, ...moved]) })
    }
    const [plus, minus] = [beside("add"), beside("subtract")]
    const factor = b.over(b.input("xi", []), b.scale(radius, 2))
    for (const name of alphas) {
      const place = byAlpha.outputs.get(gradientOf(name))!
      const difference = b.minus(plus[place]!, minus[place]!)
      b.output(gradientOf(name), b.minus(at(gradientOf(name)), b.times(difference, factor)))
    }
    for (const name of ["loss", "correct"]) if (both.outputs.has(name)) b.output(name, at(name))
  })
  return simplify(Either.getOrThrow(built))
}

function shapesOf({ program }: LossProgram): (name: string) => Shape {
  return (name) => program.nodes[program.inputs.get(name)!]!.shape
}

function trainingBatch(b: ProgramBuilder, loss: LossProgram): ReadonlyArray<readonly [string, number]> {
  const shape = shapesOf(loss)
  return loss.batch.map((name) => [name, b.input(trainingInput(name), shape(name))] as const)
}

/** Per weight the node of w′. */
function unrolledWeights(
  b: ProgramBuilder,
  loss: LossProgram,
  { weightDecay, momentum }: Unrolling
): ReadonlyMap<string, number> {
  const shape = shapesOf(loss)
  const program = gradientProgram(loss, loss.weights)
  const moved = copyNodes(b, program, { substitutes: new Map(trainingBatch(b, loss)) })
  const xi = b.input("xi", [])
  const layout = new Map(loss.weights.map((name) => [name, shape(name)]))
  const kept =
    momentum === 0 ? undefined : unflattened(b, b.scale(b.input("moment", [layoutSize(layout)]), momentum), layout)
  return new Map(
    [...layout].map(([name, own]) => {
      const weight = b.input(name, own)
      const decayed = b.plus(moved[program.outputs.get(gradientOf(name))!]!, b.scale(weight, weightDecay))
      const direction = kept === undefined ? decayed : b.plus(kept.get(name)!, decayed)
      return [name, b.minus(weight, b.times(direction, xi))] as const
    })
  )
}
