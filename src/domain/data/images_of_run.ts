import * as Either from "effect/Either"
import { keyOf, type Seed, shuffled, split } from "../random.ts"
import { SettingsError } from "../setting/settings_error.ts"
import type { Augmentation } from "./augmentation.ts"
import type { DataLocation, DatasetInfo, DatasetSource } from "./dataset.ts"
import { parseLocation } from "./location_text.ts"
import type { DATASET_NAMES } from "./names.ts"

/** The settings that say where the data of a run lie. */
interface ImagesAsked {
  readonly dataset: (typeof DATASET_NAMES)[number]
  readonly data?: string | undefined
  readonly classes?: number | undefined
  readonly renumber?: boolean | undefined
  readonly imageSize?: number | undefined
}

/** Where the data of a run lie. Images of a folder are read in the image size. */
export function sourceOf({
  dataset,
  data,
  classes,
  renumber,
  imageSize
}: ImagesAsked): Either.Either<DatasetSource, SettingsError> {
  const fail = (problem: string) => Either.left(new SettingsError({ problem }))
  if (dataset !== "tensor-file") {
    const told = `is a setting of the dataset "tensor-file" (\`dataset\`); the classes of ${dataset} are known`
    if (classes !== undefined) return fail(`\`classes\` ${told}`)
    if (renumber !== undefined) return fail(`\`renumber\` ${told}`)
  }
  const from: Either.Either<{ readonly from?: readonly [DataLocation] }, SettingsError> =
    data === undefined
      ? Either.right({})
      : Either.mapBoth(parseLocation(data), {
          onLeft: (problem) => new SettingsError({ problem: `\`data\`: ${problem}` }),
          onRight: (location) => ({ from: [location] })
        })
  switch (dataset) {
    case "mnist":
      if (data !== undefined) return fail("`data`: mnist comes with the program; name the `dataset` that this is")
      return Either.right({ _tag: "Mnist" })
    case "cifar10":
      return Either.map(from, (place): DatasetSource => ({ _tag: "Cifar10", ...place }))
    case "cifar100":
      return Either.map(from, (place): DatasetSource => ({ _tag: "Cifar100", labels: "fine", ...place }))
    case "tensor-file":
      return Either.flatMap(from, (place) =>
        place.from === undefined
          ? fail('the dataset "tensor-file" needs a safetensors file: give `data`')
          : Either.right<DatasetSource>({
              _tag: "TensorFile",
              from: place.from[0],
              classes,
              renumber: renumber ?? false
            })
      )
    case "image-folder":
      if (data === undefined || imageSize === undefined)
        return fail(
          'the dataset "image-folder" needs a folder with train/<class>/*.png and a size: give `data`, and `imageSize` of 64, say'
        )
      if (/^https?:/i.test(data))
        return fail("`data`: a folder of images is not fetched: unpack its archive and name the folder")
      return Either.right({ _tag: "ImageFolder", from: data, height: imageSize, width: imageSize })
  }
}

/** The numbers of the training images that take part. */
export function chosenImages(
  { images, seed }: { readonly images?: number | undefined; readonly seed: Seed },
  { name, train }: DatasetInfo
): Either.Either<Int32Array, SettingsError> {
  if (images === undefined) return Either.right(Int32Array.from({ length: train }, (_, i) => i))
  if (images > train)
    return Either.left(
      new SettingsError({
        problem: `\`images\`: ${images} are asked for, "${name}" has ${train} training images`
      })
    )
  const chosen: Array<number> = []
  for (const place of shuffled(keyOf(split(seed, "images")), train)) if (chosen.push(place) === images) break
  return Either.right(Int32Array.from(chosen))
}

/** What images go through in a search: their size, random crops, and mirroring. */
export function searchAugmentation(
  { imageSize, flip, crop }: { readonly imageSize?: number | undefined; readonly flip: boolean; readonly crop: number },
  { shape }: DatasetInfo
): Either.Either<ReadonlyArray<Augmentation>, SettingsError> {
  const [, height, width] = shape
  const size = imageSize ?? height
  if (size > Math.min(height, width))
    return Either.left(
      new SettingsError({
        problem: `\`imageSize\`: ${size} is more than the images have, ${height}×${width}`
      })
    )
  const resize = size === height && size === width ? [] : [{ _tag: "Resize", height: size, width: size } as const]
  const cropped = crop === 0 ? [] : [{ _tag: "RandomCrop", padding: crop } as const]
  return Either.right([...resize, ...cropped, ...(flip ? [{ _tag: "Flip" } as const] : [])])
}
