import * as Either from "effect/Either"
import type { RelaxedShape } from "../neighborhood/relaxed_shape.ts"
import type { Network } from "../network/layers.ts"
import { correctCount } from "../network/mixture.ts"
import type { SearchNetwork } from "../network/search_network.ts"
import { buildProgram } from "../program/builder.ts"
import { copyNodes, differentiate } from "../program/differentiate.ts"
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
  readonly alphas: ReadonlyArray<string>
  /** The inputs `param/<name>`: the weights that the loss depends on. */
  readonly weights: ReadonlyArray<string>
  /** The inputs that differ from batch to batch. */
  readonly batch: ReadonlyArray<string>
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
    const known = (kind: string) => [...program.inputs.keys()].filter((name) => name.startsWith(`${kind}/`))
    const [alphas, weights] = [known("alpha"), known("param")]
    const others = new Set([...alphas, ...weights, ...known("map"), ...known("add"), ...known("gumbel"), "temperature"])
    const batch = [...program.inputs.keys()].filter((name) => !others.has(name))
    return { program, alphas, weights, batch, shape: network.shape }
  })
}

/** The name under which a program gives the gradient by an input. */
export function gradientOf(input: string): string {
  return `gradient/${input}`
}

/**
 * The outputs of a loss with its gradients by inputs, and only what these need: an alpha gradient
 * needs no filter gradient.
 */
export function gradientProgram({ program }: LossProgram, inputs: ReadonlyArray<string>): Program {
  const gradients = new Map(inputs.map((name) => [gradientOf(name), name]))
  return simplify(Either.getOrThrow(differentiate(program, { loss: "loss", gradients })))
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
    const output = (nodes: Int32Array, name: string) => nodes[program.outputs.get(name)!]!
    const raised = alphas.map((name) => {
      const gradient = output(here, gradientOf(name))
      return [name, b.plus(here[program.inputs.get(name)!]!, b.scale(gradient, rho))] as const
    })
    const there = copyNodes(b, program, { substitutes: new Map(raised) })
    for (const name of ["loss", "correct"]) b.output(name, output(here, name))
    b.output("raised", output(there, "loss"))
    for (const name of alphas) b.output(gradientOf(name), output(there, gradientOf(name)))
  })
  const first = Either.getOrThrow(built)
  const outputs = ["loss", "correct", ...alphas.map(gradientOf)]
  if (order === "first") return simplify(first, outputs)
  const gradients = new Map(alphas.map((name) => [gradientOf(name), name]))
  return simplify(Either.getOrThrow(differentiate(first, { loss: "raised", gradients })), outputs)
}
