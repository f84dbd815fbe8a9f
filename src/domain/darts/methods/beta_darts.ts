import * as Either from "effect/Either"
import type { Network } from "../../network/layers.ts"
import { buildProgram } from "../../program/builder.ts"
import { copyNodes } from "../../program/copy.ts"
import { fullName, gradientOf } from "../../program/port.ts"
import type { Program } from "../../program/program.ts"
import { simplify } from "../../program/rewrite.ts"
import { field, grouped } from "../../setting/field.ts"
import { real } from "../../setting/kind.ts"
import type { LossProgram } from "../loss_program.ts"
import { type Method, plain } from "../method.ts"
import { relaxationNode } from "../relaxation.ts"
import { lookAheadFields, lookAheadGradient } from "./look_ahead.ts"

const fields = {
  ...grouped("Alpha", {
    betaWeight: field(real({ from: 0 }), 50, "weight that the regularizer of alpha grows to")
  }),
  ...lookAheadFields
}

/** The scalar λ of a step. */
const LAMBDA = { role: "setting", name: "lambda" } as const

/**
 * An alpha gradient plus that of λ · mean over all edges e of log Σ_k exp α_ek, which is λ / E ·
 * softmax(α_e). `lambda` [] is an input; `loss` stays that of the images.
 */
export function betaGradient(gradient: Program, { alphas, shape }: LossProgram): Program {
  const edges = shape.reduce((sum, cell) => sum + cell.edges.length, 0)
  const built = buildProgram((b) => {
    const net: Network = { b, statistics: "batch", tracked: false, parameters: new Map() }
    const moved = copyNodes(b, gradient)
    const share = b.scale(b.input(LAMBDA, []), 1 / edges)
    const own = new Set(alphas.map(gradientOf).map(fullName))
    for (const [name, port] of gradient.outputs) if (!own.has(name)) b.output(port, moved.output(port))
    for (const cell of shape) {
      const name = gradientOf({ role: "alpha", name: cell.name })
      const rows = relaxationNode(net, cell, { sampled: false, mapped: false })
      b.output(name, b.plus(moved.output(name), b.times(rows, share)))
    }
  })
  return simplify(Either.getOrThrow(built))
}

/**
 * β-DARTS: the alpha update minimizes L_val + λ · mean over edges of log Σ exp α, which keeps the
 * probabilities from growing apart. λ is `betaWeight` · epoch / epochs, so it grows from 0 in a
 * straight line.
 *
 * Our reading: the paper takes the mean over the edges of one cell; with several kinds of cells,
 * here over all of their edges. The weight of 50 is that of its code, 50 · epoch / 100, for 100
 * epochs over NAS-Bench-201, and so reaches 49.5. That code adds the term in first order only; here
 * every order has it.
 */
export const betaDarts: Method<typeof fields> = {
  ...plain,
  name: "beta-darts",
  summary: "DARTS with a growing regularizer of alpha, log Σ exp α",
  source: "Ye et al. 2022 (arXiv 2203.01665); the mean over the edges of all cells is our reading",
  fields,
  relaxation: () => ({}),
  alphaGradient: (settings, loss) => betaGradient(lookAheadGradient(settings, loss), loss),
  scalars: ({ betaWeight, epochs }, epoch) => ({ [LAMBDA.name]: (betaWeight * epoch) / epochs })
}
