import { drawArchitecture } from "../domain/architecture/draw.ts"
import { printArchitecture } from "../domain/architecture/text.ts"
import type { Space } from "../domain/space/space.ts"
import type { FoundNetwork } from "../domain/training/found_network.ts"
import type { UsualNetwork } from "../domain/training/usual_network.ts"
import { fullTraining, nextCommands, type SourcesOfSearch } from "./next_commands.ts"

/** What is told of an architecture that was found on images. */
export interface FoundReport {
  /** Its cells, a line a node. */
  readonly drawn: ReadonlyArray<string>
  /** The sizes of its network, as a name and a value. */
  readonly size: readonly [string, string] | undefined
  /** What to type next. */
  readonly next: ReadonlyArray<string>
  /** How the training of the publication differs from the one to type. */
  readonly full: string | undefined
}

/**
 * An architecture that was found on images: its cells, its sizes when trained from scratch, the
 * next commands.
 */
export function foundReport(
  space: Space,
  { architecture, training, full, network }: FoundNetwork,
  search: SourcesOfSearch,
  classes: number
): FoundReport {
  return {
    drawn: drawArchitecture(space, architecture),
    size: network === undefined ? undefined : ["from scratch", sizeOf(network)],
    next: nextCommands(printArchitecture(space, architecture), search, training, classes),
    full: fullTraining(training, full)
  }
}

function sizeOf({ parameters, multiplyAdds, sizes, image }: UsualNetwork): string {
  const count = (value: number) => value.toLocaleString("en-US")
  const cells = sizes.cells === undefined ? `${sizes.cellsPerStage} cells a stage` : `${sizes.cells} cells`
  return `${count(parameters)} parameters, ${count(multiplyAdds)} multiply-adds (${sizes.channels} channels, ${cells}, images ${image.join("×")})`
}
