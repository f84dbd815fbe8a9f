import * as Schema from "@effect/schema/Schema"
import type { DatasetSource } from "./dataset.ts"

const Finite = Schema.Number.pipe(Schema.finite())

/**
 * Mean and standard deviation of each channel, in units where white is 1: x becomes (x − mean) /
 * std.
 */
export const Normalization = Schema.Struct({
  mean: Schema.NonEmptyArray(Finite),
  std: Schema.NonEmptyArray(Finite.pipe(Schema.positive()))
})
  .pipe(Schema.filter(({ mean, std }) => mean.length === std.length || "mean and std must have as many channels"))
  .annotations({ identifier: "Normalization" })
export interface Normalization extends Schema.Schema.Type<typeof Normalization> {}

/**
 * Channel statistics of training sets, as the field uses them. CIFAR-10: code of Liu et al. 2019
 * (arXiv 1806.09055). CIFAR-100: code of Dong and Yang 2020 (arXiv 2001.00326). MNIST and ImageNet:
 * torchvision's examples.
 */
export const NORMALIZATIONS = {
  mnist: { mean: [0.1307], std: [0.3081] },
  cifar10: { mean: [0.49139968, 0.48215827, 0.44653124], std: [0.24703233, 0.24348505, 0.26158768] },
  cifar100: { mean: [129.3 / 255, 124.1 / 255, 112.4 / 255], std: [68.2 / 255, 65.4 / 255, 70.4 / 255] },
  imagenet: { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] }
} as const satisfies Record<string, Normalization>

/** The customary normalization of a source; none for a tensor file, whose own is measured. */
export function normalizationOf(source: DatasetSource): Normalization | undefined {
  switch (source._tag) {
    case "Mnist":
      return NORMALIZATIONS.mnist
    case "Cifar10":
      return NORMALIZATIONS.cifar10
    case "Cifar100":
      return NORMALIZATIONS.cifar100
    case "ImageFolder":
      return NORMALIZATIONS.imagenet
    case "TensorFile":
      return undefined
  }
}
