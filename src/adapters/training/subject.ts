import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import type { Architecture } from "../../domain/architecture/architecture.ts"
import { printGenotype } from "../../domain/architecture/genotype.ts"
import { printArchitecture } from "../../domain/architecture/text.ts"
import {
  cellSize,
  type EvaluationOptions,
  halves,
  type NetworkError,
  spaceEvaluationNetwork
} from "../../domain/network/cell_networks.ts"
import { dartsEvaluationNetwork } from "../../domain/network/darts_networks.ts"
import type { Network } from "../../domain/network/layers.ts"
import type { EvaluationLogits } from "../../domain/network/skeletons.ts"
import type { Space } from "../../domain/space/space.ts"
import { isFixed } from "../export/architecture.ts"
import { readArchitecture } from "../space/read_architecture.ts"

/** Sizes of a network to train; `cells` counts those of a stage in NAS-Bench-201's skeleton. */
export interface SubjectSizes {
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
  ) => Either.Either<(net: Network, image: number) => EvaluationLogits, NetworkError>
}

/** An architecture of a space. */
export function subjectOf(space: Space, architecture: Architecture, place: string): Subject {
  return {
    text: printArchitecture(space, architecture),
    space: place,
    skeleton: halves(space) ? "darts" : "nas-bench-201",
    exportable: isFixed({ _tag: "Space", space, architecture }),
    network: ({ cells, ...sizes }) => {
      const options: EvaluationOptions = { ...sizes, ...cellSize(space, cells) }
      return spaceEvaluationNetwork(space, architecture, options)
    }
  }
}

/** What is trained, from text in any form that `readArchitecture` takes. */
export const readSubject = Effect.fn("readSubject")(function* (text: string, spaceName: string | undefined) {
  const read = yield* readArchitecture(text, spaceName)
  if (read._tag === "Member") return subjectOf(read.space, read.architecture, read.place)
  const { genotype } = read
  const subject: Subject = {
    text: printGenotype(genotype),
    space: "darts",
    skeleton: "darts",
    exportable: true,
    network: (sizes) => Either.right((net, image) => dartsEvaluationNetwork(net, image, genotype, sizes))
  }
  return subject
})
