import type { GradientRunSettings } from "../../domain/search/gradient/run_settings.ts"
import { quoted } from "./quoted.ts"

/** What to type after a search by gradients that found an architecture: train it from scratch, and take its network along. */
export function nextCommands(
  architecture: string,
  { space, dataset, data, imageSize }: GradientRunSettings
): ReadonlyArray<string> {
  const subject = `--architecture ${quoted(architecture)} --space ${quoted(space)}`
  const place = data === undefined ? "" : ` --data ${quoted(data)}`
  const size = dataset === "image-folder" && imageSize !== undefined ? ` --image-size ${imageSize}` : ""
  return [
    `npx tsx bin/evaluate.ts ${subject} --dataset ${dataset}${place}${size}`,
    `npx tsx bin/export.ts ${subject} --describe`
  ]
}
