import * as Either from "effect/Either"
import type { Architecture } from "../architecture/architecture.ts"
import type { NodeId } from "../program/node.ts"
import { builtinSpace } from "../space/spaces.ts"
import { searchLogits, spaceEvaluationNetwork } from "./cell_networks.ts"
import type { Network } from "./layers.ts"
import type { NasBench201Sizes } from "./skeletons.ts"

/**
 * The network of an architecture of NAS-Bench-201. Gives the logits.
 *
 * Source: Dong and Yang 2020 (arXiv 2001.00326).
 */
export function nasBench201Network(
  net: Network,
  image: NodeId,
  architecture: Architecture,
  sizes: NasBench201Sizes
): NodeId {
  const made = spaceEvaluationNetwork(builtinSpace("nas-bench-201"), architecture, sizes)
  if (Either.isLeft(made)) throw net.b.fault("the network", made.left.problem)
  return made.right(net, image).logits
}

/**
 * The search network of DARTS on NAS-Bench-201: every edge is the sum of its 5 operations, weighted
 * by a row of `weights`, a node of shape [6, 5] that holds probabilities. Gives the logits.
 *
 * Source: Dong and Yang 2020 (arXiv 2001.00326).
 */
export function nasBench201SearchNetwork(
  net: Network,
  image: NodeId,
  sizes: NasBench201Sizes,
  weights: NodeId
): NodeId {
  return searchLogits(net, image, builtinSpace("nas-bench-201"), sizes, new Map([["cell", weights]]))
}
