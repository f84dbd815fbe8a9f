import type { Tensor } from "@tensorflow/tfjs-core"
import type { Operation, Pair, PoolGeometry } from "../../../domain/program/operation.ts"
import { crop, type Fitted, fitted, full, type ImageShape } from "./geometry.ts"
import type { Kernels } from "./kernels.ts"
import { capabilities } from "./runtimes.ts"

/** The pooling operations. */
type Pooling = Extract<
  Operation,
  { _tag: "MaxPool" | "MaxPoolScatter" | "MaxPoolGather" | "AveragePool" | "AveragePoolTranspose" }
>

function fit(k: Kernels, geometry: PoolGeometry, image: ImageShape): Fitted {
  return fitted(geometry, geometry.kernel, image, capabilities(k.runtime).padding)
}

function attributes({ kernel, stride }: PoolGeometry, { pad }: Fitted) {
  return { filterSize: [...kernel], strides: [...stride], pad }
}

/** A pooling operation of images [N, H, W, C]. */
export function pooling(k: Kernels, operation: Pooling, x: Tensor, other: Tensor | undefined): Tensor {
  const image = x.shape as ImageShape
  switch (operation._tag) {
    case "MaxPool": {
      const place = fit(k, operation, image)
      return k.run("MaxPool", { x: k.pad(x, place.around, Number.NEGATIVE_INFINITY) }, attributes(operation, place))
    }
    case "MaxPoolScatter":
      return scatter(k, operation, x, other!)
    case "MaxPoolGather":
      return gather(k, operation, x, other!)
    case "AveragePool": {
      const { countPadding } = operation
      if (!countPadding && capabilities(k.runtime).padding) {
        return k.run("AvgPool", { x }, attributes(operation, fit(k, operation, image)))
      }
      const mean = k.run(
        "AvgPool",
        { x: k.pad(x, around(operation)) },
        attributes(operation, { ...UNPADDED, shape: image })
      )
      return countPadding ? mean : weighted(k, operation, [image[1], image[2]], mean)
    }
    case "AveragePoolTranspose": {
      const shape: ImageShape = [image[0], ...operation.size, image[3]]
      const dy = operation.countPadding ? x : weighted(k, operation, operation.size, x)
      const { before, after } = operation.padding
      const place = capabilities(k.runtime).padding
        ? fit(k, operation, shape)
        : {
            ...UNPADDED,
            before,
            shape: [shape[0], shape[1] + before[0] + after[0], shape[2] + before[1] + after[1], shape[3]] as const
          }
      const input = k.fill(place.shape, 0)
      return crop(k, k.run("AvgPoolGrad", { dy, input }, attributes(operation, place)), place.before, shape)
    }
  }
}

/** The gradient at the first maximum of each window. */
function scatter(k: Kernels, geometry: PoolGeometry, x: Tensor, gradient: Tensor): Tensor {
  if (k.runtime === "tfjs-wasm") return scatterBackwards(k, geometry, x, gradient)
  const place = fit(k, geometry, x.shape as ImageShape)
  const parameters = attributes(geometry, place)
  const input = k.pad(x, place.around, Number.NEGATIVE_INFINITY)
  const output = k.runtime === "tfjs-cpu" ? gradient : k.run("MaxPool", { x: input }, parameters)
  const wide = k.run("MaxPoolGrad", { dy: gradient, input, output }, parameters)
  return crop(k, wide, place.before, x.shape as ImageShape)
}

/**
 * WebAssembly's kernel takes the last of equal maxima, so it is given the image backwards, cut to
 * what the windows reach. It overlooks maxima that are not positive: windows that have one are done
 * apart, on −1 / x, whose order is the same but for neighbors that rounding makes equal.
 */
