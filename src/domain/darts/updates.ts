import * as Either from "effect/Either"
import { buildProgram, type ProgramBuilder } from "../program/builder.ts"
import { copyNodes } from "../program/copy.ts"
import { flattened, type Layout, layoutSize } from "../program/layout.ts"
import type { NodeId } from "../program/node.ts"
import { gradientOf, type Label } from "../program/port.ts"
import type { Program } from "../program/program.ts"
import { simplify } from "../program/rewrite.ts"
import { LEARNING_RATE, type OptimizerStep, optimizerStep, tensorsStep } from "../training/optimizer.ts"
import type { Level } from "./level.ts"
import type { DartsSettings } from "./settings.ts"

/**
 * What an update moves: alpha, tensors by their names, or the weights, which are one vector, the
 * input `weights`.
 */
export interface Moving {
  readonly level: Level
  readonly layout: Layout
  /** Its learning rate is the input `learningRate` []. */
  readonly optimizer: Omit<OptimizerStep, "learningRate">
}

/** The vector of all weights that a search keeps: `param/…` in the order of the network. */
export const WEIGHTS = { role: "state", name: "weights" } as const

/**
 * The output of a run's program, and so an input of an update's, that holds all its gradients as
 * one vector.
 */
export const GRADIENT = "gradient"

/** The name of an input or output of one of several runs that share a program. */
export function ofRun(run: number, name: string): Label {
  return { role: "run", name: `${run}/${name}` }
}

/** Adam. */
export function alphaOptimizer(settings: DartsSettings): Moving["optimizer"] {
  const { alphaBeta1: beta1, alphaBeta2: beta2, alphaEpsilon: epsilon, alphaWeightDecay: weightDecay } = settings
  return { optimizer: { _tag: "Adam", beta1, beta2, epsilon, weightDecay } }
}

/** Gradients clipped together, then SGD. */
export function weightOptimizer(settings: DartsSettings): Moving["optimizer"] {
  const { momentum, nesterov, weightDecay, clip } = settings
  return { optimizer: { _tag: "Sgd", momentum, nesterov, weightDecay }, clip }
}

/** Adds the new tensors as outputs; `gradient` is a vector. */
function move(b: ProgramBuilder, { level, layout, optimizer }: Moving, gradient: NodeId): void {
  const step = { ...optimizer, learningRate: b.input(LEARNING_RATE, []) }
  if (level === "alpha") tensorsStep(b, layout, { value: (alpha) => b.input(alpha, alpha.shape), gradient }, step)
  else b.output(WEIGHTS, optimizerStep(b, { value: b.input(WEIGHTS, [layoutSize(layout)]), gradient }, step).value)
}

/** `loss` and `correct` of a gradient program as outputs, and its gradients as one vector. */
function copyGradient(b: ProgramBuilder, program: Program, layout: Layout): NodeId {
  const moved = copyNodes(b, program)
  for (const name of ["loss", "correct"]) b.output(name, moved.output(name))
  return flattened(
    b,
    layout.map((one) => moved.output(gradientOf(one)))
  )
}

/**
 * A gradient program whose gradients are one vector, the output `gradient`, in the order of the
 * layout.
 */
export function flatGradient(gradient: Program, layout: Layout): Program {
  const built = buildProgram((b) => b.output(GRADIENT, copyGradient(b, gradient, layout)))
  return simplify(Either.getOrThrow(built))
}

/**
 * The update by the summed gradients of several runs. Inputs: what moves, `run/<i>/gradient`, all
 * gradients of a run as one vector in the order of the layout, `shares` [runs], the aggregate's
 * derivative by each loss, `learningRate` [] and the optimizer's state. Outputs: the new tensors
 * and the new state, under the same names. The sum is in the order of the runs, whichever ended
 * first.
 */
export function updateProgram(moving: Moving, runs: number): Program {
  const built = buildProgram((b) => {
    const shares = b.input({ role: "setting", name: "shares" }, [runs])
    const terms = Array.from({ length: runs }, (_, run) => {
      const share = b.reshape(b.slice(shares, [{ start: run, end: run + 1 }]), [])
      return b.times(b.input(ofRun(run, GRADIENT), [layoutSize(moving.layout)]), share)
    })
    move(
      b,
      moving,
      terms.reduce((sum, term) => b.plus(sum, term))
    )
  })
  return simplify(Either.getOrThrow(built))
}

/**
 * Gradient and update in one program, where one run makes up the aggregate. Outputs also `loss` and
 * `correct`.
 */
export function fusedProgram(gradient: Program, moving: Moving): Program {
  const built = buildProgram((b) => move(b, moving, copyGradient(b, gradient, moving.layout)))
  return simplify(Either.getOrThrow(built))
}
