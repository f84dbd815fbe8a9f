import * as Schema from "@effect/schema/Schema"
import type { DatasetInfo } from "../data/dataset.ts"
import { halves } from "../network/cell_networks.ts"
import type { Space } from "../space/space.ts"
import { GradientRunSettings } from "./run_settings.ts"
import { DATA_SIZES } from "./settings.ts"

/** Settings with all sizes that a search is planned with. */
export interface SizedSettings extends GradientRunSettings {
  readonly cells: number
}

/**
 * The settings with the sizes that they leave open: the fewest cells that there can be (one a stage, in DARTS's skeleton
 * three, two of which halve the image), and for a protocol with sizes of data those, as far as the dataset has as much.
 * What is given stays, and the order is that of the schema.
 */
export function sizedSettings(
  run: GradientRunSettings,
  space: Space,
  { train, shape: [, height, width] }: Pick<DatasetInfo, "train" | "shape">
): SizedSettings {
  const cells = run.cells ?? (halves(space) ? 3 : 1)
  const sizes = DATA_SIZES[run.protocol]
  const open = {
    images: Math.min((halves(space) ? sizes?.imagesOfDarts : sizes?.images) ?? train, train),
    imageSize: Math.min(sizes?.imageSize ?? height, height, width)
  }
  const encoded = { ...(sizes === undefined ? {} : open), ...Schema.encodeSync(GradientRunSettings)(run), cells }
  return { ...Schema.decodeSync(GradientRunSettings)(encoded), cells }
}
