import type { ConvolutionGeometry, Padding, Pair } from "../../../domain/program/operation.ts"
import type { Emitter, Value } from "./emitter.ts"

/** [image, filter] → output. */
export function convolution(e: Emitter, image: Value, filter: Value, geometry: ConvolutionGeometry): Value {
  if (isDepthwise(image, filter, geometry) && isBlockable(e, image)) return blockedDepthwise(e, image, filter, geometry)
  const kernel: Pair = [filter.shape[2]!, filter.shape[3]!]
  if (isPointwise(kernel, geometry.padding)) {
    const seen = strided(e, image, geometry.stride)
    return plainConvolution(e, seen, filter, { ...geometry, stride: [1, 1] })
  }
  return plainConvolution(e, image, filter, geometry)
}

/** [output gradient, filter] → image gradient of height and width `size`. */
export function convolutionImage(
  e: Emitter,
  gradient: Value,
  filter: Value,
  geometry: ConvolutionGeometry,
  size: Pair
): Value {
  const { stride, dilation, padding, groups } = geometry
  const kernel: Pair = [filter.shape[2]!, filter.shape[3]!]
  const reach = [0, 1].map((i) => dilation[i]! * (kernel[i]! - 1))
  const rest = [0, 1].map(
    (i) => size[i]! + padding.before[i]! + padding.after[i]! - reach[i]! - 1 - stride[i]! * (gradient.shape[2 + i]! - 1)
  )
  const before = [0, 1].map((i) => reach[i]! - padding.before[i]!) as [number, number]
  const after = [0, 1].map((i) => reach[i]! - padding.after[i]! + rest[i]!) as [number, number]
  const mirrored = e.reversed(exchanged(e, filter, groups), [2, 3])
  const unit = { stride: [1, 1], dilation, groups } as const
  if (isPointwise(kernel, padding)) {
    const small = convolution(e, gradient, mirrored, { ...unit, padding: { before: [0, 0], after: [0, 0] } })
    return e.pad(small, [0, 0, 0, 0], [0, 0, ...rest], [0, 0, stride[0] - 1, stride[1] - 1])
  }
  const whole = stride[0] === 1 && stride[1] === 1
  const depthwise = groups === filter.shape[0] && filter.shape[1] === 1
  if (!whole && !depthwise) return transposedConvolution(e, gradient, filter, geometry, rest)
  const spread = e.pad(gradient, [0, 0, 0, 0], [0, 0, 0, 0], [0, 0, stride[0] - 1, stride[1] - 1])
  const cut = (counts: ReadonlyArray<number>) => counts.map((count) => Math.min(0, count))
  const kept = e.pad(spread, [0, 0, ...cut(before)], [0, 0, ...cut(after)])
  const grow = (counts: ReadonlyArray<number>): Pair => [Math.max(0, counts[0]!), Math.max(0, counts[1]!)]
  return convolution(e, kept, mirrored, { ...unit, padding: { before: grow(before), after: grow(after) } })
}

/** [image, output gradient] → filter gradient with the window `kernel`. */
export function convolutionFilter(
  e: Emitter,
  image: Value,
  gradient: Value,
  geometry: ConvolutionGeometry,
  kernel: Pair
): Value {
  const { groups } = geometry
  const depthwise = groups === image.shape[1] && groups === gradient.shape[1]
  const end = [0, 1].map((i) => spareAfter(geometry, image, gradient, kernel, i))
  if (depthwise && isBlockable(e, image) && end.every((count) => count >= 0)) {
    return blockedFilter(e, image, gradient, geometry, kernel, [end[0]!, end[1]!])
  }
  return filterByTaps(e, image, gradient, geometry, kernel)
}

/**
 * Filters [O, C, h, w] as those of the transposed convolution: per group, outputs and inputs
 * exchanged.
 */
function exchanged(e: Emitter, filter: Value, groups: number): Value {
  const [outputs, inputs, height, width] = filter.shape as readonly [number, number, number, number]
  if (outputs === groups && inputs === 1) return filter
  if (groups === 1) return e.transpose(filter, [1, 0, 2, 3])
  const split = e.reshape(filter, [groups, outputs / groups, inputs, height, width])
  return e.reshape(e.transpose(split, [0, 2, 1, 3, 4]), [groups * inputs, outputs / groups, height, width])
}

