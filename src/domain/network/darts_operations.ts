import type { NodeId } from "../program/node.ts"
import { convolution, factorizedReduce, type Network, normalized, pool3, relu, type Staged } from "./layers.ts"

/** What an operation of the DARTS family is built with. */
export interface OperationOptions {
  readonly stride: 1 | 2
  /** Whether normalizations have a scale and a shift. */
  readonly affine: boolean
  /**
   * Whether a pool is followed by a normalization, as in the search network; the pool is then
   * member 0 of a sequence.
   */
  readonly normalizePools: boolean
  /** Whether full convolutions have a bias, as those of NAS-Bench-201's search network. */
  readonly bias: boolean
}

/**
 * Adds an operation to a network, its parameters named below `name`; `undefined` adds nothing to a
 * sum, like `none`.
 */
export type OperationLayer = (
  net: Network,
  name: string,
  x: NodeId,
  options: OperationOptions
) => Staged<NodeId | undefined>

/** The operations of DARTS's published genotypes, NASNet's and AmoebaNet's among them. */
export const DARTS_LAYERS: ReadonlyMap<string, OperationLayer> = new Map<string, OperationLayer>([
  ["none", nothing],
  ["max_pool_3x3", (net, name, x, options) => pooling(net, name, "max", x, options)],
  ["avg_pool_3x3", (net, name, x, options) => pooling(net, name, "average", x, options)],
  ["skip_connect", skip],
  ["sep_conv_3x3", (net, name, x, options) => separable(net, name, x, 3, options)],
  ["sep_conv_5x5", (net, name, x, options) => separable(net, name, x, 5, options)],
  ["sep_conv_7x7", (net, name, x, options) => separable(net, name, x, 7, options)],
  ["dil_conv_3x3", (net, name, x, options) => dilated(net, name, x, 3, options)],
  ["dil_conv_5x5", (net, name, x, options) => dilated(net, name, x, 5, options)],
  ["conv_7x1_1x7", factorized7]
])

function* nothing(): Staged<undefined> {
  return undefined
}

function* skip(net: Network, name: string, x: NodeId, { stride, affine }: OperationOptions): Staged {
  return stride === 1 ? x : yield* factorizedReduce(net, name, x, net.b.shape(x)[1]!, affine)
}

function* pooling(net: Network, name: string, kind: "max" | "average", x: NodeId, options: OperationOptions): Staged {
  const y = pool3(net, kind, x, options.stride)
  return options.normalizePools ? yield* normalized(`${name}.1`, y, options.affine) : y
}

function* separable(
  net: Network,
  name: string,
  x: NodeId,
  kernel: number,
  { stride, affine }: OperationOptions
): Staged {
  const channels = net.b.shape(x)[1]!
  function* half(from: number, y: NodeId, step: number): Staged {
    const depthwise = convolution(net, `${name}.op.${from + 1}`, relu(net, y), channels, {
      kernel,
      stride: step,
      groups: channels
    })
    const pointwise = convolution(net, `${name}.op.${from + 2}`, depthwise, channels, { kernel: 1 })
    return yield* normalized(`${name}.op.${from + 3}`, pointwise, affine)
  }
  return yield* half(4, yield* half(0, x, stride), 1)
}

function* dilated(net: Network, name: string, x: NodeId, kernel: number, { stride, affine }: OperationOptions): Staged {
  const channels = net.b.shape(x)[1]!
  const options = { kernel, stride, dilation: 2, groups: channels }
  const depthwise = convolution(net, `${name}.op.1`, relu(net, x), channels, options)
  const pointwise = convolution(net, `${name}.op.2`, depthwise, channels, { kernel: 1 })
  return yield* normalized(`${name}.op.3`, pointwise, affine)
}

function* factorized7(net: Network, name: string, x: NodeId, { stride, affine }: OperationOptions): Staged {
  const channels = net.b.shape(x)[1]!
  const wide = convolution(net, `${name}.1`, relu(net, x), channels, { kernel: [1, 7], stride: [1, stride] })
  const high = convolution(net, `${name}.2`, wide, channels, { kernel: [7, 1], stride: [stride, 1] })
  return yield* normalized(`${name}.3`, high, affine)
}
