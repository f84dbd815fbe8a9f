import type { ProgramBuilder } from "../program/builder.ts"
import type { NodeId } from "../program/node.ts"
import type { Network } from "./layers.ts"

/**
 * The sum of an edge's operations, weighted by a row of a [edges, operations] node. An operation
 * that is `undefined` adds nothing, like `none`; of such ones alone there is no sum.
 */
export function mixture(
  net: Network,
  operations: ReadonlyArray<NodeId | undefined>,
  weights: NodeId,
  row: number
): NodeId | undefined {
  const { b } = net
  const [rows, width] = b.shape(weights) as readonly [number, number]
  const all = b.reshape(weights, [rows * width])
  const terms = operations.flatMap((operation, k) => {
    if (operation === undefined) return []
    const at = row * width + k
    const weight = b.slice(all, [{ start: at, end: at + 1 }])
    return [b.times(operation, b.reshape(weight, [1, 1, 1, 1]))]
  })
  return terms.length === 0 ? undefined : terms.reduce((sum, term) => b.plus(sum, term))
}

/**
 * Softmax along the last axis of a matrix. Its shift by the maximum carries no gradient, since it
 * changes nothing.
 */
export function softmax(net: Network, logits: NodeId): NodeId {
  const { b } = net
  const top = b.add({ _tag: "Detach" }, b.add({ _tag: "Max", axes: [1] }, logits))
  const powers = b.unary("exp", b.minus(logits, top))
  return b.over(powers, b.sum(powers, [1]))
}

/**
 * The mean cross-entropy of logits [batch, classes] and targets of the same shape, whose rows sum
 * to 1: one-hot labels, or smoothed ones. A tensor of shape [].
 */
export function crossEntropy(net: Network, logits: NodeId, targets: NodeId): NodeId {
  const { b } = net
  const [batch] = b.shape(logits)
  const top = b.add({ _tag: "Detach" }, b.add({ _tag: "Max", axes: [1] }, logits))
  const shifted = b.minus(logits, top)
  const logSum = b.unary("log", b.sum(b.unary("exp", shifted), [1]))
  const picked = b.sum(b.times(b.minus(shifted, logSum), targets), [0, 1])
  return b.reshape(b.scale(picked, -1 / batch!), [])
}

/**
 * How many rows of logits [batch, classes] are largest where their targets, of the same shape, are:
 * a tensor of shape []. Equal largest logits share the hit, so that a network that tells nothing
 * apart is at the level of chance.
 */
export function correctCount(b: ProgramBuilder, logits: NodeId, targets: NodeId): NodeId {
  const atLargest = (x: NodeId) => {
    const top = b.add({ _tag: "Max", axes: [1] }, x)
    return b.minus(b.constant(1, b.shape(x)), b.unary("step", b.minus(top, x)))
  }
  const predicted = atLargest(logits)
  const shares = b.over(predicted, b.sum(predicted, [1]))
  return b.reshape(b.sum(b.times(shares, atLargest(targets)), [0, 1]), [])
}