function isPointwise(kernel: Pair, { before, after }: Padding): boolean {
  return [...kernel, ...before, ...after].every((count, i) => count === (i < 2 ? 1 : 0))
}

function strided(e: Emitter, image: Value, stride: Pair): Value {
  return e.slice(image, [0, 0, 0, 0], image.shape, [1, 1, ...stride])
}

function attributesOf(geometry: ConvolutionGeometry, kernel: ReadonlyArray<number>) {
  const { stride, dilation, padding, groups } = geometry
  return {
    kernel_shape: kernel,
    strides: stride,
    dilations: dilation,
    pads: [...padding.before, ...padding.after],
    group: groups
  }
}

function outputSize(geometry: ConvolutionGeometry, image: Value, kernel: ReadonlyArray<number>): ReadonlyArray<number> {
  const { stride, dilation, padding } = geometry
  return [0, 1].map((i) => {
    const spare = image.shape[2 + i]! + padding.before[i]! + padding.after[i]! - dilation[i]! * (kernel[i]! - 1) - 1
    return Math.floor(spare / stride[i]!) + 1
  })
}

function plainConvolution(e: Emitter, image: Value, filter: Value, geometry: ConvolutionGeometry): Value {
  const kernel = filter.shape.slice(2)
  const name = e.graph.operator("Conv", [image.name, filter.name], { attributes: attributesOf(geometry, kernel) })
  return { name, shape: [image.shape[0]!, filter.shape[0]!, ...outputSize(geometry, image, kernel)] }
}

function transposedConvolution(
  e: Emitter,
  gradient: Value,
  filter: Value,
  geometry: ConvolutionGeometry,
  rest: ReadonlyArray<number>
): Value {
  const kernel = filter.shape.slice(2)
  const attributes = { ...attributesOf(geometry, kernel), output_padding: rest }
  const name = e.graph.operator("ConvTranspose", [gradient.name, filter.name], { attributes })
  const { stride, dilation, padding, groups } = geometry
  const size = [0, 1].map(
    (i) =>
      stride[i]! * (gradient.shape[2 + i]! - 1) +
      dilation[i]! * (kernel[i]! - 1) +
      1 +
      rest[i]! -
      padding.before[i]! -
      padding.after[i]!
  )
  return { name, shape: [gradient.shape[0]!, filter.shape[1]! * groups, ...size] }
}

/** One product of matrices per place of the window. */
function filterByTaps(
  e: Emitter,
  image: Value,
  gradient: Value,
  { stride, dilation, padding, groups }: ConvolutionGeometry,
  kernel: Pair
): Value {
  const [batch, outputs, height, width] = gradient.shape as readonly [number, number, number, number]
  const inputs = image.shape[1]! / groups
  const padded = e.pad(image, [0, 0, ...padding.before], [0, 0, ...padding.after])
  const grouped = groups === 1 ? [] : [groups]
  const by = e.reshape(gradient, [batch, ...grouped, outputs / groups, height * width])
  const taps: Array<Value> = []
  for (let i = 0; i < kernel[0]; i++) {
    for (let j = 0; j < kernel[1]; j++) {
      const [top, left] = [i * dilation[0], j * dilation[1]]
      const seen = e.slice(
        padded,
        [0, 0, top, left],
        [batch, groups * inputs, top + stride[0] * (height - 1) + 1, left + stride[1] * (width - 1) + 1],
        [1, 1, ...stride]
      )
      const product = e.product(by, e.reshape(seen, [batch, ...grouped, inputs, height * width]), { b: true })
      taps.push(e.sum(product, [0], false))
    }
  }
  if (taps.length === 1) return e.reshape(taps[0]!, [outputs, inputs, ...kernel])
  const names = taps.map((tap) => e.reshape(tap, [outputs, inputs, 1]).name)
  const joined = e.graph.operator("Concat", names, { attributes: { axis: 2 } })
  return e.reshape({ name: joined, shape: [outputs, inputs, kernel[0] * kernel[1]] }, [outputs, inputs, ...kernel])
}

