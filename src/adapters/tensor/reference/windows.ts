import type { ConvolutionGeometry, PoolGeometry, Shape } from "../../../domain/program/operation.ts"
import type { TensorData } from "../../../effects/ports/tensor_backend.ts"

/** A tensor of the reference backend. */
export interface Tensor {
  readonly shape: Shape
  readonly data: TensorData
}

/**
 * The three kernels of a convolution, told apart by which of the tensors is written. For every
 * output element and every tap of the filter inside the image: forward adds image · filter to the
 * output, the others its two derivatives.
 */
export function convolve(
  { stride, dilation, padding, groups }: ConvolutionGeometry,
  image: Tensor,
  filter: Tensor,
  output: Tensor,
  write: "output" | "image" | "filter"
): void {
  const [batch, channels, height, width] = image.shape as readonly [number, number, number, number]
  const [filters, depth, rows, columns] = filter.shape as readonly [number, number, number, number]
  const [, , outHeight, outWidth] = output.shape as readonly [number, number, number, number]
  const [x, w, y] = [image.data, filter.data, output.data]
  const perGroup = filters / groups
  for (let n = 0; n < batch; n++) {
    for (let o = 0; o < filters; o++) {
      const firstChannel = Math.floor(o / perGroup) * depth
      for (let c = 0; c < depth; c++) {
        const plane = (n * channels + firstChannel + c) * height * width
        for (let i = 0; i < outHeight; i++) {
          for (let r = 0; r < rows; r++) {
            const row = i * stride[0] - padding.before[0] + r * dilation[0]
            if (row < 0 || row >= height) continue
            const tapRow = ((o * depth + c) * rows + r) * columns
            const outRow = ((n * filters + o) * outHeight + i) * outWidth
            for (let j = 0; j < outWidth; j++) {
              const first = j * stride[1] - padding.before[1]
              for (let s = 0; s < columns; s++) {
                const column = first + s * dilation[1]
                if (column < 0 || column >= width) continue
                const at = plane + row * width + column
                if (write === "output") y[outRow + j]! += x[at]! * w[tapRow + s]!
                else if (write === "image") x[at]! += y[outRow + j]! * w[tapRow + s]!
                else w[tapRow + s]! += y[outRow + j]! * x[at]!
              }
            }
          }
        }
      }
    }
  }
}

/**
 * Visit every pooling window: the place of its result, and the places of its image elements inside
 * the image.
 */
export function forEachWindow(
  { kernel, stride, padding }: PoolGeometry,
  image: Shape,
  output: Shape,
  visit: (out: number, places: ReadonlyArray<number>) => void
): void {
  const [batch, channels, height, width] = image as readonly [number, number, number, number]
  const [, , outHeight, outWidth] = output as readonly [number, number, number, number]
  for (let plane = 0; plane < batch * channels; plane++) {
    for (let i = 0; i < outHeight; i++) {
      for (let j = 0; j < outWidth; j++) {
        const places: Array<number> = []
        for (let r = 0; r < kernel[0]; r++) {
          const row = i * stride[0] - padding.before[0] + r
          if (row < 0 || row >= height) continue
          for (let s = 0; s < kernel[1]; s++) {
            const column = j * stride[1] - padding.before[1] + s
            if (column >= 0 && column < width) places.push((plane * height + row) * width + column)
          }
        }
        visit((plane * outHeight + i) * outWidth + j, places)
      }
    }
  }
}

/** The place of the largest element, the first of equals. */
export function largestPlace(data: TensorData, places: ReadonlyArray<number>): number {
  let best = places[0]!
  for (const place of places) if (data[place]! > data[best]!) best = place
  return best
}
