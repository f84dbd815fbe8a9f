import { square } from "../program/builder.ts"
import type { NodeId } from "../program/node.ts"
import type { Shape } from "../program/operation.ts"
import {
  alone,
  batchNorm,
  convolution,
  factorizedReduce,
  globalPool,
  linear,
  type Network,
  relu,
  reluConvBn
} from "./layers.ts"

/** Sizes of a DARTS network. */
export interface DartsSizes {
  /** Channels of the first cell. */
  readonly channels: number
  /** Number of cells; those at ⌊n/3⌋ and ⌊2n/3⌋ halve the image and double the channels. */
  readonly cells: number
  readonly classes: number
}

/** Sizes of a NAS-Bench-201 network. */
export interface NasBench201Sizes {
  /** Channels of the first stage: 16 in the benchmark. */
  readonly channels: number
  /** Cells per stage: 5 in the benchmark. */
  readonly cellsPerStage: number
  readonly classes: number
}

/**
 * How DARTS's networks begin: a convolution for small images, or three of stride 2, which divide
 * the size by 8.
 */
export type Stem = "cifar" | "imagenet"

/** The logits of an evaluation network, and those of its auxiliary head, where it has one. */
export interface EvaluationLogits {
  readonly logits: NodeId
  readonly auxiliary: NodeId | undefined
}

/** Which of a space's cells stands at a place. */
export interface CellTurn {
  /** Whether the cell halves the image. */
  readonly reduction: boolean
  /** How many such cells stand before it. */
  readonly turn: number
}

/** The place of a cell: the name of its parameters, and its inputs, all of one shape. */
export interface CellPlace extends CellTurn {
  readonly name: string
  readonly inputs: ReadonlyArray<NodeId>
}

/** What a skeleton is filled with. */
export interface Filling {
  /**
   * Number of a cell's inputs: the outputs of as many cells before it, the last one last; where
   * there are fewer, the first one again.
   */
  readonly inputs: (turn: CellTurn) => number
  /** Whether the normalizations before the cells have a scale and a shift. */
  readonly affine: boolean
  readonly cell: (place: CellPlace) => NodeId
}

/** Whether a cell of DARTS's skeleton halves the image. */
export function isReduction(cell: number, cells: number): boolean {
  return cell === Math.floor(cells / 3) || cell === Math.floor((2 * cells) / 3)
}

/**
 * How often the cells of DARTS's skeleton halve the image: twice, but once where there is one cell.
 */
export function dartsHalvings(cells: number): number {
  return Array.from({ length: cells }, (_, cell) => isReduction(cell, cells)).filter(Boolean).length
}

/** The last states, oldest first. */
function lastStates(states: ReadonlyArray<NodeId>, count: number): ReadonlyArray<NodeId> {
  return Array.from({ length: count }, (_, i) => states[Math.max(0, states.length - count + i)]!)
}

/**
 * Why an image [batch, channels, height, width] cannot be halved that often, if it cannot. An odd
 * side is rounded up.
 */
export function imageFault(image: Shape, halvings: number): string | undefined {
  const [, , height, width] = image as readonly [number, number, number, number]
  const least = 2 ** halvings
  if (height >= least && width >= least) return undefined
  return `an image of ${height}×${width} is too small to be halved ${halvings} times: it needs at least ${least}×${least}`
}

/**
 * Why normalization by the statistics of a batch [images, channels, height, width] would see one
 * value a channel in the last cells, which leaves nothing to learn, if it would. `halvings`: how
 * often the network halves an image.
 */
export function statisticsFault([images, , height, width]: Shape, halvings: number): string | undefined {
  const side = (length: number) => Math.ceil(length / 2 ** halvings)
  if (images! * side(height!) * side(width!) > 1) return undefined
  return `the last cells see 1×1 pixels of images of ${height}×${width}, and a batch has one image: normalization by a single value leaves nothing to learn`
}

/**
 * Bring a state to a cell's channels and size: ReLU, 1×1 convolution, normalization, or a
 * factorized reduction for each halving.
 */
function adapted(net: Network, name: string, x: NodeId, channels: number, height: number, affine: boolean): NodeId {
  let y = x
  for (let step = 0; net.b.shape(y)[2]! > height; step++)
    y = alone(net, factorizedReduce(net, step === 0 ? name : `${name}.${step}`, y, channels, affine))
  return y === x ? alone(net, reluConvBn(net, name, x, channels, { kernel: 1, affine })) : y
}

function classify(net: Network, features: NodeId, classes: number): NodeId {
  return linear(net, "classifier", globalPool(net, features), classes)
}

/**
 * DARTS's skeleton: stem, cells, pooling, classifier. Each input of a cell is brought to the cell's
 * channels first, `preprocess0` and so on. The auxiliary head stands after cell ⌊2n/3⌋.
 *
 * Source: Liu, Simonyan, Yang 2019 (arXiv 1806.09055).
 */