function scatterBackwards(k: Kernels, geometry: PoolGeometry, x: Tensor, gradient: Tensor): Tensor {
  const { kernel, stride, padding } = geometry
  const after = ([0, 1] as const).map(
    (i) => (gradient.shape[i + 1]! - 1) * stride[i] + kernel[i] - x.shape[i + 1]! - padding.before[i]
  ) as [number, number]
  const ends = (sizes: ReadonlyArray<number>) => [none, ...sizes.map((size) => ({ ...none, after: size })), none]
  const backwards = (tensor: Tensor) => k.run("Reverse", { x: tensor }, { dims: [1, 2] })
  const image = backwards(k.pad(x, ends(after.map((size) => Math.min(0, size)))))
  const dy = backwards(gradient)
  const sides = { before: [Math.max(0, after[0]), Math.max(0, after[1])], after: padding.before } as const
  const parameters = { filterSize: [...kernel], strides: [...stride], pad: full(sides) }
  const maxima = k.run("MaxPool", { x: image }, parameters)
  const grad = (input: Tensor, part: Tensor) => k.run("MaxPoolGrad", { dy: part, input, output: maxima }, parameters)
  const condition = k.run("Greater", { a: maxima, b: k.fill([], 0) })
  const zeros = k.run("ZerosLike", { x: dy })
  const positive = k.run("Select", { condition, t: dy, e: zeros })
  const others = k.run("Select", { condition, t: zeros, e: dy })
  const above = k.run("RealDiv", { a: k.fill([], 1), b: k.run("Sub", { a: k.fill([], SMALLEST), b: image }) })
  const both = k.run("Add", { a: grad(image, positive), b: grad(above, others) })
  return k.pad(backwards(both), ends(after.map((size) => Math.max(0, -size))))
}

/** Keeps the reciprocal of 0 finite. */
const SMALLEST = 1e-30

const none = { before: 0, after: 0, between: 0 } as const

const UNPADDED = { pad: "valid", around: [], before: [0, 0] } as const

function around({ padding: { before, after } }: PoolGeometry) {
  const axes = ([0, 1] as const).map((i) => ({ before: before[i], after: after[i], between: 0 }))
  return [none, ...axes, none]
}

/**
 * Elements of a window times window size by the number of elements inside the image: means that
 * leave padding out.
 */
function weighted(k: Kernels, { kernel, stride, padding }: PoolGeometry, size: Pair, x: Tensor): Tensor {
  if ([...padding.before, ...padding.after].every((count) => count === 0)) return x
  const factors = ([0, 1] as const).map((i) =>
    Array.from({ length: x.shape[i + 1]! }, (_, at) => {
      const start = at * stride[i] - padding.before[i]
      return kernel[i] / (Math.min(start + kernel[i], size[i]) - Math.max(start, 0))
    })
  ) as [Array<number>, Array<number>]
  const weights = factors[0].flatMap((row) => factors[1].map((column) => row * column))
  return k.multiply(x, k.core.tensor4d(weights, [1, x.shape[1]!, x.shape[2]!, 1]))
}

/**
 * The value at the first maximum of each window: one tap after the other takes over where its
 * element is larger.
 */
function gather(k: Kernels, geometry: PoolGeometry, x: Tensor, values: Tensor): Tensor {
  const { kernel, stride, padding } = geometry
  const [batch, height, width, channels] = x.shape as ImageShape
  const sizes = {
    height: height + padding.before[0] + padding.after[0],
    width: width + padding.before[1] + padding.after[1]
  }
  const rows = Math.floor((sizes.height - kernel[0]) / stride[0]) + 1
  const columns = Math.floor((sizes.width - kernel[1]) / stride[1]) + 1
  const image = k.pad(x, around(geometry), Number.NEGATIVE_INFINITY)
  const padded = k.pad(values, around(geometry))
  const tap = (from: Tensor, row: number, column: number) =>
    k.slice(
      from,
      [0, row, column, 0],
      [batch, row + (rows - 1) * stride[0] + 1, column + (columns - 1) * stride[1] + 1, channels],
      [1, ...stride, 1]
    )
  let [largest, chosen] = [tap(image, 0, 0), tap(padded, 0, 0)]
  for (let at = 1; at < kernel[0] * kernel[1]; at++) {
    const [row, column] = [Math.floor(at / kernel[1]), at % kernel[1]]
    const candidate = tap(image, row, column)
    const condition = k.run("Greater", { a: candidate, b: largest })
    chosen = k.run("Select", { condition, t: tap(padded, row, column), e: chosen })
    largest = k.run("Maximum", { a: candidate, b: largest })
  }
  return chosen
}