function isDepthwise(image: Value, filter: Value, { groups }: ConvolutionGeometry): boolean {
  return groups > 1 && filter.shape[1] === 1 && filter.shape[0] === groups && image.shape[1] === groups
}

/** Whether the images of a batch, taken as channels of one image, fill whole blocks. */
function isBlockable({ target }: Emitter, { shape }: Value): boolean {
  return target.block > 0 && (shape[0]! * shape[1]!) % target.block === 0
}

const NCHWC = { domain: "com.microsoft.nchwc" } as const

/**
 * An image in blocks of channels. Where its own channels do not fill blocks, all images of the
 * batch become channels of one; the elements lie alike in both cases.
 */
function blocked(e: Emitter, image: Value): Value {
  const [batch, channels, ...size] = image.shape as readonly [number, number, ...Array<number>]
  const whole = channels % e.target.block === 0 ? image : e.reshape(image, [1, batch * channels, ...size])
  return { name: e.graph.operator("ReorderInput", [whole.name], NCHWC), shape: whole.shape }
}

/**
 * A convolution of each channel for itself. Image and filter [1, maps, h, w] are in blocks; the
 * result is not.
 */
function blockedConvolution(e: Emitter, image: Value, filter: Value, geometry: ConvolutionGeometry): Value {
  const [batch, maps] = image.shape as readonly [number, number]
  const kernel = filter.shape.slice(2)
  const { name } = e.reshape(filter, [maps, 1, ...kernel])
  const attributes = attributesOf({ ...geometry, groups: maps }, kernel)
  const result = e.graph.operator("Conv", [image.name, name], { ...NCHWC, attributes })
  return {
    name: e.graph.operator("ReorderOutput", [result], { ...NCHWC, attributes: { channels: maps } }),
    shape: [batch, maps, ...outputSize(geometry, image, kernel)]
  }
}

function blockedDepthwise(e: Emitter, image: Value, filter: Value, geometry: ConvolutionGeometry): Value {
  const [channels, , ...kernel] = filter.shape as readonly [number, number, ...Array<number>]
  const blocks = blocked(e, image)
  const copies = blocks.shape[1]! / channels
  const own = e.reshape(filter, [1, channels, ...kernel])
  const shape = [copies, channels, ...kernel]
  const name = copies === 1 ? own.name : e.graph.operator("Expand", [own.name, e.graph.integers(shape)])
  const filters = e.reshape({ name, shape }, [1, copies * channels, ...kernel])
  const inBlocks = { name: e.graph.operator("ReorderInput", [filters.name], NCHWC), shape: filters.shape }
  const result = blockedConvolution(e, blocks, inBlocks, geometry)
  return e.reshape(result, [image.shape[0]!, channels, ...result.shape.slice(2)])
}

/**
 * The filter gradient of a depthwise convolution is one too: the output gradient slides over the
 * image as a filter as large as itself, with stride and dilation exchanged, and leaves one number
 * per place of the window.
 */
function blockedFilter(
  e: Emitter,
  image: Value,
  gradient: Value,
  { stride, dilation, padding }: ConvolutionGeometry,
  kernel: Pair,
  after: Pair
): Value {
  const [batch, channels] = gradient.shape as readonly [number, number]
  const single = (value: Value) => e.reshape(blocked(e, value), [1, batch * channels, ...value.shape.slice(2)])
  const geometry = {
    stride: dilation,
    dilation: stride,
    padding: { before: padding.before, after },
    groups: batch * channels
  }
  const result = blockedConvolution(e, single(image), single(gradient), geometry)
  return e.reshape(e.sum(e.reshape(result, [batch, channels, ...kernel]), [0], false), [channels, 1, ...kernel])
}

/**
 * Padding at the end of an axis, with which an output gradient slides over just the places of the
 * window.
 */
function spareAfter(
  { stride, dilation, padding }: ConvolutionGeometry,
  image: Value,
  gradient: Value,
  kernel: Pair,
  i: number
): number {
  const reach = dilation[i]! * (kernel[i]! - 1) + stride[i]! * (gradient.shape[2 + i]! - 1) + 1
  return reach - image.shape[2 + i]! - padding.before[i]!
}
