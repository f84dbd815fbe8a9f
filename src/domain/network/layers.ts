import { type ProgramBuilder, square } from "../program/builder.ts"
import type { NodeId } from "../program/node.ts"
import type { Pair, Shape } from "../program/operation.ts"
import { elementCount } from "../program/program.ts"

/**
 * How normalizations find mean and variance: those of the batch, or running ones that come in as
 * `buffer/…` inputs.
 */
export type Statistics = "batch" | "running"

/** A network under construction: the program that grows, and what its parameters are. */
export interface Network {
  readonly b: ProgramBuilder
  readonly statistics: Statistics
  /** Whether running statistics are inputs and, after a batch, outputs. */
  readonly tracked: boolean
  /**
   * Shapes of the parameters by the reference's names, in order of creation. Each is the input
   * `param/<name>`.
   */
  readonly parameters: Map<string, Shape>
  /**
   * Multiply-adds of one image, by layer, where they are asked for: of all layers that are added,
   * also of those that an identity of the builder drops because they work on zeros.
   */
  readonly multiplyAdds?: Map<string, number>
}

/**
 * Share of the batch in new running statistics, and the number under the square root, of PyTorch's
 * defaults.
 */
const [MOMENTUM, EPSILON] = [0.1, 1e-5]

/** The axes that a normalization's statistics are taken over. */
const STATISTICS: ReadonlyArray<number> = [0, 2, 3]

/** A parameter of a network. */
export function parameter(net: Network, name: string, shape: Shape): NodeId {
  net.parameters.set(name, shape)
  return net.b.input({ role: "parameter", name }, shape)
}

/**
 * Note the multiply-adds of a layer: each element of its output is a sum over its weight's axes but
 * the first.
 */
function count(net: Network, name: string, weight: NodeId, output: NodeId): void {
  const { b } = net
  net.multiplyAdds?.set(name, elementCount(b.shape(output).slice(1)) * elementCount(b.shape(weight).slice(1)))
}

/**
 * A convolution without bias, but with one where `bias` says so. Padding keeps the size of an odd
 * window at stride 1.
 */
export function convolution(
  net: Network,
  name: string,
  x: NodeId,
  channels: number,
  options: {
    readonly kernel: number | Pair
    readonly stride?: number | Pair
    readonly padding?: number | Pair
    readonly dilation?: number
    readonly groups?: number
    readonly bias?: boolean
  }
): NodeId {
  const { b } = net
  const { groups = 1, dilation = 1 } = options
  const pair = (size: number | Pair): Pair => (typeof size === "number" ? [size, size] : size)
  const kernel = pair(options.kernel)
  const sides = pair(options.padding ?? [(dilation * (kernel[0] - 1)) / 2, (dilation * (kernel[1] - 1)) / 2])
  const filter = parameter(net, `${name}.weight`, [channels, b.shape(x)[1]! / groups, ...kernel])
  const geometry = {
    stride: pair(options.stride ?? 1),
    dilation: pair(dilation),
    padding: { before: sides, after: sides },
    groups
  }
  const y = b.within(name, () => b.convolution(x, filter, geometry))
  count(net, name, filter, y)
  if (options.bias !== true) return y
  return b.plus(y, b.reshape(parameter(net, `${name}.bias`, [channels]), [1, channels, 1, 1]))
}

/** Batch normalization over batch, height and width. */
export function batchNorm(net: Network, name: string, x: NodeId, affine = true): NodeId {
  const { b } = net
  const [batch, channels, height, width] = b.shape(x) as readonly [number, number, number, number]
  const perChannel = [1, channels, 1, 1]
  const scale = affine ? b.reshape(parameter(net, `${name}.weight`, [channels]), perChannel) : undefined
  const shift = affine ? b.reshape(parameter(net, `${name}.bias`, [channels]), perChannel) : undefined
  const buffer = (field: string) => ({ role: "buffer", name: `${name}.${field}` }) as const
  const running = (field: string) => b.reshape(b.input(buffer(field), [channels]), perChannel)
  const mean = net.statistics === "batch" ? b.mean(x, STATISTICS) : running("running_mean")
  const centered = b.minus(x, mean)
  const variance = net.statistics === "batch" ? b.mean(b.times(centered, centered), STATISTICS) : running("running_var")
  if (net.statistics === "batch" && net.tracked) {
    const count = batch * height * width
    const keep = (field: string, value: NodeId) =>
      b.output(
        buffer(field),
        b.reshape(b.plus(b.scale(running(field), 1 - MOMENTUM), b.scale(value, MOMENTUM)), [channels])
      )
    keep("running_mean", mean)
    keep("running_var", b.scale(variance, count / (count - 1)))
  }
  const deviation = b.unary("sqrt", b.plus(variance, b.constant(EPSILON, perChannel)))
  const factor = b.over(scale ?? b.constant(1, perChannel), deviation)
  const normal = b.times(centered, factor)
  return shift === undefined ? normal : b.plus(normal, shift)
}

/** A normalization that an operation needs before it can go on. */
interface AskedNormalization {
  readonly name: string
  readonly x: NodeId
  readonly affine: boolean
}

/**
 * Part of a network that asks for normalizations on its way; parts that run side by side have them
 * made together.
 */
export type Staged<A = NodeId> = Generator<AskedNormalization, A, NodeId>

/** A normalization within a part. */
export function* normalized(name: string, x: NodeId, affine: boolean): Staged {
  return yield { name, x, affine }
}

