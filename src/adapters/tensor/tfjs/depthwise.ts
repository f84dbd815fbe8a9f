import type { Tensor } from "@tensorflow/tfjs-core"
import type { ConvolutionGeometry, Pair } from "../../../domain/program/operation.ts"
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

/** A filter [h, w, 1, C · m] as the kernels take it: [h, w, C, m]. */
function perChannel(k: Kernels, filter: Tensor, channels: number): Tensor {
  const [height, width, , filters] = filter.shape as [number, number, number, number]
  return k.reshape(filter, [height, width, channels, filters / channels])
}

/** The same convolution with equal strides, and the geometry that picks its elements. */
function withEqualStrides(geometry: ConvolutionGeometry): ConvolutionGeometry {
  return geometry.stride[0] === geometry.stride[1] ? geometry : { ...geometry, stride: [1, 1] }
}

/**
 * A convolution of each channel of an image [N, H, W, C] by its own filters, of [h, w, 1, C · m].
 */
export function depthwise(k: Kernels, geometry: ConvolutionGeometry, x: Tensor, filter: Tensor): Tensor {
  const { dilation, padding } = capabilities(k.runtime)
  const native = dilation === "any" || (dilation === "stride 1" && geometry.stride.every((stride) => stride === 1))
  const equal = padding ? geometry : withEqualStrides(geometry)
  const spread = native ? filter : spreadFilter.make(k, geometry, filter)
  const y = k.run(
    "DepthwiseConv2dNative",
    { x, filter: perChannel(k, spread, x.shape[3]!) },
    {
      strides: [...equal.stride],
      pad: full(geometry.padding),
      dataFormat: "NHWC",
      dilations: native ? [...geometry.dilation] : [1, 1]
    }
  )
  return equal === geometry ? y : k.slice(y, [0, 0, 0, 0], y.shape, [1, ...geometry.stride, 1])
}

/** The gradient by the image. */
export function depthwiseImage(
  k: Kernels,
  geometry: ConvolutionGeometry,
  image: ImageShape,
  gradient: Tensor,
  filter: Tensor
): Tensor {
  const kernel: Pair = [filter.shape[0]!, filter.shape[1]!]
  const channels = image[3]
  if (!capabilities(k.runtime).gradients) {
    const filters = filter.shape[3]!
    const spread = k.pad(gradient, transposedPadding(geometry, kernel, image, gradient.shape))
    const once = { ...geometry, stride: [1, 1], padding: imagePadding(0), groups: filters } as const
    const each = depthwise(k, once, spread, turned(k, filter))
    if (filters === channels) return each
    const split = k.reshape(each, [image[0] * image[1] * image[2], channels, filters / channels])
    return k.reshape(k.sum(split, [2]), image)
  }
  const { stride } = withEqualStrides(geometry)
  const spread = everyElement(k, geometry, image, kernel, gradient)
  const whole = spreadFilter.make(k, geometry, filter)
  const fit = fitted({ ...geometry, stride }, whole.shape, image, capabilities(k.runtime).padding)
  const attributes = { strides: [...stride], dilations: [1, 1], pad: fit.pad, inputShape: [...fit.shape] }
  const inputs = { dy: spread, filter: perChannel(k, whole, channels) }
  return crop(k, k.run("DepthwiseConv2dNativeBackpropInput", inputs, attributes), fit.before, image)
}

/** The gradient by the filter, [h, w, 1, C · m]. */
export function depthwiseFilter(
  k: Kernels,
  geometry: ConvolutionGeometry,
  kernel: Pair,
  x: Tensor,
  gradient: Tensor
): Tensor {
  const [batch, height, width, channels] = x.shape as [number, number, number, number]
  const filters = gradient.shape[3]!
  if (!capabilities(k.runtime).gradients) {
    const [, outHeight, outWidth] = gradient.shape as [number, number, number, number]
    const image = k.reshape(k.transpose(x, [1, 2, 0, 3]), [1, height, width, batch * channels])
    const taps = k.reshape(k.transpose(gradient, [1, 2, 0, 3]), [outHeight, outWidth, 1, batch * filters])
    const exchanged = { ...geometry, stride: geometry.dilation, dilation: geometry.stride }
    const wide = depthwise(k, exchanged, image, taps)
    const cut = k.slice(wide, [0, 0, 0, 0], [1, ...kernel, batch * filters], [1, 1, 1, 1])
    return k.sum(k.reshape(cut, [...kernel, batch, filters]), [2])
  }
  const whole = effectiveKernel(geometry, kernel)
  const { stride } = withEqualStrides(geometry)
  const spread = everyElement(k, geometry, x.shape as ImageShape, kernel, gradient)
  const fit = fitted({ ...geometry, stride }, whole, x.shape, capabilities(k.runtime).padding)
  const filterShape = [...whole, channels, filters / channels]
  const attributes = { strides: [...stride], dilations: [1, 1], pad: fit.pad, filterShape }
  const wide = k.run("DepthwiseConv2dNativeBackpropFilter", { x: k.pad(x, fit.around), dy: spread }, attributes)
  return spreadFilter.undo(k, geometry, k.reshape(wide, [...whole, 1, filters]))
}

/**
 * The gradient of the convolution of equal strides: zeros where the strides of this one leave
 * elements out.
 */
function everyElement(
  k: Kernels,
  geometry: ConvolutionGeometry,
  image: ImageShape,
  kernel: Pair,
  gradient: Tensor
): Tensor {
  if (withEqualStrides(geometry) === geometry) return gradient
  const { padding, stride } = geometry
  const whole = effectiveKernel(geometry, kernel)
  const axes = ([0, 1] as const).map((i) => {
    const size = image[i + 1]! + padding.before[i] + padding.after[i] - whole[i] + 1
    return { before: 0, after: size - ((gradient.shape[i + 1]! - 1) * stride[i] + 1), between: stride[i] - 1 }
  })
  const none = { before: 0, after: 0, between: 0 }
  return k.pad(gradient, [none, ...axes, none])
}
