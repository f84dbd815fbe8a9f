import type { ConvolutionGeometry, Pair, PoolGeometry } from "../../../domain/program/operation.ts"
import { convolution, convolutionImage } from "./convolutions.ts"
import type { Emitter, Value } from "./emitter.ts"

/** The lowest number of single precision: padding that never wins. */
const LOWEST = -3.4028234663852886e38

/** The largest element of each window. */
export function maxPool(e: Emitter, image: Value, geometry: PoolGeometry): Value {
  const { kernel, stride, padding } = geometry
  const name = e.graph.operator("MaxPool", [image.name], {
    attributes: { kernel_shape: kernel, strides: stride, pads: [...padding.before, ...padding.after] }
  })
  return { name, shape: [...image.shape.slice(0, 2), ...places(geometry, image)] }
}

/** How the windows lie along one axis of an image. */
interface Line {
  readonly axis: 2 | 3
  readonly kernel: number
  readonly stride: number
  readonly before: number
  readonly after: number
  readonly count: number
}

/**
 * The maxima of one axis: per place of the window, 1 where the element there is the first that
 * equals the maximum.
 */
interface Maxima {
  readonly line: Line
  readonly size: number
  readonly masks: ReadonlyArray<Value>
}

/**
 * Where the maxima lie: first along each row, then among the rows. The first of equal elements in
 * row-major order lies in the first row that holds the maximum, and is the first of it.
 */
function maxima(e: Emitter, image: Value, geometry: PoolGeometry): readonly [Maxima, Maxima] {
  const [across, down] = lines(geometry, image)
  const rows = maxPool(e, image, oneAxis(across))
  const columns = maxPool(e, rows, oneAxis(down))
  return [maximaOf(e, image, rows, across), maximaOf(e, rows, columns, down)]
}

function lines({ kernel, stride, padding }: PoolGeometry, image: Value): readonly [Line, Line] {
  const line = (i: 0 | 1): Line => {
    const [before, after, size] = [padding.before[i], padding.after[i], image.shape[2 + i]!]
    const count = Math.floor((size + before + after - kernel[i]) / stride[i]) + 1
    return { axis: i === 0 ? 2 : 3, kernel: kernel[i], stride: stride[i], before, after, count }
  }
  return [line(1), line(0)]
}

function oneAxis({ axis, kernel, stride, before, after }: Line): PoolGeometry {
  const pair = (value: number, other: number): Pair => (axis === 2 ? [value, other] : [other, value])
  return {
    kernel: pair(kernel, 1),
    stride: pair(stride, 1),
    padding: { before: pair(before, 0), after: pair(after, 0) }
  }
}

function maximaOf(e: Emitter, image: Value, top: Value, line: Line): Maxima {
  const size = image.shape[line.axis]!
  const masks: Array<Value> = []
  let seen: Value | undefined
  for (let place = 0; place < line.kernel; place++) {
    const equal = keepsSize(line, size)
      ? e.binary("Mul", e.equal(e.shift(image, line.axis, line.before - place), top), inside(e, line, size, place))
      : e.equal(elementsAt(e, image, line, place, LOWEST), top)
    const now: Value = seen === undefined ? equal : e.binary("Max", seen, equal)
    masks.push(seen === undefined ? equal : e.binary("Sub", now, seen))
    seen = now
  }
  return { line, size, masks }
}

/**
 * Whether there is a window around every element, so that each place of the window is a shift of
 * the image.
 */
function keepsSize({ stride, count }: Line, size: number): boolean {
  return stride === 1 && count === size
}

/** 1 where a place of the window lies in the image, 0 where it lies in its padding. */
function inside(e: Emitter, { axis, before }: Line, size: number, place: number): Value {
  const shape = [1, 1, 1, 1].map((one, i) => (i === axis ? size : one))
  const at = (window: number) => window + place - before
  const values = Array.from({ length: size }, (_, window) => (at(window) >= 0 && at(window) < size ? 1 : 0))
  return values.includes(0)
    ? { name: e.graph.floats(shape, values), shape }
    : { name: e.graph.floats([], [1]), shape: [] }
}

/** The elements at one place of every window of an axis. */
function elementsAt(e: Emitter, image: Value, line: Line, place: number, fill: number) {
  const { axis, stride, before, after, count } = line
  const at = (value: number, other: number) => image.shape.map((_, i) => (i === axis ? value : other))
  const padded = e.pad(image, at(before, 0), at(after, 0), undefined, fill)
  const ends = padded.shape.map((size, i) => (i === axis ? place + stride * (count - 1) + 1 : size))
  return e.slice(padded, at(place, 0), ends, at(stride, 1))
}

