import type * as Either from "effect/Either"
import type { Architecture } from "../architecture/architecture.ts"
import { printArchitecture } from "../architecture/text.ts"
import {
  cellSize,
  type EvaluationOptions,
  halves,
  type NetworkError,
  spaceEvaluationNetwork
} from "../network/cell_networks.ts"
import type { Network } from "../network/layers.ts"
import type { EvaluationLogits } from "../network/skeletons.ts"
import type { NodeId } from "../program/node.ts"
import type { Space } from "../space/space.ts"

/** Sizes of a network to train; `cells` counts those of a stage in NAS-Bench-201's skeleton. */
interface SubjectSizes {
  readonly channels: number
  readonly cells: number
  readonly classes: number
  readonly stem: "cifar" | "imagenet"
  readonly auxiliary: boolean
  readonly dropPath: boolean
}

/** An architecture that can be trained. */
export interface Subject {
  /** Its text in the space's natural form: equal texts of one space are equal architectures. */
  readonly text: string
  /** The space's name or file. */
  readonly space: string
  readonly skeleton: "darts" | "nas-bench-201"
  /** Whether a file can hold it with its weights: not where it takes noise. */
  readonly exportable: boolean
  /** Its evaluation network. */
  readonly network: (
    sizes: SubjectSizes
  ) => Either.Either<(net: Network, image: NodeId) => EvaluationLogits, NetworkError>
}

/** An architecture of a space. */
export function subjectOf(space: Space, architecture: Architecture, place: string): Subject {
  return {
    text: printArchitecture(space, architecture),
    space: place,
    skeleton: halves(space) ? "darts" : "nas-bench-201",
    exportable: !hasNoise(space, architecture),
    network: ({ cells, ...sizes }) => {
      const options: EvaluationOptions = { ...sizes, ...cellSize(space, cells) }
      return spaceEvaluationNetwork(space, architecture, options)
    }
  }
}

/** Whether a network takes noise, which is drawn anew for every image: no file can hold it. */
export function hasNoise(space: Space, architecture: Architecture): boolean {
  return space.decisions.some(({ choices }, i) => choices[architecture[i]!] === "noise")
}
