import * as Either from "effect/Either"
import { buildProgram } from "../program/builder.ts"
import type { NodeId } from "../program/node.ts"
import type { Shape } from "../program/operation.ts"
import type { Program, ProgramError } from "../program/program.ts"
import { simplify } from "../program/rewrite.ts"
import type { Network, Statistics } from "./layers.ts"
import { correctCount, crossEntropy } from "./mixture.ts"
import type { EvaluationLogits } from "./skeletons.ts"

/** A network as a program, ready for `trainingStep` or for measuring. */
interface ClassifierProgram {
  /**
   * Inputs: `x`, `targets` [batch, classes], whose rows sum to 1, `param/…`, `buffer/…` and what
   * else the network takes. Outputs: `logits` [batch, classes], `loss` [], the mean cross-entropy,
   * `correct` [] and, with the statistics of the batch, the new `buffer/…`.
   */
  readonly program: Program
  /** Shapes of the inputs `param/…`, by their names without it: what `initialWeights` takes. */
  readonly parameters: ReadonlyMap<string, Shape>
}

/**
 * The program of a classifier. `image`: [batch, channels, height, width]. Statistics `batch` are
 * for training, `running` for measuring, where the auxiliary head is left out; `auxiliaryWeight`,
 * 0.4 in DARTS, is that of its loss.
 */
export function classifierProgram(
  of: {
    readonly image: Shape
    readonly classes: number
    readonly statistics: Statistics
    readonly auxiliaryWeight?: number | undefined
  },
  make: (net: Network, image: NodeId) => EvaluationLogits
): Either.Either<ClassifierProgram, ProgramError> {
  const parameters = new Map<string, Shape>()
  const built = buildProgram((b) => {
    const net: Network = { b, statistics: of.statistics, tracked: true, parameters }
    const { logits, auxiliary } = make(net, b.input("x", of.image))
    const targets = b.input("targets", [of.image[0]!, of.classes])
    const loss = crossEntropy(net, logits, targets)
    const further = auxiliary !== undefined && of.statistics === "batch"
    const weight = of.auxiliaryWeight ?? 0.4
    b.output("logits", logits)
    b.output("loss", further ? b.plus(loss, b.scale(crossEntropy(net, auxiliary, targets), weight)) : loss)
    b.output("correct", correctCount(b, logits, targets))
  })
  return Either.map(built, (program) => ({ program: simplify(program), parameters }))
}
