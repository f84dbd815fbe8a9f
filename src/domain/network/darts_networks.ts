import type { Genotype } from "../architecture/genotype.ts"
import { DARTS_OPERATIONS } from "../space/darts.ts"
import { DARTS_LAYERS } from "./darts_operations.ts"
import {
  batchNorm,
  convolution,
  factorizedReduce,
  globalPool,
  linear,
  type Network,
  relu,
  reluConvBn
} from "./layers.ts"
import { mixture } from "./mixture.ts"

/** Sizes of a DARTS network. */
export interface DartsSizes {
  /** Channels of the first cell. */
  readonly channels: number
  /** Number of cells; those at ⌊n/3⌋ and ⌊2n/3⌋ halve the image and double the channels. */
  readonly cells: number
  readonly classes: number
}

/** Whether a cell halves the image. */
function isReduction(cell: number, { cells }: DartsSizes): boolean {
  return cell === Math.floor(cells / 3) || cell === Math.floor((2 * cells) / 3)
}

function preprocessed(
  net: Network,
  name: string,
  states: readonly [number, number],
  channels: number,
  afterReduction: boolean,
  affine: boolean
) {
  return [
    afterReduction
      ? factorizedReduce(net, `${name}.preprocess0`, states[0], channels, affine)
      : reluConvBn(net, `${name}.preprocess0`, states[0], channels, { kernel: 1, affine }),
    reluConvBn(net, `${name}.preprocess1`, states[1], channels, { kernel: 1, affine })
  ]
}

function classify(net: Network, features: number, classes: number): number {
  return linear(net, "classifier", globalPool(net, features), classes)
}

/**
 * The search network of DARTS: every edge is the sum of all its operations, weighted by a row of `normal` or `reduce`, nodes
 * of shape [14, 8] that hold probabilities. Affine-free normalizations in the cells; pools are normalized. Gives the logits.
 *
 * Source: Liu, Simonyan, Yang 2019 (arXiv 1806.09055).
 */
export function dartsSearchNetwork(
  net: Network,
  image: number,
  sizes: DartsSizes,
  weights: { readonly normal: number; readonly reduce: number }
): number {
  const stem = batchNorm(net, "stem.1", convolution(net, "stem.0", image, 3 * sizes.channels, { kernel: 3 }))
  let states: readonly [number, number] = [stem, stem]
  let channels = sizes.channels
  for (let cell = 0; cell < sizes.cells; cell++) {
    const reduction = isReduction(cell, sizes)
    if (reduction) channels *= 2
    const name = `cells.${cell}`
    const nodes = preprocessed(net, name, states, channels, cell > 0 && isReduction(cell - 1, sizes), false)
    let edge = 0
    for (let node = 2; node < 6; node++) {
      const incoming: Array<number> = []
      for (let from = 0; from < node; from++, edge++) {
        const options = { stride: reduction && from < 2 ? 2 : 1, affine: false, normalizePools: true } as const
        const at = `${name}._ops.${edge}`
        const operations = DARTS_OPERATIONS.map((operation, k) =>
          DARTS_LAYERS.get(operation)!(net, `${at}._ops.${k}`, nodes[from]!, options)
        )
        incoming.push(mixture(net, operations, reduction ? weights.reduce : weights.normal, edge))
      }
      nodes.push(incoming.reduce((sum, x) => net.b.plus(sum, x)))
    }
    states = [states[1], net.b.concatenate(nodes.slice(2), 1)]
  }
  return classify(net, states[1], sizes.classes)
}

/** The logits of an evaluation network, and those of its auxiliary head, where it has one. */
export interface EvaluationLogits {
  readonly logits: number
  readonly auxiliary: number | undefined
}

/**
 * The evaluation network of a genotype for small images (`cifar`) or large ones (`imagenet`, with a stem that divides the size by 8).
 * The auxiliary head stands after cell ⌊2n/3⌋.
 *
 * Source: Liu, Simonyan, Yang 2019 (arXiv 1806.09055).
 */
export function dartsEvaluationNetwork(
  net: Network,
  image: number,
  genotype: Genotype,
  options: DartsSizes & { readonly stem: "cifar" | "imagenet"; readonly auxiliary: boolean }
): EvaluationLogits {
  let states =
    options.stem === "cifar" ? cifarStem(net, image, options.channels) : imagenetStem(net, image, options.channels)
  let channels = options.channels
  let auxiliary: number | undefined
  for (let cell = 0; cell < options.cells; cell++) {
    const reduction = isReduction(cell, options)
    if (reduction) channels *= 2
    const afterReduction = cell === 0 ? options.stem === "imagenet" : isReduction(cell - 1, options)
    states = [states[1], genotypeCell(net, `cells.${cell}`, states, genotype, channels, { reduction, afterReduction })]
    if (options.auxiliary && cell === Math.floor((2 * options.cells) / 3)) {
      auxiliary = auxiliaryHead(net, states[1], options)
    }
  }
  return { logits: classify(net, states[1], options.classes), auxiliary }
}

function cifarStem(net: Network, image: number, channels: number): readonly [number, number] {
  const stem = batchNorm(net, "stem.1", convolution(net, "stem.0", image, 3 * channels, { kernel: 3 }))
  return [stem, stem]
}

function imagenetStem(net: Network, image: number, channels: number): readonly [number, number] {
  const half = (name: string, norm: string, x: number, out: number) =>
    batchNorm(net, norm, convolution(net, name, x, out, { kernel: 3, stride: 2 }))
  const first = half("stem0.0", "stem0.1", image, Math.floor(channels / 2))
  const second = half("stem0.3", "stem0.4", relu(net, first), channels)
  return [second, half("stem1.1", "stem1.2", relu(net, second), channels)]
}

function genotypeCell(
  net: Network,
  name: string,
  states: readonly [number, number],
  genotype: Genotype,
  channels: number,
  { reduction, afterReduction }: { readonly reduction: boolean; readonly afterReduction: boolean }
): number {
  const nodes = preprocessed(net, name, states, channels, afterReduction, true)
  const edges = reduction ? genotype.reduce : genotype.normal
  for (let first = 0; first < edges.length; first += 2) {
    const sum = [first, first + 1].map((i) => {
      const [operation, from] = edges[i]!
      const layer = DARTS_LAYERS.get(operation)
      const x = nodes[from]
      const place = `${name}._ops.${i}`
      const made =
        x === undefined
          ? undefined
          : layer?.(net, place, x, { stride: reduction && from < 2 ? 2 : 1, affine: true, normalizePools: false })
      if (made === undefined) throw net.b.error({ _tag: "Detach" }, `${place} cannot be "${operation}" of node ${from}`)
      return made
    })
    nodes.push(net.b.plus(sum[0]!, sum[1]!))
  }
  const kept = reduction ? genotype.reduceConcat : genotype.normalConcat
  return net.b.concatenate(
    kept.map((node) => nodes[node]!),
    1
  )
}

/** Average pooling, two convolutions, a classifier; its features shrink the image to one pixel of 8×8 (CIFAR) or 14×14 (ImageNet). */
function auxiliaryHead(
  net: Network,
  x: number,
  { stem, classes }: { readonly stem: "cifar" | "imagenet"; readonly classes: number }
): number {
  const stride = stem === "cifar" ? 3 : 2
  const padding = { before: [0, 0], after: [0, 0] } as const
  const pooled = net.b.averagePool(relu(net, x), { kernel: [5, 5], stride: [stride, stride], padding }, false)
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