/** (image, output gradient) → the gradient at each window's maximum. */
export function maxPoolScatter(e: Emitter, image: Value, gradient: Value, geometry: PoolGeometry): Value {
  const [across, down] = maxima(e, image, geometry)
  return scattered(e, scattered(e, gradient, down), across)
}

function scattered(e: Emitter, gradient: Value, { line, size, masks }: Maxima): Value {
  const { axis, stride, before, count } = line
  const at = (value: number) => gradient.shape.map((_, i) => (i === axis ? value : 0))
  const parts = masks.map((mask, place) => {
    if (keepsSize(line, size)) return e.shift(e.binary("Mul", mask, gradient), axis, place - before)
    const end = size - (place - before + stride * (count - 1) + 1)
    return e.pad(e.binary("Mul", mask, gradient), at(place - before), at(end), at(stride - 1))
  })
  return parts.reduce((sum, part) => e.binary("Add", sum, part))
}

/** (image, values of its shape) → the value at each window's maximum. */
export function maxPoolGather(e: Emitter, image: Value, values: Value, geometry: PoolGeometry): Value {
  const [across, down] = maxima(e, image, geometry)
  return gathered(e, gathered(e, values, across), down)
}

function gathered(e: Emitter, values: Value, { line, size, masks }: Maxima): Value {
  const parts = masks.map((mask, place) => {
    const seen = keepsSize(line, size)
      ? e.shift(values, line.axis, line.before - place)
      : elementsAt(e, values, line, place, 0)
    return e.binary("Mul", mask, seen)
  })
  return parts.reduce((sum, part) => e.binary("Add", sum, part))
}

function places({ kernel, stride, padding }: PoolGeometry, image: Value): ReadonlyArray<number> {
  return [0, 1].map(
    (i) => Math.floor((image.shape[2 + i]! + padding.before[i]! + padding.after[i]! - kernel[i]!) / stride[i]!) + 1
  )
}

/** The mean of each window. */
export function averagePool(e: Emitter, image: Value, geometry: PoolGeometry, countPadding: boolean): Value {
  if (e.target.block === 0) {
    const { kernel, stride, padding } = geometry
    const name = e.graph.operator("AveragePool", [image.name], {
      attributes: {
        kernel_shape: kernel,
        strides: stride,
        pads: [...padding.before, ...padding.after],
        count_include_pad: countPadding ? 1 : 0
      }
    })
    return { name, shape: [...image.shape.slice(0, 2), ...places(geometry, image)] }
  }
  const { filter, shares } = window(
    e,
    image.shape[1]!,
    places(geometry, image),
    image.shape.slice(2),
    geometry,
    countPadding
  )
  const sums = convolution(e, image, filter, depthwise(geometry, image.shape[1]!))
  return shares === undefined ? sums : e.binary("Mul", sums, shares)
}

/** The adjoint of `averagePool`, to height and width `size`. */
export function averagePoolTranspose(
  e: Emitter,
  gradient: Value,
  geometry: PoolGeometry,
  countPadding: boolean,
  size: Pair
): Value {
  const channels = gradient.shape[1]!
  const { filter, shares } = window(e, channels, gradient.shape.slice(2), size, geometry, countPadding)
  const shared = shares === undefined ? gradient : e.binary("Mul", gradient, shares)
  return convolutionImage(e, shared, filter, depthwise(geometry, channels), size)
}

function depthwise({ stride, padding }: PoolGeometry, channels: number): ConvolutionGeometry {
  return { stride, dilation: [1, 1], padding, groups: channels }
}

/**
 * A filter that sums a window, or averages it where all windows have as many elements; else each
 * window's share.
 */
function window(
  e: Emitter,
  channels: number,
  count: ReadonlyArray<number>,
  size: ReadonlyArray<number>,
  { kernel, stride, padding }: PoolGeometry,
  countPadding: boolean
): { readonly filter: Value; readonly shares: Value | undefined } {
  const inside = [0, 1].map((i) =>
    Array.from({ length: count[i]! }, (_, place) => {
      const start = place * stride[i]! - padding.before[i]!
      return Math.min(start + kernel[i]!, size[i]!) - Math.max(start, 0)
    })
  )
  const even = countPadding || inside.every((line, i) => line.every((elements) => elements === kernel[i]))
  const shape = [channels, 1, ...kernel]
  const weight = even ? 1 / (kernel[0] * kernel[1]) : 1
  const filter = { name: e.graph.floats(shape, new Float32Array(channels * kernel[0] * kernel[1]).fill(weight)), shape }
  if (even) return { filter, shares: undefined }
  const [rows, columns] = inside as [Array<number>, Array<number>]
  const shares = rows.flatMap((height) => columns.map((width) => 1 / (height * width)))
  const sharesShape = [1, 1, rows.length, columns.length]
  return { filter, shares: { name: e.graph.floats(sharesShape, shares), shape: sharesShape } }
}
