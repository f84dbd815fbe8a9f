import * as Either from "effect/Either"
import { correctCount } from "../network/mixture.ts"
import { buildProgram } from "../program/builder.ts"
import { copyNodes } from "../program/copy.ts"
import { differentiate } from "../program/differentiate.ts"
import { flattened } from "../program/layout.ts"
import { gradientOf, ofRole, type Port } from "../program/port.ts"
import { elementCount, type Program, ProgramError } from "../program/program.ts"
import { simplify } from "../program/rewrite.ts"
import { LEARNING_RATE, type OptimizerSettings, tensorsStep } from "./optimizer.ts"

/** One step of training as one program. */
export interface TrainingStep {
  /**
   * Inputs: the state, the batch and `learningRate` []. Outputs: the new state under the same
   * names, and the metrics, all of shape [].
   */
  readonly program: Program
  /**
   * What stays from step to step: `param/…`, `buffer/…` and what the optimizer keeps. A parameter
   * that the loss does not depend on is not part of it.
   */
  readonly state: ReadonlyMap<string, Port>
  /** What differs from step to step: images, targets, masks. Without `learningRate`. */
  readonly batch: ReadonlyMap<string, Port>
  /**
   * `loss`, `gradientNorm` (before clipping) and, of a program with the output `logits` and the
   * input `targets`, `correct`.
   */
  readonly metrics: ReadonlyArray<string>
}

/**
 * A step of training from a forward program with the output `loss` of one element and the inputs
 * `param/…`. Its outputs `buffer/…`, which are inputs too, are running statistics. `clip`: the
 * largest norm of all gradients together; they stay as they are where absent.
 */
export function trainingStep(
  forward: Program,
  options: { readonly optimizer: OptimizerSettings; readonly clip?: number | undefined }
): Either.Either<TrainingStep, ProgramError> {
  return Either.gen(function* () {
    if (!forward.outputs.has("loss"))
      yield* Either.left(new ProgramError({ place: "a training step", problem: 'the program has no output "loss"' }))
    const buffers = ofRole(forward.outputs, "buffer")
    const isCounted = forward.outputs.has("logits") && forward.inputs.has("targets")
    const needed = simplify(forward, ["loss", ...(isCounted ? ["logits"] : []), ...buffers])
    const moving = ofRole(simplify(forward, ["loss"]).inputs, "parameter")
    const gradients = moving.map((port) => [gradientOf(port), port] as const)
    const differentiated = yield* differentiate(needed, { loss: "loss", gradients })
    const built = yield* buildProgram((b) => {
      const { input, output } = copyNodes(b, differentiated)
      b.output("loss", b.reshape(output("loss"), []))
      for (const buffer of buffers) b.output(buffer, output(buffer))
      if (isCounted) b.output("correct", correctCount(b, output("logits"), input("targets")))
      const gradient = flattened(
        b,
        gradients.map(([name]) => output(name))
      )
      const learningRate = b.input(LEARNING_RATE, [])
      const step = { ...options, learningRate }
      b.output("gradientNorm", tensorsStep(b, moving, { value: input, gradient }, step))
    })
    const program = simplify(built)
    const inputs = [...program.inputs]
    const stays = (name: string) => program.outputs.has(name)
    return {
      program,
      state: new Map(inputs.filter(([name]) => stays(name))),
      batch: new Map(inputs.filter(([name, { role }]) => !stays(name) && role !== "setting")),
      metrics: [...program.outputs.keys()].filter((name) => !program.inputs.has(name))
    }
  })
}

/**
 * The state of a step at its start: the given parameters by their own names, running variances 1,
 * all else 0.
 */
export function initialTrainingState(
  { state }: Pick<TrainingStep, "state">,
  weights: ReadonlyMap<string, ArrayLike<number>>
): Map<string, Float32Array> {
  return new Map(
    [...state].map(([full, { role, name, shape }]) => {
      const weight = role === "parameter" ? weights.get(name) : undefined
      if (weight !== undefined) return [full, Float32Array.from(weight)]
      const isVariance = role === "buffer" && name.endsWith("running_var")
      return [full, new Float32Array(elementCount(shape)).fill(isVariance ? 1 : 0)]
    })
  )
}
