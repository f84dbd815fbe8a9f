import * as Effect from "effect/Effect"
import { entriesOf, type NodeId } from "../../domain/program/node.ts"
import type { Program } from "../../domain/program/program.ts"
import { type Affine, composed, dependenceOn, isPerChannel, unrepeated } from "./affine.ts"
import { computeConstants } from "./constants.ts"

/**
 * What of a network's program is known before an image, and which of its nodes become part of
 * others: chains of operations with one number per channel are one affine function each, and those
 * of layers that nothing else reads become part of the layer.
 */
export const planInference = Effect.fn("planInference")(function* (
  program: Program,
  inputs: ReadonlyMap<string, ArrayLike<number>>
) {
  const { nodes } = program
  const { isDependent, isNeeded, isReadOnce } = dependenceOn(program, "image")
  const node = (at: NodeId) => nodes[at]!
  const isLive = (at: NodeId) => isDependent(at) && isNeeded(at)
  /** Where a constant operand comes from: a matrix is taken before it is transposed. */
  const sourceOf = (at: NodeId) => {
    const from = unrepeated(program, at)
    return isFlipped(from) ? node(from).operands[0]! : from
  }
  function isFlipped(at: NodeId): boolean {
    const { operation } = node(at)
    return operation._tag === "Transpose" && operation.permutation.join() === "1,0"
  }
  const wanted = [
    ...[...entriesOf(nodes)].flatMap(([at, { operands }]) =>
      isLive(at) ? operands.filter((operand) => !isDependent(operand)) : []
    ),
    ...[...program.outputs.values()].map(({ node }) => node).filter((at) => !isDependent(at))
  ]
  const constants = yield* computeConstants(
    program,
    [...new Set(wanted.flatMap((at) => [sourceOf(at), unrepeated(program, at)]))],
    inputs
  )
  const constant = (at: NodeId) => constants.get(unrepeated(program, at))!

  /**
   * Chains of operations with one number per channel, each as one affine function, and the nodes
   * that are part of a later one.
   */
  function findAffine() {
    const affine = new Map<NodeId, Affine>()
    const absorbed = new Set<NodeId>()
    for (const [at, { operation, operands, shape }] of entriesOf(nodes)) {
      if (!isLive(at) || operation._tag !== "Binary") continue
      const [left, right] = operands
      if (left === undefined || right === undefined) continue
      const isLeft = isDependent(left)
      const [x, by] = isLeft ? [left, right] : [right, left]
      if (isDependent(by) || shape.length < 2 || !isPerChannel(constant(by).shape)) continue
      const known = isReadOnce(x) ? affine.get(x) : undefined
      const channels = shape[1]!
      const start = { base: x, scale: new Float64Array(channels).fill(1), shift: new Float64Array(channels) }
      const made = composed(known ?? start, operation.kind, constant(by).data, isLeft)
      if (made === undefined) continue
      affine.set(at, made)
      if (known !== undefined) absorbed.add(x)
    }
    for (const [at, { base }] of affine)
      if (!absorbed.has(at) && isReadOnce(base)) for (const part of foldable(base)) absorbed.add(part)
    return { affine, absorbed }
  }

  /**
   * The nodes that an affine function of a node becomes part of, itself included; none where it
   * stays an operator.
   */
  function foldable(at: NodeId): ReadonlyArray<NodeId> {
    const { operation, operands, shape } = node(at)
    const isLayer = (layer: NodeId) => {
      const { operation, operands } = node(layer)
      return operation._tag === "Convolution" && isDependent(operands[0]!) && !isDependent(operands[1]!)
    }
    if (isLayer(at) || (operation._tag === "MatMul" && isLinear(at))) return [at]
    if (operation._tag === "Sum" && shape.length === 4 && operation.axes.join() === "2,3") return [at]
    const joins = operation._tag === "Concatenate" && operation.axis === 1
    const all = joins && operands.every((part) => isLive(part) && isLayer(part) && isReadOnce(part))
    return all && new Set(operands).size === operands.length ? [at, ...operands] : []
  }

  function isLinear(at: NodeId): boolean {
    const { operands, shape } = node(at)
    return shape.length === 2 && isDependent(operands[0]!) && !isDependent(operands[1]!)
  }

  return { constants, ...findAffine(), isDependent, isLive, isLinear, isFlipped, sourceOf, constant }
})
