import type { NodeId } from "../program/node.ts"
import { DARTS_LAYERS, type OperationLayer, type OperationOptions } from "./darts_operations.ts"
import { type Network, reluConvBn, type Staged } from "./layers.ts"

/**
 * The operations that networks of a cell space can be built of: those of DARTS's family, of
 * NAS-Bench-201 and of S4.
 */
export const CELL_LAYERS: ReadonlyMap<string, OperationLayer> = new Map<string, OperationLayer>([
  ...DARTS_LAYERS,
  ["nor_conv_1x1", (net, name, x, options) => full(net, name, x, 1, options)],
  ["nor_conv_3x3", (net, name, x, options) => full(net, name, x, 3, options)],
  ["noise", noise]
])

/** An operation by its name. Throws `ProgramError` where there is no such layer. */
export function cellOperation(
  net: Network,
  place: string,
  operation: string,
  x: NodeId,
  options: OperationOptions
): Staged<NodeId | undefined> {
  const layer = CELL_LAYERS.get(operation)
  if (layer === undefined) throw net.b.fault(place, `there is no layer for the operation "${operation}"`)
  return layer(net, place, x, options)
}

function full(net: Network, name: string, x: NodeId, kernel: number, options: OperationOptions): Staged {
  const { stride, affine, bias } = options
  return reluConvBn(net, name, x, net.b.shape(x)[1]!, { kernel, stride, affine, bias })
}

/**
 * Noise instead of the image: the input `noise/<name>`, standard normal numbers of the output's
 * shape. Source: Zela et al. 2020 (arXiv 1909.09656).
 */
function* noise(net: Network, name: string, x: NodeId, { stride }: OperationOptions): Staged {
  const [batch, channels, height, width] = net.b.shape(x) as readonly [number, number, number, number]
  return net.b.input({ role: "noise", name }, [batch, channels, Math.ceil(height / stride), Math.ceil(width / stride)])
}
