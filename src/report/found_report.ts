import * as Either from "effect/Either"
import * as Option from "effect/Option"
import type { Architecture } from "../domain/architecture/architecture.ts"
import { drawArchitecture } from "../domain/architecture/draw.ts"
import { printArchitecture } from "../domain/architecture/text.ts"
import type { DatasetInfo } from "../domain/data/dataset.ts"
import type { Space } from "../domain/space/space.ts"
import { type SearchOnImages, trainingAfterSearch } from "../domain/training/training_after_search.ts"
import { type UsualNetwork, usualNetwork } from "../domain/training/usual_network.ts"
import { fullTraining, nextCommands, type SourcesOfSearch } from "./next_commands.ts"

/** What is told of an architecture that was found on images. */
export interface Found {
  /** Its cells, a line a node. */
  readonly drawn: ReadonlyArray<string>
  /** Its network of the usual size; none where that does not fit the images. */
  readonly network: UsualNetwork | undefined
  /** The network in numbers, as a name and a value. */
  readonly size: readonly [string, string] | undefined
  /** What to type next. */
  readonly next: ReadonlyArray<string>
  /** How the training of the publication differs from the one to type. */
  readonly full: string | undefined
}

/** An architecture that was found on images of a dataset: its cells, its size when trained from scratch, the next commands. */
export function foundOn(
  space: Space,
  architecture: Architecture,
  info: DatasetInfo,
  search: SourcesOfSearch & SearchOnImages
): Found {
  const training = trainingAfterSearch(space, architecture, search, info)
  const whole = search.dataset === "image-folder" ? { imageSize: search.imageSize } : {}
  const full = trainingAfterSearch(space, architecture, { dataset: search.dataset, ...whole }, info)
  const seen = { classes: info.classes, shape: training.image }
  const network = Option.getOrUndefined(Either.getRight(usualNetwork(space, architecture, seen, training.protocol)))
  return {
    drawn: drawArchitecture(space, architecture),
    network,
    size: network === undefined ? undefined : ["from scratch", sizeOf(network)],
    next: nextCommands(printArchitecture(space, architecture), search, training, info.classes),
    full: fullTraining(training, full)
  }
}

function sizeOf({ parameters, multiplyAdds, sizes, image }: UsualNetwork): string {
  const count = (value: number) => value.toLocaleString("en-US")
  const cells = sizes.cells === undefined ? `${sizes.cellsPerStage} cells a stage` : `${sizes.cells} cells`
  return `${count(parameters)} parameters, ${count(multiplyAdds)} multiply-adds (${sizes.channels} channels, ${cells}, images ${image.join("×")})`
}
