import type { Architecture } from "../architecture/architecture.ts"
import { square } from "../program/builder.ts"
import { NAS_BENCH_201_OPERATIONS } from "../space/nas_bench_201.ts"
import { batchNorm, convolution, globalPool, linear, type Network, pool3, relu, reluConvBn } from "./layers.ts"
import { mixture } from "./mixture.ts"

/** Sizes of a NAS-Bench-201 network. */
export interface NasBench201Sizes {
  /** Channels of the first stage: 16 in the benchmark. */
  readonly channels: number
  /** Cells per stage: 5 in the benchmark. */
  readonly cellsPerStage: number
  readonly classes: number
}

/** Edges in decision order: from, to. */
const EDGES = [1, 2, 3].flatMap((to) => Array.from({ length: to }, (_, from) => [from, to] as const))

/** An operation of a cell; `none` is `undefined`. Without affine normalizations its convolutions have a bias, as in the reference. */
function operation(
  net: Network,
  name: string,
  kind: (typeof NAS_BENCH_201_OPERATIONS)[number],
  x: number,
  affine: boolean
): number | undefined {
  const channels = net.b.shape(x)[1]!
  switch (kind) {
    case "none":
      return undefined
    case "skip_connect":
      return x
    case "nor_conv_1x1":
      return reluConvBn(net, name, x, channels, { kernel: 1, affine, bias: !affine })
    case "nor_conv_3x3":
      return reluConvBn(net, name, x, channels, { kernel: 3, affine, bias: !affine })
    case "avg_pool_3x3":
      return pool3(net, "average", x, 1)
  }
}

/** Stem, three stages of cells with residual blocks of stride 2 between, normalization, pooling, classifier. */
function skeleton(
  net: Network,
  image: number,
  sizes: NasBench201Sizes,
  cell: (name: string, x: number) => number
): number {
  let x = batchNorm(net, "stem.1", convolution(net, "stem.0", image, sizes.channels, { kernel: 3 }))
  let position = 0
  for (let stage = 0; stage < 3; stage++) {
    if (stage > 0) x = residualBlock(net, `cells.${position++}`, x)
    for (let i = 0; i < sizes.cellsPerStage; i++) x = cell(`cells.${position++}`, x)
  }
  const features = relu(net, batchNorm(net, "lastact.0", x))
  return linear(net, "classifier", globalPool(net, features), sizes.classes)
}

function residualBlock(net: Network, name: string, x: number): number {
  const channels = 2 * net.b.shape(x)[1]!
  const first = reluConvBn(net, `${name}.conv_a`, x, channels, { kernel: 3, stride: 2, affine: true })
  const second = reluConvBn(net, `${name}.conv_b`, first, channels, { kernel: 3, affine: true })
  const halved = net.b.averagePool(x, { kernel: [2, 2], stride: [2, 2], padding: square(0) }, true)
  return net.b.plus(convolution(net, `${name}.downsample.1`, halved, channels, { kernel: 1 }), second)
}

/** Sum a node's incoming edges; a node that gets nothing is zero. */
function nodes(net: Network, x: number, edge: (position: number, from: number) => number | undefined): number {
  const values = [x]
  for (let node = 1; node < 4; node++) {
    const incoming = EDGES.flatMap(([from, to], position) => (to === node ? (edge(position, values[from]!) ?? []) : []))
    values.push(
      incoming.length === 0 ? net.b.constant(0, net.b.shape(x)) : incoming.reduce((sum, term) => net.b.plus(sum, term))
    )
  }
  return values[3]!
}

/**
 * The network of an architecture of NAS-Bench-201. Gives the logits.
 *
 * Source: Dong and Yang 2020 (arXiv 2001.00326).
 */
export function nasBench201Network(
  net: Network,
  image: number,
  architecture: Architecture,
  sizes: NasBench201Sizes
): number {
  return skeleton(net, image, sizes, (name, x) =>
    nodes(net, x, (position, from) =>
      operation(net, `${name}.layers.${position}`, NAS_BENCH_201_OPERATIONS[architecture[position]!]!, from, true)
    )
  )
}

/**
 * The search network of DARTS on NAS-Bench-201: every edge is the sum of its 5 operations, weighted by a row of `weights`, a
 * node of shape [6, 5] that holds probabilities. Gives the logits.
 *
 * Source: Dong and Yang 2020 (arXiv 2001.00326).
 */
export function nasBench201SearchNetwork(
  net: Network,
  image: number,
  sizes: NasBench201Sizes,
  weights: number
): number {
  return skeleton(net, image, sizes, (name, x) =>
    nodes(net, x, (position, from) => {
      const [source, target] = EDGES[position]!
      const at = `${name}.edges.${target}<-${source}`
      const operations = NAS_BENCH_201_OPERATIONS.map((kind, k) => operation(net, `${at}.${k}`, kind, from, false))
      return mixture(net, operations, weights, position)
    })
  )
}