/** A part of a network by itself. */
export function alone<A>(net: Network, part: Staged<A>): A {
  return together(net, [part])[0]!
}

/**
 * Parts of a network side by side, one stage after the other: what they ask for at the same stage
 * is normalized together. Gives their results, in order.
 */
export function together<A>(net: Network, parts: ReadonlyArray<Staged<A>>): ReadonlyArray<A> {
  const results: Array<A> = []
  let going = [...parts.entries()].map(([i, part]) => ({ i, part, step: part.next() }))
  while (going.length > 0) {
    for (const { i, step } of going) if (step.done === true) results[i] = step.value
    const asking = going.flatMap(({ i, part, step }) => (step.done === true ? [] : [{ i, part, asked: step.value }]))
    const made = batchNorms(
      net,
      asking.map(({ asked }) => asked)
    )
    going = asking.map(({ i, part }, k) => ({ i, part, step: part.next(made[k]!) }))
  }
  return results
}

/**
 * Batch normalizations of several tensors. Those without scale and shift, by statistics of the
 * batch, of tensors with the same number of elements per channel share the arithmetic of their
 * variances: it is done once, over the channels of all of them.
 */
export function batchNorms(net: Network, asked: ReadonlyArray<AskedNormalization>): ReadonlyArray<NodeId> {
  const { b } = net
  const perChannel = (x: NodeId) => elementCount(b.shape(x).filter((_, axis) => STATISTICS.includes(axis)))
  const sharing = net.statistics === "batch" && !net.tracked
  const groups = new Map<number | string, Array<AskedNormalization>>()
  for (const one of asked) {
    const key = sharing && !one.affine ? perChannel(one.x) : one.name
    groups.set(key, [...(groups.get(key) ?? []), one])
  }
  const made = new Map<AskedNormalization, NodeId>()
  for (const group of groups.values()) {
    if (group.length === 1) {
      const { name, x, affine } = group[0]!
      made.set(group[0]!, batchNorm(net, name, x, affine))
      continue
    }
    const centered = group.map(({ x }) => b.minus(x, b.mean(x, STATISTICS)))
    const squares = b.concatenate(
      centered.map((x) => b.sum(b.times(x, x), STATISTICS)),
      1
    )
    const variance = b.scale(squares, 1 / perChannel(group[0]!.x))
    const factor = b.over(b.constant(1), b.unary("sqrt", b.plus(variance, b.constant(EPSILON))))
    let start = 0
    for (const [i, one] of group.entries()) {
      const end = start + b.shape(one.x)[1]!
      made.set(one, b.times(centered[i]!, b.slice(factor, [{}, { start, end }])))
      start = end
    }
  }
  return asked.map((one) => made.get(one)!)
}

/** A fully connected layer: [batch, features] → [batch, outputs]. */
export function linear(net: Network, name: string, x: NodeId, outputs: number): NodeId {
  const { b } = net
  const weight = parameter(net, `${name}.weight`, [outputs, b.shape(x)[1]!])
  const bias = parameter(net, `${name}.bias`, [outputs])
  const y = b.matMul(x, b.transpose(weight, [1, 0]))
  count(net, name, weight, y)
  return b.plus(y, bias)
}

/** Rectification. */
export function relu(net: Network, x: NodeId): NodeId {
  return net.b.unary("relu", x)
}

/** Mean over the image: [batch, channels, height, width] → [batch, channels]. */
export function globalPool(net: Network, x: NodeId): NodeId {
  const [batch, channels] = net.b.shape(x)
  return net.b.reshape(net.b.mean(x, [2, 3]), [batch!, channels!])
}

/** 3×3 pooling with padding 1; an average does not count padding. */
export function pool3(net: Network, kind: "max" | "average", x: NodeId, stride: number): NodeId {
  const geometry = { kernel: [3, 3], stride: [stride, stride], padding: square(1) } as const
  return kind === "max" ? net.b.maxPool(x, geometry) : net.b.averagePool(x, geometry, false)
}

/** ReLU, convolution, normalization. The names are those of the sequence's members. */
export function* reluConvBn(
  net: Network,
  name: string,
  x: NodeId,
  channels: number,
  options: { readonly kernel: number; readonly stride?: number; readonly affine: boolean; readonly bias?: boolean }
): Staged {
  const { kernel, stride = 1, affine, bias = false } = options
  const y = convolution(net, `${name}.op.1`, relu(net, x), channels, { kernel, stride, bias })
  return yield* normalized(`${name}.op.2`, y, affine)
}

/**
 * Half the size, rounded up, by two 1×1 convolutions of stride 2, one of them shifted by a pixel,
 * joined and normalized. At an odd size the shifted one sees zeros beyond the edge, as in
 * NAS-Bench-201's code.
 */
export function* factorizedReduce(net: Network, name: string, x: NodeId, channels: number, affine: boolean): Staged {
  const { b } = net
  const y = relu(net, x)
  const options = { kernel: 1, stride: 2, padding: 0 }
  const first = convolution(net, `${name}.conv_1`, y, Math.floor(channels / 2), options)
  const after = b.shape(y).map((size, axis) => (axis < 2 ? 0 : size % 2))
  const none = after.map(() => 0)
  const padded = b.add({ _tag: "Pad", before: none, after, between: none }, y)
  const shifted = b.slice(padded, [{}, {}, { start: 1 }, { start: 1 }])
  const second = convolution(net, `${name}.conv_2`, shifted, channels - Math.floor(channels / 2), options)
  return yield* normalized(`${name}.bn`, b.concatenate([first, second], 1), affine)
}
