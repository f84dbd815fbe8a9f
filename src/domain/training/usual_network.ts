import * as Either from "effect/Either"
import type { Architecture } from "../architecture/architecture.ts"
import type { ImageShape } from "../data/dataset.ts"
import {
  cellSize,
  type EvaluationOptions,
  evaluationLogits,
  halves,
  NetworkError,
  spaceFault
} from "../network/cell_networks.ts"
import { describeNetwork, type NetworkCount } from "../network/describe_network.ts"
import type { ProgramError } from "../program/program.ts"
import type { Space } from "../space/space.ts"
import { TRAINING_PROTOCOLS } from "./protocol.ts"

/** Images from this height and width on are ImageNet's kind. */
const LARGE_IMAGE = 128

/**
 * The size in which the publications train a found architecture from scratch: that of their protocol (`TRAINING_PROTOCOLS`), DARTS's for large images from
 * 128 pixels on. Differs from them where the classes or images do.
 */
export function usualSizes(space: Space, classes: number, [, height, width]: ImageShape): EvaluationOptions {
  const large = Math.min(height, width) >= LARGE_IMAGE
  const protocol = !halves(space) ? "nas-bench-201" : large ? "darts-imagenet" : "darts-cifar"
  const { channels, cells, stem } = TRAINING_PROTOCOLS[protocol]
  return { channels, ...cellSize(space, cells), ...(halves(space) && large ? { stem } : {}), classes }
}

/** What an architecture's network of the usual size takes for an image. */
export interface UsualNetwork extends NetworkCount {
  readonly sizes: EvaluationOptions
  readonly image: ImageShape
}

/** The network of an architecture in the usual size, in numbers. */
export function usualNetwork(
  space: Space,
  architecture: Architecture,
  { classes, shape }: { readonly classes: number; readonly shape: ImageShape }
): Either.Either<UsualNetwork, NetworkError | ProgramError> {
  const sizes = usualSizes(space, classes, shape)
  const problem = spaceFault(space, sizes)
  if (problem !== undefined) return Either.left(new NetworkError({ space: space.name, problem }))
  const described = describeNetwork([1, ...shape], (net, x) => evaluationLogits(net, x, space, architecture, sizes))
  return Either.map(described, ({ parameters, multiplyAdds }) => ({ sizes, image: shape, parameters, multiplyAdds }))
}
