import * as Either from "effect/Either"
import { buildProgram, type ProgramBuilder } from "../../program/builder.ts"
import { copyNodes } from "../../program/differentiate.ts"
import type { Shape } from "../../program/operation.ts"
import type { Program } from "../../program/program.ts"
import { simplify } from "../../program/rewrite.ts"
import { adam, clipByGlobalNorm, type ParameterSlot, sgd } from "../../training/optimizer.ts"
import { gradientOf } from "./gradients.ts"
import { ofRun } from "./joint_loss.ts"
import type { AlphaOptimizer, WeightOptimizer } from "./settings.ts"

/** Adds to a builder what an optimizer makes of tensors and their gradients: new tensors and its own new state, as outputs. */
export type Optimizer = (b: ProgramBuilder, slots: ReadonlyArray<ParameterSlot>) => void

/** Adam, at the learning rate of the input `learningRate` []. */
export function alphaOptimizer(settings: AlphaOptimizer): Optimizer {
  return (b, slots) => {
    const { beta1, beta2, epsilon, weightDecay } = settings
    adam(b, slots, { learningRate: b.input("learningRate", []), beta1, beta2, epsilon, weightDecay })
  }
}

/** Gradients clipped together, then SGD at the learning rate of the input `learningRate` []. */
export function weightOptimizer({ momentum, nesterov, weightDecay, clip }: WeightOptimizer): Optimizer {
  return (b, slots) => {
    const { gradients } = clipByGlobalNorm(
      b,
      slots.map(({ gradient }) => gradient),
      clip
    )
    const moved = slots.map((slot, i) => ({ ...slot, gradient: gradients[i]! }))
    sgd(b, moved, { learningRate: b.input("learningRate", []), momentum, nesterov, weightDecay })
  }
}

/**
 * The update of tensors by the summed gradients of several runs. Inputs: the tensors by their names, `run/<i>/gradient/<name>`, `shares` [runs], the
 * aggregate's derivative by each loss, `learningRate` [] and the optimizer's state. Outputs: the new tensors and the new state, under the same
 * names. The sum is in the order of the runs, whichever ended first.
 */
export function updateProgram(tensors: ReadonlyMap<string, Shape>, runs: number, optimizer: Optimizer): Program {
  const built = buildProgram((b) => {
    const shares = b.input("shares", [runs])
    const share = (run: number) => b.reshape(b.slice(shares, [{ start: run, end: run + 1 }]), [])
    const slots = [...tensors].map(([name, shape]) => {
      const terms = Array.from({ length: runs }, (_, run) =>
        b.times(b.input(ofRun(run, gradientOf(name)), shape), share(run))
      )
      return { name, value: b.input(name, shape), gradient: terms.reduce((sum, term) => b.plus(sum, term)) }
    })
    optimizer(b, slots)
  })
  return simplify(Either.getOrThrow(built))
}

/** Gradient and update in one program, where one run makes up the aggregate. Outputs also `loss` and `correct`. */
export function fusedProgram(gradient: Program, names: ReadonlyArray<string>, optimizer: Optimizer): Program {
  const built = buildProgram((b) => {
    const moved = copyNodes(b, gradient)
    for (const name of ["loss", "correct"]) b.output(name, moved[gradient.outputs.get(name)!]!)
    const slots = names.map((name) => ({
      name,
      value: moved[gradient.inputs.get(name)!]!,
      gradient: moved[gradient.outputs.get(gradientOf(name))!]!
    }))
    optimizer(b, slots)
  })
  return simplify(Either.getOrThrow(built))
}
