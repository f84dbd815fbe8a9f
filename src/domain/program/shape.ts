import type { ConvolutionGeometry, Operation, Pair, PoolGeometry, Shape } from "./operation.ts"
import { elementCount, sameShape } from "./program.ts"

/** A shape, or the sentence that says why there is none. */
type Inferred = Shape | string

/** Number of operands of an operation; `Concatenate` takes any positive number. */
export function arity(operation: Operation): number | undefined {
  switch (operation._tag) {
    case "Input":
    case "Constant":
      return 0
    case "Concatenate":
      return undefined
    case "Binary":
    case "MatMul":
    case "Convolution":
    case "ConvolutionImage":
    case "ConvolutionFilter":
    case "MaxPoolScatter":
    case "MaxPoolGather":
      return 2
    default:
      return 1
  }
}

/**
 * The shape that an operation gives its operands of these shapes. `Input` and `Constant` bring
 * their own.
 */
export function inferShape(operation: Operation, shapes: ReadonlyArray<Shape>): Inferred {
  const [first = [], second = []] = shapes
  switch (operation._tag) {
    case "Input":
    case "Constant":
      return "it brings its own shape"
    case "Unary":
    case "Detach":
      return first
    case "Binary":
      return sameShape(first, second) ? first : `the operands have the shapes ${text(first)} and ${text(second)}`
    case "Broadcast":
      return broadcast(first, operation.shape)
    case "Sum":
    case "Max":
      return reduced(first, operation.axes)
    case "Reshape":
      return elementCount(first) === elementCount(operation.shape)
        ? operation.shape
        : `${text(first)} has another number of elements than ${text(operation.shape)}`
    case "Transpose":
      return transposed(first, operation.permutation)
    case "Slice":
      return sliced(first, operation)
    case "Pad":
      return padded(first, operation)
    case "Concatenate":
      return concatenated(shapes, operation.axis)
    case "MatMul":
      return multiplied(first, second)
    case "Convolution":
      return convolved(operation, first, second)
    case "ConvolutionImage":
      return convolvedImage(operation, first, second)
    case "ConvolutionFilter":
      return convolvedFilter(operation, first, second)
    case "MaxPool":
    case "AveragePool":
      return pooled(operation, first)
    case "MaxPoolScatter":
      return matches(pooled(operation, first), second, first)
    case "MaxPoolGather":
      return sameShape(first, second)
        ? pooled(operation, first)
        : `the image is ${text(first)}, the values ${text(second)}`
    case "AveragePoolTranspose": {
      if (first.length !== 4) return `${text(first)} is no image`
      const image = [first[0]!, first[1]!, ...operation.size]
      return matches(pooled(operation, image), first, image)
    }
  }
}

function text(shape: Shape): string {
  return `[${shape.join(", ")}]`
}

function matches(expected: Inferred, actual: Shape, result: Shape): Inferred {
  if (typeof expected === "string") return expected
  return sameShape(expected, actual) ? result : `an operand is ${text(actual)} instead of ${text(expected)}`
}

function broadcast(from: Shape, to: Shape): Inferred {
  const fits = from.length === to.length && from.every((size, axis) => size === to[axis] || size === 1)
  return fits ? to : `${text(from)} cannot be repeated to ${text(to)}`
}

function reduced(shape: Shape, axes: ReadonlyArray<number>): Inferred {
  const wrong = axes.find((axis) => axis < 0 || axis >= shape.length)
  return wrong === undefined
    ? shape.map((size, axis) => (axes.includes(axis) ? 1 : size))
    : `${text(shape)} has no axis ${wrong}`
}

function multiplied(first: Shape, second: Shape): Inferred {
  const fits =
    first.length >= 2 &&
    first.length === second.length &&
    first.at(-1) === second.at(-2) &&
    sameShape(first.slice(0, -2), second.slice(0, -2))
  return fits
    ? [...first.slice(0, -1), second.at(-1)!]
    : `the matrices have the shapes ${text(first)} and ${text(second)}`
}

function transposed(shape: Shape, permutation: ReadonlyArray<number>): Inferred {
  const valid = permutation.length === shape.length && shape.every((_, axis) => permutation.includes(axis))
  return valid
    ? permutation.map((axis) => shape[axis]!)
    : `[${permutation.join(", ")}] is no permutation of ${text(shape)}'s axes`
}

