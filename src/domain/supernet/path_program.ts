import * as Either from "effect/Either"
import type { Network } from "../network/layers.ts"
import { correctCount } from "../network/mixture.ts"
import type { SearchNetwork } from "../network/search_network.ts"
import { buildProgram } from "../program/builder.ts"
import type { Shape } from "../program/operation.ts"
import type { Program, ProgramError } from "../program/program.ts"
import { simplify } from "../program/rewrite.ts"
import { pathInput } from "./paths.ts"

/** A supernet whose operations are weighted by inputs. */
interface PathProgram {
  /**
   * Inputs: `x`, `targets` [batch, classes], whose rows sum to 1, `param/…`, per cell `path/<cell>`
   * [edges, width] and further ones of a batch, as noise. Outputs: `logits` [batch, classes],
   * `loss` [], the mean cross-entropy, and `correct` []. Normalizations take the statistics of the
   * batch.
   */
  readonly program: Program
  /** Shapes of the inputs `param/…`, by their names without it: what `initialWeights` takes. */
  readonly parameters: ReadonlyMap<string, Shape>
}

/**
 * The program of a search network that takes its probabilities from outside: ready for
 * `trainingStep` and for scoring.
 */
export function pathProgram(network: SearchNetwork): Either.Either<PathProgram, ProgramError> {
  const parameters = new Map<string, Shape>()
  const built = buildProgram((b) => {
    const net: Network = { b, statistics: "batch", tracked: false, parameters }
    const image = b.input("x", network.image)
    const targets = b.input("targets", [network.image[0]!, network.classes])
    const probabilities = new Map(
      network.shape.map(({ name, edges, width }) => [name, b.input(pathInput(name), [edges.length, width])] as const)
    )
    const { loss, logits } = network.build(net, { image, targets, probabilities })
    b.output("logits", logits)
    b.output("loss", loss)
    b.output("correct", correctCount(b, logits, targets))
  })
  return Either.map(built, (program) => ({ program: simplify(program), parameters }))
}
