import * as Either from "effect/Either"
import type { Architecture } from "../architecture/architecture.ts"
import type { ImageShape } from "../data/dataset.ts"
import type { ProgramError } from "../program/program.ts"
import type { Space } from "../space/space.ts"
import { type EvaluationOptions, evaluationLogits, NetworkError, spaceFault } from "./cell_networks.ts"
import { describeNetwork, type NetworkCount } from "./describe_network.ts"

/** Images from this height and width on are ImageNet's kind. */
const LARGE_IMAGE = 128

/**
 * The size in which the publications train a found architecture from scratch. In DARTS's skeleton 36 channels and 20 cells, for large images 48
 * and 14 behind ImageNet's stem (Liu, Simonyan, Yang 2019, arXiv 1806.09055); in NAS-Bench-201's 16 channels and 5 cells a stage (Dong and Yang 2020,
 * arXiv 2001.00326). Differs from them where the classes or images do.
 */
export function usualSizes(space: Space, classes: number, [, height, width]: ImageShape): EvaluationOptions {
  if (!space.cells.some((cell) => cell.stride === 2)) return { channels: 16, cellsPerStage: 5, classes }
  return Math.min(height, width) >= LARGE_IMAGE
    ? { channels: 48, cells: 14, stem: "imagenet", classes }
    : { channels: 36, cells: 20, classes }
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
