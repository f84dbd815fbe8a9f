import { quoted } from "./quoted.ts"

/** The settings of a search that say which images it saw. */
export interface ImagesOfSearch {
  readonly space: string
  /** `mnist` where absent. */
  readonly dataset?: string | undefined
  readonly data?: string | undefined
  readonly classes?: number | undefined
  readonly renumber?: boolean | undefined
  readonly imageSize?: number | undefined
}

/** What to type after a search on images that found an architecture: train it from scratch, and take its network along. */
export function nextCommands(
  architecture: string,
  { space, dataset = "mnist", data, classes, renumber, imageSize }: ImagesOfSearch
): ReadonlyArray<string> {
  const subject = `--architecture ${quoted(architecture)} --space ${quoted(space)}`
  const place = data === undefined ? "" : ` --data ${quoted(data)}`
  const bound = classes === undefined ? "" : ` --classes ${classes}`
  const labels = renumber === true ? `${bound} --renumber` : bound
  const size = dataset === "image-folder" && imageSize !== undefined ? ` --image-size ${imageSize}` : ""
  return [
    `npx tsx bin/evaluate.ts ${subject} --dataset ${dataset}${place}${labels}${size}`,
    `npx tsx bin/export.ts ${subject} --describe`
  ]
}
