import type { Genotype } from "../architecture/genotype.ts"
import type { NodeId } from "../program/node.ts"
import { builtinSpace } from "../space/spaces.ts"
import { buildCell, discreteEdge, graphOfGenotype } from "./cell_graph.ts"
import { searchLogits } from "./cell_networks.ts"
import type { Network } from "./layers.ts"
import { type DartsSizes, dartsSkeleton, type EvaluationLogits, type Stem } from "./skeletons.ts"

/**
 * The search network of DARTS: every edge is the sum of all its operations, weighted by a row of
 * `normal` or `reduce`, nodes of shape [14, 8] that hold probabilities. Affine-free normalizations
 * in the cells; pools are normalized. Gives the logits.
 *
 * Source: Liu, Simonyan, Yang 2019 (arXiv 1806.09055).
 */
export function dartsSearchNetwork(
  net: Network,
  image: NodeId,
  sizes: DartsSizes,
  { normal, reduce }: { readonly normal: NodeId; readonly reduce: NodeId }
): NodeId {
  const probabilities = new Map([
    ["normal", normal],
    ["reduction", reduce]
  ])
  return searchLogits(net, image, builtinSpace("darts"), sizes, probabilities)
}

/**
 * The evaluation network of a genotype for small images (`cifar`) or large ones (`imagenet`, with a
 * stem that divides the size by 8). An edge with `none` adds nothing, as DARTS's `Zero`. The
 * auxiliary head stands after cell ⌊2n/3⌋. With `dropPath`, off by default, operations are
 * multiplied by masks: see `discreteEdge`.
 *
 * Source: Liu, Simonyan, Yang 2019 (arXiv 1806.09055).
 */
export function dartsEvaluationNetwork(
  net: Network,
  image: NodeId,
  genotype: Genotype,
  options: DartsSizes & { readonly stem: Stem; readonly auxiliary: boolean; readonly dropPath?: boolean }
): EvaluationLogits {
  const { dropPath = false } = options
  return dartsSkeleton(net, image, options, {
    inputs: () => 2,
    affine: true,
    cell: ({ name, inputs, reduction }) => {
      const edges = reduction ? genotype.reduce : genotype.normal
      return buildCell(net, name, graphOfGenotype(genotype, reduction), inputs, true, ({ position }, x, stride) => {
        const place = `${name}._ops.${position}`
        const flags = { stride, affine: true, normalizePools: false, bias: false, dropPath }
        const [operation] = edges[position]!
        return discreteEdge(net, place, operation, x, flags)
      })
    }
  })
}
