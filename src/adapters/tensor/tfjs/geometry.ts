import type { Tensor } from "@tensorflow/tfjs-core"
import type { ConvolutionGeometry, Padding, Pair, Shape } from "../../../domain/program/operation.ts"
import type { AxisPadding, Kernels } from "./kernels.ts"

/** Sizes of an image: batch, height, width, channels. */
export type ImageShape = readonly [number, number, number, number]

/** Padding as the kernels' attribute takes it. */
type PadAttribute = "valid" | "same" | Array<[number, number]>

const WHOLE: AxisPadding = { before: 0, after: 0, between: 0 }

/** The same padding on all sides. */
export function imagePadding(size: number): Padding {
  return { before: [size, size], after: [size, size] }
}

/** Explicit padding. */
export function full({ before, after }: Padding): PadAttribute {
  return [
    [0, 0],
    [before[0], after[0]],
    [before[1], after[1]],
    [0, 0]
  ]
}

/** What the padding of a window is to a kernel. */
export interface Fitted {
  readonly pad: PadAttribute
  /** Padding to be added to the image before the kernel. */
  readonly around: ReadonlyArray<AxisPadding>
  /** The image's shape with that padding. */
  readonly shape: ImageShape
  /** How far the image lies from the padded one's corner. */
  readonly before: Pair
}

interface Window {
  readonly stride: Pair
  readonly padding: Padding
}

/**
 * The padding as the kernel's attribute where it takes it, before the kernel where not. `kernel`
 * begins with the window's sizes.
 */
export function fitted(window: Window, kernel: Shape, image: Shape, explicit: boolean): Fitted {
  const { before, after } = window.padding
  const shape = image as ImageShape
  const inside = { around: [WHOLE, WHOLE, WHOLE, WHOLE], shape, before: [0, 0] } as const
  if (explicit) return { pad: full(window.padding), ...inside }
  if ([...before, ...after].every((size) => size === 0)) return { pad: "valid", ...inside }
  const same = ([0, 1] as const).every((i) => {
    const size = shape[i + 1]!
    const total = Math.max(0, (Math.ceil(size / window.stride[i]) - 1) * window.stride[i] + kernel[i]! - size)
    return before[i] === Math.floor(total / 2) && after[i] === total - before[i]
  })
  if (same) return { pad: "same", ...inside }
  const axes = ([0, 1] as const).map((i) => ({ before: before[i], after: after[i], between: 0 }))
  return {
    pad: "valid",
    around: [WHOLE, ...axes, WHOLE],
    shape: [shape[0], shape[1] + before[0] + after[0], shape[2] + before[1] + after[1], shape[3]],
    before
  }
}

/** The part of a padded image that is the image. */
export function crop(k: Kernels, x: Tensor, before: Pair, image: ImageShape): Tensor {
  return k.slice(x, [0, ...before, 0], [image[0], before[0] + image[1], before[1] + image[2], image[3]], [1, 1, 1, 1])
}

/** Height and width of a dilated window. */
export function effectiveKernel({ dilation }: ConvolutionGeometry, kernel: Pair): Pair {
  return [dilation[0] * (kernel[0] - 1) + 1, dilation[1] * (kernel[1] - 1) + 1]
}

/**
 * The padding of an output gradient whose convolution with the turned filter, at stride 1 and
 * without padding, is the image gradient.
 */
export function transposedPadding(
  geometry: ConvolutionGeometry,
  kernel: Pair,
  image: Shape,
  gradient: Shape
): ReadonlyArray<AxisPadding> {
  const whole = effectiveKernel(geometry, kernel)
  const axes = ([0, 1] as const).map((i) => {
    const between = geometry.stride[i] - 1
    const spread = (gradient[i + 1]! - 1) * geometry.stride[i] + 1
    const before = whole[i] - 1 - geometry.padding.before[i]
    return { before, after: image[i + 1]! + whole[i] - 1 - spread - before, between }
  })
  return [WHOLE, ...axes, WHOLE]
}

/** A filter turned by 180 degrees. */
export function turned(k: Kernels, filter: Tensor): Tensor {
  return filter.shape[0] === 1 && filter.shape[1] === 1 ? filter : k.run("Reverse", { x: filter }, { dims: [0, 1] })
}

/** A dilated filter as one without dilation: zeros between its taps; and its taps out of one. */
export const spreadFilter = {
  make: (k: Kernels, { dilation }: ConvolutionGeometry, filter: Tensor): Tensor =>
    k.pad(filter, [
      { before: 0, after: 0, between: dilation[0] - 1 },
      { before: 0, after: 0, between: dilation[1] - 1 },
      WHOLE,
      WHOLE
    ]),
  undo: (k: Kernels, { dilation }: ConvolutionGeometry, filter: Tensor): Tensor =>
    k.slice(
      filter,
      filter.shape.map(() => 0),
      filter.shape,
      [...dilation, 1, 1]
    )
} as const
