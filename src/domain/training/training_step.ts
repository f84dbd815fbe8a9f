import * as Either from "effect/Either"
import { correctCount } from "../network/mixture.ts"
import { buildProgram } from "../program/builder.ts"
import { copyNodes, differentiate } from "../program/differentiate.ts"
import { flattened } from "../program/layout.ts"
import type { Shape } from "../program/operation.ts"
import { elementCount, type Program, ProgramError } from "../program/program.ts"
import { simplify } from "../program/rewrite.ts"
import { type OptimizerSettings, tensorsStep } from "./optimizer.ts"

/** One step of training as one program. */
export interface TrainingStep {
  /**
   * Inputs: the state, the batch and `learningRate` []. Outputs: the new state under the same names, and the metrics, all of shape [].
   */
  readonly program: Program
  /**
   * What stays from step to step: `param/…`, `buffer/…` and what the optimizer keeps. A parameter that the loss does not depend on is
   * not part of it.
   */
  readonly state: ReadonlyMap<string, Shape>
  /** What differs from step to step: images, targets, masks. Without `learningRate`. */
  readonly batch: ReadonlyMap<string, Shape>
  /** `loss`, `gradientNorm` (before clipping) and, of a program with the output `logits` and the input `targets`, `correct`. */
  readonly metrics: ReadonlyArray<string>
}

/**
 * A step of training from a forward program with the output `loss` of one element and the inputs `param/…`. Its outputs `buffer/…`, which are inputs
 * too, are running statistics. `clip`: the largest norm of all gradients together; they stay as they are where absent.
 */
export function trainingStep(
  forward: Program,
  options: { readonly optimizer: OptimizerSettings; readonly clip?: number | undefined }
): Either.Either<TrainingStep, ProgramError> {
  return Either.gen(function* () {
    if (!forward.outputs.has("loss"))
      yield* Either.left(new ProgramError({ node: "loss", problem: "the forward program has no such output" }))
    const buffers = [...forward.outputs.keys()].filter((name) => name.startsWith("buffer/"))
    const counted = forward.outputs.has("logits") && forward.inputs.has("targets") ? ["logits"] : []
    const needed = simplify(forward, ["loss", ...counted, ...buffers])
    const names = [...simplify(forward, ["loss"]).inputs.keys()].filter((name) => name.startsWith("param/"))
    const gradients = new Map(names.map((name) => [`gradient/${name}`, name]))
    const differentiated = yield* differentiate(needed, { loss: "loss", gradients })
    const built = yield* buildProgram((b) => {
      const moved = copyNodes(b, differentiated)
      const output = (name: string) => moved[differentiated.outputs.get(name)!]!
      b.output("loss", b.reshape(output("loss"), []))
      for (const name of buffers) b.output(name, output(name))
      if (counted.length > 0)
        b.output("correct", correctCount(b, output("logits"), moved[differentiated.inputs.get("targets")!]!))
      const gradient = flattened(
        b,
        names.map((name) => output(`gradient/${name}`))
      )
      const value = (name: string) => moved[differentiated.inputs.get(name)!]!
      const layout = new Map(names.map((name) => [name, b.shape(value(name))]))
      const learningRate = b.input("learningRate", [])
      b.output("gradientNorm", tensorsStep(b, layout, { value, gradient }, { ...options, learningRate }))
    })
    const program = simplify(built)
    const inputs = [...program.inputs].map(([name, at]) => [name, program.nodes[at]!.shape] as const)
    const stays = (name: string) => program.outputs.has(name)
    return {
      program,
      state: new Map(inputs.filter(([name]) => stays(name))),
      batch: new Map(inputs.filter(([name]) => !stays(name) && name !== "learningRate")),
      metrics: [...program.outputs.keys()].filter((name) => !program.inputs.has(name))
    }
  })
}

/** The state of a step at its start: the given parameters by their names without `param/`, running variances 1, all else 0. */
export function initialTrainingState(
  { state }: Pick<TrainingStep, "state">,
  weights: ReadonlyMap<string, ArrayLike<number>>
): Map<string, Float32Array> {
  return new Map(
    [...state].map(([name, shape]) => {
      const weight = name.startsWith("param/") ? weights.get(name.slice("param/".length)) : undefined
      if (weight !== undefined) return [name, Float32Array.from(weight)] as const
      return [name, new Float32Array(elementCount(shape)).fill(/^buffer\/.*running_var$/.test(name) ? 1 : 0)] as const
    })
  )
}
