import type { RelaxedCell } from "../neighborhood/relaxed_shape.ts"
import type { Network } from "../network/layers.ts"
import { softmax } from "../network/mixture.ts"
import type { NodeId } from "../program/node.ts"

/** The temperature of a sample, of shape []. */
const TEMPERATURE = { role: "setting", name: "temperature" } as const

/**
 * How probabilities come from alpha. `sampled`: GDAS's one-hot sample, from the inputs
 * `gumbel/<cell>` [edges, width] and `temperature` [], with the derivative of its softmax.
 * `mapped`: an affine map of each row follows, from the inputs `map/<cell>` [edges, width, width]
 * and `add/<cell>` [edges, width].
 */
export interface Relaxation {
  readonly sampled: boolean
  readonly mapped: boolean
}

/** The probabilities of a cell, [edges, width], from its input `alpha/<cell>` of the same shape. */
export function relaxationNode(net: Network, cell: RelaxedCell, { sampled, mapped }: Relaxation): NodeId {
  const { b } = net
  const { name, edges, width } = cell
  const matrix = [edges.length, width]
  const alpha = b.input({ role: "alpha", name }, matrix)
  const logits = sampled
    ? b.over(b.plus(alpha, b.input({ role: "gumbel", name }, matrix)), b.reshape(b.input(TEMPERATURE, []), [1, 1]))
    : alpha
  const distribution = (rows: NodeId) => (sampled ? straightThrough(net, softmax(net, rows)) : softmax(net, rows))
  const own = edges.every((operations) => operations.length === width)
    ? distribution(logits)
    : b.concatenate(
        edges.map((operations, e) => {
          const row = b.slice(logits, [
            { start: e, end: e + 1 },
            { start: 0, end: operations.length }
          ])
          const after = [0, width - operations.length]
          return b.add({ _tag: "Pad", before: [0, 0], after, between: [0, 0] }, distribution(row))
        }),
        0
      )
  if (!mapped) return own
  const map = b.input({ role: "map", name }, [edges.length, width, width])
  const moved = b.sum(b.times(b.reshape(own, [edges.length, width, 1]), map), [1])
  return b.plus(b.reshape(moved, matrix), b.input({ role: "offset", name }, matrix))
}

/**
 * The one-hot rows of the largest entries, with the derivative of the entries themselves; equal
 * entries share the 1.
 */
function straightThrough(net: Network, soft: NodeId): NodeId {
  const { b } = net
  const detached = b.add({ _tag: "Detach" }, soft)
  const top = b.add({ _tag: "Max", axes: [1] }, detached)
  const hit = b.minus(b.constant(1, b.shape(soft)), b.unary("step", b.minus(top, detached)))
  return b.plus(b.over(hit, b.sum(hit, [1])), b.minus(soft, detached))
}
