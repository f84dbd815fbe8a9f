import type { DatasetInfo } from "../data/dataset.ts"
import { halves } from "../network/cell_networks.ts"
import type { Space } from "../space/space.ts"
import type { DartsRun } from "./run_settings.ts"
import { DATA_SIZES } from "./settings.ts"

/** A run with all sizes that its search is planned with. */
interface SizedRun extends DartsRun {
  readonly settings: DartsRun["settings"] & { readonly cells: number }
}

/**
 * A run with the sizes that its settings leave open: the fewest cells that there can be (one a
 * stage, in DARTS's skeleton three, two of which halve the image), and for a protocol with sizes of
 * data those, as far as the dataset has as much. What is given stays.
 */
export function sizedRun(
  { method, settings }: DartsRun,
  space: Space,
  { train, shape: [, height, width] }: Pick<DatasetInfo, "train" | "shape">
): SizedRun {
  const cells = settings.cells ?? (halves(space) ? 3 : 1)
  const sizes = DATA_SIZES[settings.protocol]
  if (sizes === undefined) return { method, settings: { ...settings, cells } }
  const images = settings.images ?? Math.min(halves(space) ? sizes.imagesOfDarts : sizes.images, train)
  const imageSize = settings.imageSize ?? Math.min(sizes.imageSize, height, width)
  return { method, settings: { ...settings, images, imageSize, cells } }
}
