import * as Schema from "@effect/schema/Schema"

const Size = Schema.Int.pipe(Schema.positive())
const Positive = Schema.Number.pipe(Schema.finite(), Schema.positive())
const withDefault = <A, I>(schema: Schema.Schema<A, I>, value: NoInfer<A>) =>
  Schema.optionalWith(schema, { default: () => value })
const Range = Schema.Tuple(Positive, Positive).pipe(
  Schema.filter(([low, high]) => low <= high || "the first bound must not exceed the second")
)
const Strength = withDefault(Schema.Number.pipe(Schema.between(0, 1)), 0)

/**
 * One change of an image. A list of them is applied in its order, to values between 0 (black) and 1
 * (white), before normalization.
 *
 * `RandomCrop`: black pixels around the image, then a window of its size. `Flip`: left to right,
 * half of the time. `Cutout`: a square around a uniform pixel becomes the normalization's mean; it
 * may stick out (DeVries and Taylor 2017, arXiv 1708.04552). `CenterCrop`: the middle. `Resize`:
 * the mean over the area of each new pixel. `RandomResizedCrop`: a window of a fraction `scale` of
 * the area and an aspect `ratio`, resized by Pillow's bilinear filter (Szegedy et al. 2015, arXiv
 * 1409.4842, as in torchvision). `ColorJitter`: brightness, contrast, saturation by a factor within
 * 1 ± strength, hue by a turn within ± strength, in random order (torchvision's; saturation and hue
 * need three channels and leave others as they are).
 */
export const Augmentation = Schema.Union(
  Schema.TaggedStruct("RandomCrop", { padding: Schema.Int.pipe(Schema.nonNegative()) }),
  Schema.TaggedStruct("Flip", {}),
  Schema.TaggedStruct("Cutout", { size: Size }),
  Schema.TaggedStruct("CenterCrop", { height: Size, width: Size }),
  Schema.TaggedStruct("Resize", { height: Size, width: Size }),
  Schema.TaggedStruct("RandomResizedCrop", {
    height: Size,
    width: Size,
    scale: withDefault(
      Range.pipe(Schema.filter(([, high]) => high <= 1 || "a window is at most the image")),
      [0.08, 1]
    ),
    ratio: withDefault(Range, [3 / 4, 4 / 3])
  }),
  Schema.TaggedStruct("ColorJitter", {
    brightness: Strength,
    contrast: Strength,
    saturation: Strength,
    hue: withDefault(Schema.Number.pipe(Schema.between(0, 0.5)), 0)
  })
).annotations({ identifier: "Augmentation" })
export type Augmentation = typeof Augmentation.Type

/**
 * Of CIFAR-10 in Liu et al. 2019 (arXiv 1806.09055): crops padded by 4 and flips; the final
 * training adds `Cutout` of 16.
 */
export const CIFAR_AUGMENTATION: ReadonlyArray<Augmentation> = [{ _tag: "RandomCrop", padding: 4 }, { _tag: "Flip" }]

/** Of ImageNet in Liu et al. 2019 (arXiv 1806.09055). */
export const IMAGENET_AUGMENTATION: ReadonlyArray<Augmentation> = [
  { _tag: "RandomResizedCrop", height: 224, width: 224, scale: [0.08, 1], ratio: [3 / 4, 4 / 3] },
  { _tag: "Flip" },
  { _tag: "ColorJitter", brightness: 0.4, contrast: 0.4, saturation: 0.4, hue: 0.2 }
]
