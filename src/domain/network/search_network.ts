import type { RelaxedShape } from "../neighborhood/relaxed_shape.ts"
import type { NodeId } from "../program/node.ts"
import type { Shape } from "../program/operation.ts"
import type { Network } from "./layers.ts"
import { crossEntropy } from "./mixture.ts"

/** The nodes that a search network is built from. */
interface SearchInputs {
  /** [batch, channels, height, width]. */
  readonly image: NodeId
  /** [batch, classes], rows that sum to 1. */
  readonly targets: NodeId
  /**
   * Per cell, by its name, [edges, width]: the weights of the operations of each edge, zero behind
   * a shorter row.
   */
  readonly probabilities: ReadonlyMap<string, NodeId>
}

/** A search network as a function: all that the gradient searchers know of it. */
export interface SearchNetwork {
  readonly shape: RelaxedShape
  /** [batch, channels, height, width]. */
  readonly image: Shape
  readonly classes: number
  /**
   * The loss, of shape [], and the logits [batch, classes]. Further inputs, as noise, count as part
   * of the batch.
   */
  readonly build: (net: Network, inputs: SearchInputs) => { readonly loss: NodeId; readonly logits: NodeId }
}

/** The search network of a function that gives logits; its loss is the mean cross-entropy. */
export function classifierNetwork(
  sizes: Pick<SearchNetwork, "shape" | "image" | "classes">,
  logits: (net: Network, image: NodeId, probabilities: ReadonlyMap<string, NodeId>) => NodeId
): SearchNetwork {
  return {
    ...sizes,
    build: (net, { image, targets, probabilities }) => {
      const made = logits(net, image, probabilities)
      return { loss: crossEntropy(net, made, targets), logits: made }
    }
  }
}
