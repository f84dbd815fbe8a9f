import * as Either from "effect/Either"
import * as Option from "effect/Option"
import type { Architecture } from "../architecture/architecture.ts"
import type { DatasetInfo } from "../data/dataset.ts"
import type { Space } from "../space/space.ts"
import { type SearchOnImages, type TrainingAfterSearch, trainingAfterSearch } from "./training_after_search.ts"
import { type UsualNetwork, usualNetwork } from "./usual_network.ts"

/** What a search on images found, as the network that is trained from scratch. */
export interface FoundNetwork {
  readonly architecture: Architecture
  /** The training that fits the search. */
  readonly training: TrainingAfterSearch
  /** The training of the publication. */
  readonly full: TrainingAfterSearch
  /** Parameters and multiply-adds; undefined where the images do not fit the network. */
  readonly network: UsualNetwork | undefined
}

/**
 * The network of an architecture that a search on images found, with its sizes. It is built here,
 * once.
 */
export function foundNetwork(
  space: Space,
  architecture: Architecture,
  search: SearchOnImages,
  info: Pick<DatasetInfo, "shape" | "train" | "classes">
): FoundNetwork {
  const training = trainingAfterSearch(space, architecture, search, info)
  const whole = search.dataset === "image-folder" ? { imageSize: search.imageSize } : {}
  const full = trainingAfterSearch(space, architecture, { dataset: search.dataset, ...whole }, info)
  const seen = { classes: info.classes, shape: training.image }
  const network = Option.getOrUndefined(Either.getRight(usualNetwork(space, architecture, seen, training.protocol)))
  return { architecture, training, full, network }
}