export function dartsSkeleton(
  net: Network,
  image: NodeId,
  sizes: DartsSizes & { readonly stem: Stem; readonly auxiliary: boolean },
  { inputs, affine, cell }: Filling
): EvaluationLogits {
  const [before, last] = sizes.stem === "cifar" ? cifarStem(net, image, sizes) : imagenetStem(net, image, sizes)
  const fault = imageFault(net.b.shape(last), dartsHalvings(sizes.cells))
  if (fault !== undefined) throw net.b.fault("the cells", `behind the stem, ${fault}`)
  const states = [before, last]
  const turns = { true: 0, false: 0 }
  let channels = sizes.channels
  let auxiliary: NodeId | undefined
  for (let position = 0; position < sizes.cells; position++) {
    const reduction = isReduction(position, sizes.cells)
    if (reduction) channels *= 2
    const name = `cells.${position}`
    const height = net.b.shape(states.at(-1)!)[2]!
    const at = { reduction, turn: turns[`${reduction}`]++ }
    const ready = lastStates(states, inputs(at)).map((x, i) =>
      adapted(net, `${name}.preprocess${i}`, x, channels, height, affine)
    )
    states.push(cell({ name, inputs: ready, ...at }))
    if (sizes.auxiliary && position === Math.floor((2 * sizes.cells) / 3))
      auxiliary = auxiliaryHead(net, states.at(-1)!, sizes)
  }
  return { logits: classify(net, states.at(-1)!, sizes.classes), auxiliary }
}

function cifarStem(net: Network, image: NodeId, { channels }: DartsSizes): readonly [NodeId, NodeId] {
  const stem = batchNorm(net, "stem.1", convolution(net, "stem.0", image, 3 * channels, { kernel: 3 }))
  return [stem, stem]
}

function imagenetStem(net: Network, image: NodeId, { channels }: DartsSizes): readonly [NodeId, NodeId] {
  const half = (name: string, norm: string, x: NodeId, out: number) =>
    batchNorm(net, norm, convolution(net, name, x, out, { kernel: 3, stride: 2 }))
  const first = half("stem0.0", "stem0.1", image, Math.floor(channels / 2))
  const second = half("stem0.3", "stem0.4", relu(net, first), channels)
  return [second, half("stem1.1", "stem1.2", relu(net, second), channels)]
}

/**
 * Average pooling, two convolutions, a classifier; its features shrink an image of 8×8 (CIFAR) or
 * 7×7 (ImageNet) to one pixel.
 */
function auxiliaryHead(
  net: Network,
  x: NodeId,
  { stem, classes }: { readonly stem: Stem; readonly classes: number }
): NodeId {
  const stride = stem === "cifar" ? 3 : 2
  const [, , height, width] = net.b.shape(x) as readonly [number, number, number, number]
  const least = 5 + stride
  if (height < least || width < least)
    throw net.b.fault(
      "auxiliary_head",
      `it needs features of at least ${least}×${least} and has ${height}×${width}; take larger images or leave it out`
    )
  const pooled = net.b.averagePool(
    relu(net, x),
    { kernel: [5, 5], stride: [stride, stride], padding: square(0) },
    false
  )
  const name = "auxiliary_head.features"
  const narrow = relu(net, batchNorm(net, `${name}.3`, convolution(net, `${name}.2`, pooled, 128, { kernel: 1 })))
  const wide = convolution(net, `${name}.5`, narrow, 768, { kernel: 2, padding: 0 })
  const features = relu(net, stem === "cifar" ? batchNorm(net, `${name}.6`, wide) : wide)
  const shape = net.b.shape(features)
  return linear(
    net,
    "auxiliary_head.classifier",
    net.b.reshape(features, [shape[0]!, shape[1]! * shape[2]! * shape[3]!]),
    classes
  )
}

/**
 * NAS-Bench-201's skeleton: stem, three stages of cells with residual blocks of stride 2 between,
 * normalization, pooling, classifier. An input of a cell that has another shape than the stage is
 * brought to it as in DARTS's skeleton (ours; the benchmark's cells have none).
 *
 * Source: Dong and Yang 2020 (arXiv 2001.00326).
 */
export function nasBench201Skeleton(
  net: Network,
  image: NodeId,
  sizes: NasBench201Sizes,
  { inputs, affine, cell }: Filling
): NodeId {
  const { b } = net
  const fault = imageFault(b.shape(image), 2)
  if (fault !== undefined) throw b.fault("the network", fault)
  const stem = batchNorm(net, "stem.1", convolution(net, "stem.0", image, sizes.channels, { kernel: 3 }))
  const states = [stem]
  let position = 0
  let turn = 0
  for (let stage = 0; stage < 3; stage++) {
    const channels = sizes.channels * 2 ** stage
    if (stage > 0) states.push(residualBlock(net, `cells.${position++}`, states.at(-1)!, channels))
    for (let i = 0; i < sizes.cellsPerStage; i++) {
      const name = `cells.${position++}`
      const height = b.shape(states.at(-1)!)[2]!
      const at = { reduction: false, turn: turn++ }
      const ready = lastStates(states, inputs(at)).map((x, k) => {
        const fits = b.shape(x)[1] === channels && b.shape(x)[2] === height
        return fits ? x : adapted(net, `${name}.preprocess${k}`, x, channels, height, affine)
      })
      states.push(cell({ name, inputs: ready, ...at }))
    }
  }
  return classify(net, relu(net, batchNorm(net, "lastact.0", states.at(-1)!)), sizes.classes)
}

/**
 * The block between two stages. At an odd size its pool takes the mean of the pixels that there are
 * (ours).
 */
function residualBlock(net: Network, name: string, x: NodeId, channels: number): NodeId {
  const first = alone(net, reluConvBn(net, `${name}.conv_a`, x, channels, { kernel: 3, stride: 2, affine: true }))
  const second = alone(net, reluConvBn(net, `${name}.conv_b`, first, channels, { kernel: 3, affine: true }))
  const [, , height, width] = net.b.shape(x) as readonly [number, number, number, number]
  const padding = { before: [0, 0], after: [height % 2, width % 2] } as const
  const halved = net.b.averagePool(x, { kernel: [2, 2], stride: [2, 2], padding }, false)
  return net.b.plus(convolution(net, `${name}.downsample.1`, halved, channels, { kernel: 1 }), second)
}
