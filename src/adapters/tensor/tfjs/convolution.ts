import type { Tensor } from "@tensorflow/tfjs-core"
import type { ConvolutionGeometry, Pair } from "../../../domain/program/operation.ts"
import { depthwise, depthwiseFilter, depthwiseImage } from "./depthwise.ts"
import {
  crop,
  effectiveKernel,
  fitted,
  full,
  type ImageShape,
  imagePadding,
  spreadFilter,
  transposedPadding,
  turned
} from "./geometry.ts"
import type { Kernels } from "./kernels.ts"
import { capabilities } from "./runtimes.ts"

/**
 * Where the groups of a convolution that has several begin: channels per group and filters per
 * group.
 */
function parts(geometry: ConvolutionGeometry, channels: number, filters: number) {
  return Array.from({ length: geometry.groups }, (_, group) => ({
    one: { ...geometry, groups: 1 },
    channels: [(group * channels) / geometry.groups, ((group + 1) * channels) / geometry.groups] as const,
    filters: [(group * filters) / geometry.groups, ((group + 1) * filters) / geometry.groups] as const
  }))
}

function lastAxis(k: Kernels, x: Tensor, [start, end]: readonly [number, number]): Tensor {
  const last = x.shape.length - 1
  return k.slice(
    x,
    x.shape.map((_, axis) => (axis === last ? start : 0)),
    x.shape.map((size, axis) => (axis === last ? end : size)),
    x.shape.map(() => 1)
  )
}

/** A convolution of an image [N, H, W, C] by a filter [h, w, C / groups, O]. */
export function convolution(k: Kernels, geometry: ConvolutionGeometry, x: Tensor, filter: Tensor): Tensor {
  const [channels, filters] = [x.shape[3]!, filter.shape[3]!]
  if (geometry.groups === 1) return dense(k, geometry, x, filter)
  if (geometry.groups === channels) return depthwise(k, geometry, x, filter)
  const groups = parts(geometry, channels, filters).map((part) =>
    dense(k, part.one, lastAxis(k, x, part.channels), lastAxis(k, filter, part.filters))
  )
  return k.concatenate(groups, 3)
}

/** The gradient by the image, of the sizes `size`, from the gradient [N, H', W', O]. */
export function convolutionImage(
  k: Kernels,
  geometry: ConvolutionGeometry,
  size: Pair,
  gradient: Tensor,
  filter: Tensor
): Tensor {
  const [channels, filters] = [filter.shape[2]! * geometry.groups, filter.shape[3]!]
  const image: ImageShape = [gradient.shape[0]!, ...size, channels]
  if (geometry.groups === 1) return denseImage(k, geometry, image, gradient, filter)
  if (geometry.groups === channels) return depthwiseImage(k, geometry, image, gradient, filter)
  const groups = parts(geometry, channels, filters).map((part) => {
    const [start, end] = part.channels
    const own: ImageShape = [image[0], ...size, end - start]
    return denseImage(k, part.one, own, lastAxis(k, gradient, part.filters), lastAxis(k, filter, part.filters))
  })
  return k.concatenate(groups, 3)
}

/** The gradient by the filter, of the window `kernel`. */
export function convolutionFilter(
  k: Kernels,
  geometry: ConvolutionGeometry,
  kernel: Pair,
  x: Tensor,
  gradient: Tensor
): Tensor {
  const [channels, filters] = [x.shape[3]!, gradient.shape[3]!]
  if (geometry.groups === 1) return denseFilter(k, geometry, kernel, x, gradient)
  if (geometry.groups === channels) return depthwiseFilter(k, geometry, kernel, x, gradient)
  const groups = parts(geometry, channels, filters).map((part) =>
    denseFilter(k, part.one, kernel, lastAxis(k, x, part.channels), lastAxis(k, gradient, part.filters))
  )
  return k.concatenate(groups, 3)
}

function dense(k: Kernels, { stride, dilation, padding }: ConvolutionGeometry, x: Tensor, filter: Tensor): Tensor {
  return k.run(
    "Conv2D",
    { x, filter },
    { strides: [...stride], pad: full(padding), dataFormat: "NHWC", dilations: [...dilation] }
  )
}

function denseImage(
  k: Kernels,
  geometry: ConvolutionGeometry,
  image: ImageShape,
  gradient: Tensor,
  filter: Tensor
): Tensor {
  const { stride, dilation } = geometry
  if (k.runtime !== "tfjs-wasm" && dilation[0] === 1 && dilation[1] === 1) {
    const fit = fitted(geometry, filter.shape, image, capabilities(k.runtime).padding)
    const attributes = { strides: [...stride], pad: fit.pad, dataFormat: "NHWC", inputShape: [...fit.shape] }
    return crop(k, k.run("Conv2DBackpropInput", { dy: gradient, filter }, attributes), fit.before, image)
  }
  const kernel: Pair = [filter.shape[0]!, filter.shape[1]!]
  const spread = k.pad(gradient, transposedPadding(geometry, kernel, image, gradient.shape))
  const opposite = k.transpose(turned(k, filter), [0, 1, 3, 2])
  return dense(k, { ...geometry, stride: [1, 1], padding: imagePadding(0) }, spread, opposite)
}

function denseFilter(k: Kernels, geometry: ConvolutionGeometry, kernel: Pair, x: Tensor, gradient: Tensor): Tensor {
  const { stride, dilation, padding } = geometry
  const [channels, filters] = [x.shape[3]!, gradient.shape[3]!]
  if (!capabilities(k.runtime).gradients) {
    const wide = dense(
      k,
      { stride: dilation, dilation: stride, padding, groups: 1 },
      k.transpose(x, [3, 1, 2, 0]),
      k.transpose(gradient, [1, 2, 0, 3])
    )
    const cut = k.slice(wide, [0, 0, 0, 0], [channels, kernel[0], kernel[1], filters], [1, 1, 1, 1])
    return k.transpose(cut, [1, 2, 0, 3])
  }
  const whole = effectiveKernel(geometry, kernel)
  if (!capabilities(k.runtime).padding && whole[0] * whole[1] === 1 && stride[0] * stride[1] > 1) {
    const around = fitted(geometry, whole, x.shape, false).around
    const image = k.pad(x, around)
    const seen = k.slice(image, [0, 0, 0, 0], lastSeen(image.shape, gradient.shape, stride), [1, ...stride, 1])
    return denseFilter(k, { ...geometry, stride: [1, 1], padding: imagePadding(0) }, kernel, seen, gradient)
  }
  const shape = [...whole, channels, filters]
  const fit = fitted(geometry, shape, x.shape, capabilities(k.runtime).padding)
  const wide = k.run(
    "Conv2DBackpropFilter",
    { x: k.pad(x, fit.around), dy: gradient },
    { strides: [...stride], pad: fit.pad, dataFormat: "NHWC", filterShape: shape }
  )
  return spreadFilter.undo(k, geometry, wide)
}

/**
 * Where the elements end that a strided window of size 1 sees. TensorFlow's oneDNN kernel of its
 * filter gradient breaks the heap.
 */
function lastSeen(image: ReadonlyArray<number>, gradient: ReadonlyArray<number>, stride: Pair): ReadonlyArray<number> {
  return image.map((size, axis) => (axis === 1 || axis === 2 ? (gradient[axis]! - 1) * stride[axis - 1]! + 1 : size))
}
