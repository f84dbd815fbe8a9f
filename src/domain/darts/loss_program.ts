import * as Either from "effect/Either"
import type { RelaxedShape } from "../neighborhood/relaxed_shape.ts"
import type { Network } from "../network/layers.ts"
import { correctCount } from "../network/mixture.ts"
import type { SearchNetwork } from "../network/search_network.ts"
import { buildProgram } from "../program/builder.ts"
import { copyNodes } from "../program/copy.ts"
import { differentiate } from "../program/differentiate.ts"
import { fullName, gradientOf, type Label, ofRole, type Port } from "../program/port.ts"
import type { Program, ProgramError } from "../program/program.ts"
import { simplify } from "../program/rewrite.ts"
import { type Relaxation, relaxationNode } from "./relaxation.ts"

/**
 * The loss of a search network as a program. Inputs: `x`, `targets`, further ones of a batch,
 * `param/<name>`, `alpha/<cell>` and those of the relaxation. Outputs: `loss` [], `correct` [], the
 * number of images whose largest logit is that of their one-hot target.
 */
export interface LossProgram {
  readonly program: Program
  /** The inputs `alpha/<cell>`. */
  readonly alphas: ReadonlyArray<Port>
  /** The inputs `param/<name>`: the weights that the loss depends on. */
  readonly weights: ReadonlyArray<Port>
  /** The inputs that differ from batch to batch. */
  readonly batch: ReadonlyArray<Port>
  /** The cells of its alphas. */
  readonly shape: RelaxedShape
}

/** The loss of a search network. Normalizations take the statistics of the batch. */
export function lossProgram(network: SearchNetwork, relaxation: Relaxation): Either.Either<LossProgram, ProgramError> {
  const built = buildProgram((b) => {
    const net: Network = { b, statistics: "batch", tracked: false, parameters: new Map() }
    const image = b.input("x", network.image)
    const targets = b.input("targets", [network.image[0]!, network.classes])
    const probabilities = new Map(
      network.shape.map((cell) => [cell.name, relaxationNode(net, cell, relaxation)] as const)
    )
    const { loss, logits } = network.build(net, { image, targets, probabilities })
    b.output("loss", loss)
    b.output("correct", correctCount(b, logits, targets))
  })
  return Either.map(built, (made) => {
    const program = simplify(made)
    const { inputs } = program
    return {
      program,
      alphas: ofRole(inputs, "alpha"),
      weights: ofRole(inputs, "parameter"),
      batch: ofRole(inputs, "batch", "noise", "mask"),
      shape: network.shape
    }
  })
}

/**
 * The outputs of a loss with its gradients by inputs, and only what these need: an alpha gradient
 * needs no filter gradient.
 */
export function gradientProgram({ program }: LossProgram, inputs: ReadonlyArray<Label>): Program {
  const gradients = gradientsBy(inputs)
  return simplify(Either.getOrThrow(differentiate(program, { loss: "loss", gradients })))
}

/** The outputs of the gradients by inputs, for `differentiate`. */
export function gradientsBy(inputs: ReadonlyArray<Label>): ReadonlyArray<readonly [output: Label, input: Label]> {
  return inputs.map((input) => [gradientOf(input), input])
}

/**
 * A²M's alpha gradient: that of the loss at α + ρ ∇α L, which a step then takes from α. `first`:
 * the gradient at that point. `second`: also through the ascent, ∇α L(α + ρ ∇α L(α)), exact by
 * differentiating twice where the authors' code takes a finite difference. The outputs `loss` and
 * `correct` are those at α.
 *
 * Source: Gambella, Pittorino, Roveri 2025 (arXiv 2503.10404).
 */
export function ascendedProgram(loss: LossProgram, rho: number, order: "first" | "second"): Program {
  const { alphas } = loss
  const program = gradientProgram(loss, alphas)
  const built = buildProgram((b) => {
    const here = copyNodes(b, program)
    const raised = alphas.map((alpha) => {
      const step = b.scale(here.output(gradientOf(alpha)), rho)
      return [fullName(alpha), b.plus(here.input(alpha), step)] as const
    })
    const there = copyNodes(b, program, { substitutes: new Map(raised) })
    for (const name of ["loss", "correct"]) b.output(name, here.output(name))
    b.output("raised", there.output("loss"))
    for (const alpha of alphas) b.output(gradientOf(alpha), there.output(gradientOf(alpha)))
  })
  const first = Either.getOrThrow(built)
  const outputs = ["loss", "correct", ...alphas.map(gradientOf)]
  if (order === "first") return simplify(first, outputs)
  const second = differentiate(first, { loss: "raised", gradients: gradientsBy(alphas) })
  return simplify(Either.getOrThrow(second), outputs)
}
