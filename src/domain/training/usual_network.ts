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
import { TRAINING_PROTOCOLS, type TrainingProtocol, type TrainingProtocolName } from "./protocol.ts"

/** Images from this height and width on are ImageNet's kind. */
const LARGE_IMAGE = 128

/**
 * The protocol in which the publications train a found architecture from scratch; DARTS's for large
 * images from 128 pixels on.
 */
export function usualProtocol(space: Space, [, height, width]: ImageShape): TrainingProtocolName {
  const large = Math.min(height, width) >= LARGE_IMAGE
  return !halves(space) ? "nas-bench-201" : large ? "darts-imagenet" : "darts-cifar"
}

/** The size of a network that is trained by a protocol. */
export function sizesOf(
  space: Space,
  classes: number,
  { channels, cells, stem }: Pick<TrainingProtocol, "channels" | "cells" | "stem">
): EvaluationOptions {
  return { channels, ...cellSize(space, cells), ...(halves(space) && stem !== "cifar" ? { stem } : {}), classes }
}

/** What an architecture's network takes for an image. */
export interface UsualNetwork extends NetworkCount {
  readonly sizes: EvaluationOptions
  readonly image: ImageShape
}

/**
 * The network of an architecture in the size of a protocol, the usual one where none is given, in
 * numbers.
 */
export function usualNetwork(
  space: Space,
  architecture: Architecture,
  { classes, shape }: { readonly classes: number; readonly shape: ImageShape },
  protocol: Pick<TrainingProtocol, "channels" | "cells" | "stem"> = TRAINING_PROTOCOLS[usualProtocol(space, shape)]
): Either.Either<UsualNetwork, NetworkError | ProgramError> {
  const sizes = sizesOf(space, classes, protocol)
  const problem = spaceFault(space, sizes)
  if (problem !== undefined) return Either.left(new NetworkError({ space: space.name, problem }))
  const described = describeNetwork([1, ...shape], (net, x) => evaluationLogits(net, x, space, architecture, sizes))
  return Either.map(described, ({ parameters, multiplyAdds }) => ({ sizes, image: shape, parameters, multiplyAdds }))
}
