/**
 * Sizes of a tensor, outermost first. A scalar has none. Images are [batch, channels, height,
 * width].
 */
export type Shape = ReadonlyArray<number>

/** A pair of sizes: vertical, horizontal. */
export type Pair = readonly [number, number]

/** Zeros around an image: before and after, vertical and horizontal. */
export interface Padding {
  readonly before: Pair
  readonly after: Pair
}

/** The geometry of a convolution. */
export interface ConvolutionGeometry {
  readonly stride: Pair
  readonly dilation: Pair
  readonly padding: Padding
  readonly groups: number
}

/** The geometry of a pooling window. */
export interface PoolGeometry {
  readonly kernel: Pair
  readonly stride: Pair
  readonly padding: Padding
}

/**
 * Functions of one element. `step` is 1 where the element is positive, else 0: the derivative of
 * `relu`.
 */
const UNARY_KINDS = ["negate", "exp", "log", "sqrt", "relu", "step"] as const

/** One of `UNARY_KINDS`. */
export type UnaryKind = (typeof UNARY_KINDS)[number]

/** Functions of two elements of equally shaped tensors. */
const BINARY_KINDS = ["add", "subtract", "multiply", "divide"] as const

/** One of `BINARY_KINDS`. */
export type BinaryKind = (typeof BINARY_KINDS)[number]

/**
 * What a node does with its operands. The set is closed under differentiation but for `Max`, which
 * `Detach` must hide.
 *
 * - `Input`: a named tensor from outside. `Constant`: every element is `value`.
 * - `Broadcast`: axes of size 1 are repeated up to `shape`, which has the same rank. `Sum`, `Max`:
 *   along `axes`, which stay with size 1.
 * - `Slice`: per axis the elements start, start + step, … below end. `Pad`: zeros before, after and
 *   between the elements of each axis.
 * - `MatMul`: matrices [..., m, k] × [..., k, n] → [..., m, n], one product per place of the
 *   leading axes, which are equal.
 * - `Convolution`: (image [N, C, H, W], filter [O, C / groups, h, w]) → [N, O, H', W'].
 *   `ConvolutionImage`: (output gradient, filter) → image gradient of height and width `size`.
 *   `ConvolutionFilter`: (image, output gradient) → filter gradient with the window `kernel`. Each
 *   is bilinear, and their derivatives are each other.
 * - `MaxPool`; `MaxPoolScatter`: (image, output gradient) → the gradient at the maximum of each
 *   window, the first of equals; `MaxPoolGather`: (image, values of its shape) → the value at the
 *   maximum of each window. Padding never wins.
 * - `AveragePool`: linear; `countPadding` says whether padding counts in the mean.
 *   `AveragePoolTranspose`: its adjoint, to height and width `size`.
 */
export type Operation =
  | { readonly _tag: "Input"; readonly name: string }
  | { readonly _tag: "Constant"; readonly value: number }
  | { readonly _tag: "Unary"; readonly kind: UnaryKind }
  | { readonly _tag: "Binary"; readonly kind: BinaryKind }
  | { readonly _tag: "Detach" }
  | { readonly _tag: "Broadcast"; readonly shape: Shape }
  | { readonly _tag: "Sum"; readonly axes: ReadonlyArray<number> }
  | { readonly _tag: "Max"; readonly axes: ReadonlyArray<number> }
  | { readonly _tag: "Reshape"; readonly shape: Shape }
  | { readonly _tag: "Transpose"; readonly permutation: ReadonlyArray<number> }
  | {
      readonly _tag: "Slice"
      readonly starts: ReadonlyArray<number>
      readonly ends: ReadonlyArray<number>
      readonly steps: ReadonlyArray<number>
    }
  | {
      readonly _tag: "Pad"
      readonly before: ReadonlyArray<number>
      readonly after: ReadonlyArray<number>
      readonly between: ReadonlyArray<number>
    }
  | { readonly _tag: "Concatenate"; readonly axis: number }
  | { readonly _tag: "MatMul" }
  | ({ readonly _tag: "Convolution" } & ConvolutionGeometry)
  | ({ readonly _tag: "ConvolutionImage"; readonly size: Pair } & ConvolutionGeometry)
  | ({ readonly _tag: "ConvolutionFilter"; readonly kernel: Pair } & ConvolutionGeometry)
  | ({ readonly _tag: "MaxPool" } & PoolGeometry)
  | ({ readonly _tag: "MaxPoolScatter" } & PoolGeometry)
  | ({ readonly _tag: "MaxPoolGather" } & PoolGeometry)
  | ({ readonly _tag: "AveragePool"; readonly countPadding: boolean } & PoolGeometry)
  | ({ readonly _tag: "AveragePoolTranspose"; readonly countPadding: boolean; readonly size: Pair } & PoolGeometry)