function sliced(shape: Shape, { starts, ends, steps }: Extract<Operation, { _tag: "Slice" }>): Inferred {
  const valid =
    starts.length === shape.length &&
    ends.length === shape.length &&
    steps.length === shape.length &&
    shape.every((size, i) => starts[i]! >= 0 && starts[i]! < ends[i]! && ends[i]! <= size && steps[i]! >= 1)
  if (!valid)
    return `[${starts.join(", ")}] to [${ends.join(", ")}] by [${steps.join(", ")}] does not lie in ${text(shape)}`
  return shape.map((_, i) => Math.ceil((ends[i]! - starts[i]!) / steps[i]!))
}

function padded(shape: Shape, { before, after, between }: Extract<Operation, { _tag: "Pad" }>): Inferred {
  const counts = [before, after, between]
  if (counts.some((list) => list.length !== shape.length || list.some((count) => count < 0)))
    return `the padding does not fit ${text(shape)}`
  return shape.map((size, i) => before[i]! + size + (size - 1) * between[i]! + after[i]!)
}

function concatenated(shapes: ReadonlyArray<Shape>, axis: number): Inferred {
  const [first] = shapes
  if (first === undefined) return "it has no operands"
  if (axis < 0 || axis >= first.length) return `${text(first)} has no axis ${axis}`
  const odd = shapes.find(
    (shape) => shape.length !== first.length || shape.some((size, i) => i !== axis && size !== first[i])
  )
  if (odd !== undefined) return `${text(first)} and ${text(odd)} differ beside axis ${axis}`
  return first.map((size, i) => (i === axis ? shapes.reduce((sum, shape) => sum + shape[axis]!, 0) : size))
}

/** Positions of a window along one axis. */
function positions(size: number, before: number, after: number, kernel: number, stride: number, dilation = 1): number {
  return Math.floor((size + before + after - (dilation * (kernel - 1) + 1)) / stride) + 1
}

function convolved(geometry: ConvolutionGeometry, image: Shape, filter: Shape): Inferred {
  if (image.length !== 4 || filter.length !== 4)
    return `an image ${text(image)} and a filter ${text(filter)} need 4 axes each`
  const { stride, dilation, padding, groups } = geometry
  if (image[1] !== filter[1]! * groups || filter[0]! % groups !== 0)
    return `the filter ${text(filter)} in ${groups} groups does not fit the image ${text(image)}`
  const size = [0, 1].map((i) =>
    positions(image[2 + i]!, padding.before[i]!, padding.after[i]!, filter[2 + i]!, stride[i]!, dilation[i]!)
  )
  return size.every((count) => count >= 1)
    ? [image[0]!, filter[0]!, ...size]
    : `the filter ${text(filter)} is larger than the image ${text(image)}`
}

function convolvedImage(
  operation: { readonly size: Pair } & ConvolutionGeometry,
  gradient: Shape,
  filter: Shape
): Inferred {
  if (gradient.length !== 4 || filter.length !== 4)
    return `a gradient ${text(gradient)} and a filter ${text(filter)} need 4 axes each`
  const image = [gradient[0]!, filter[1]! * operation.groups, ...operation.size]
  return matches(convolved(operation, image, filter), gradient, image)
}

function convolvedFilter(
  operation: { readonly kernel: Pair } & ConvolutionGeometry,
  image: Shape,
  gradient: Shape
): Inferred {
  if (gradient.length !== 4 || image.length !== 4)
    return `an image ${text(image)} and a gradient ${text(gradient)} need 4 axes each`
  const filter = [gradient[1]!, image[1]! / operation.groups, ...operation.kernel]
  return matches(convolved(operation, image, filter), gradient, filter)
}

function pooled({ kernel, stride, padding }: PoolGeometry, image: Shape): Inferred {
  if (image.length !== 4) return `${text(image)} is no image`
  const tooMuch = [0, 1].some((i) => padding.before[i]! >= kernel[i]! || padding.after[i]! >= kernel[i]!)
  if (tooMuch) return "a window would hold nothing but padding"
  const size = [0, 1].map((i) =>
    positions(image[2 + i]!, padding.before[i]!, padding.after[i]!, kernel[i]!, stride[i]!)
  )
  return size.every((count) => count >= 1)
    ? [image[0]!, image[1]!, ...size]
    : `the window is larger than the image ${text(image)}`
}
