import * as Effect from "effect/Effect"
import type { Normalization } from "../../domain/data/normalization.ts"
import { entriesOf, type NodeId, pairOf } from "../../domain/program/node.ts"
import type { Operation, PoolGeometry } from "../../domain/program/operation.ts"
import { fullName, portOf } from "../../domain/program/port.ts"
import type { Program } from "../../domain/program/program.ts"
import { type Dimensions, type ModelFacts, OnnxGraph } from "../tensor/onnx/model.ts"
import { type Affine, unrepeated } from "./affine.ts"
import type { Constant } from "./constants.ts"
import { planInference } from "./inference_plan.ts"

/** How a model is written for inference. */
interface InferenceOptions {
  /** Images per run, or a name for a number that is only known then. */
  readonly batch: number | string
  /** What the model normalizes its images with; none where they come normalized. */
  readonly normalization?: Normalization | undefined
  /** What the input holds, for people. */
  readonly about: string
  readonly facts: ModelFacts
}

const EPSILON = 1e-5

/**
 * A network as an ONNX model for inference, of the standard's operators, from its program for one
 * image, whose statistics are running ones. `image` stays an input, all other inputs are given.
 * What does not depend on the image is computed here; a normalization becomes part of the
 * convolution or the linear layer before it, or one operator; nothing depends on the number of
 * images. Initializers have PyTorch's names, those of a convolution with a normalization in it too:
 * its `weight`, and a `bias`.
 */
export const inferenceModel = Effect.fn("inferenceModel")(function* (
  program: Program,
  inputs: ReadonlyMap<string, ArrayLike<number>>,
  { batch, normalization, about, facts }: InferenceOptions
) {
  const { constants, affine, absorbed, ...plan } = yield* planInference(program, inputs)
  const { isDependent, isLive, isLinear, isFlipped, sourceOf, constant } = plan
  const { nodes } = program
  const node = (at: NodeId) => nodes[at]!

  const graph = new OnnxGraph()
  const values = new Map<number, string>()
  const taken = new Set<string>()

  /** PyTorch's name of a parameter or statistic; none of a node that is computed. */
  function nameOf(at: NodeId): string | undefined {
    const { operation } = node(at)
    return operation._tag === "Input" ? portOf(program.inputs, operation.name).name : undefined
  }

  /** A parameter or statistic by PyTorch's name. */
  function stored(name: string): ArrayLike<number> | undefined {
    return inputs.get(fullName({ role: "parameter", name })) ?? inputs.get(fullName({ role: "buffer", name }))
  }

  /** A tensor of the model, by its name where it is free. */
  function tensor(name: string | undefined, { shape, data }: Constant): string {
    if (name === undefined || taken.has(name)) return graph.floats(shape, data)
    taken.add(name)
    return graph.initializer(name, shape, data)
  }

  function value(at: NodeId): string {
    return isDependent(at) ? values.get(at)! : tensor(nameOf(unrepeated(program, at)), constant(at))
  }

  /** A value with an element for every image. */
  function whole(at: NodeId): string {
    if (isDependent(at)) return value(at)
    const sizes = node(at).shape.slice(1)
    const all =
      typeof batch === "number"
        ? graph.integers([batch, ...sizes])
        : graph.operator(
            "Concat",
            [graph.operator("Shape", ["image"], { attributes: { start: 0, end: 1 } }), graph.integers(sizes)],
            { attributes: { axis: 0 } }
          )
    return graph.operator("Expand", [value(at), all])
  }

  function pooled(type: string, x: string, { kernel, stride, padding }: PoolGeometry, countsPadding?: boolean): string {
    const pads = [...padding.before, ...padding.after]
    const counted = countsPadding === undefined ? {} : { count_include_pad: countsPadding ? 1 : 0 }
    return graph.operator(type, [x], { attributes: { kernel_shape: kernel, strides: stride, pads, ...counted } })
  }

  function convolved(at: NodeId, scale?: Float64Array, shift?: Float64Array): string {
    const { operation, operands } = node(at)
    if (operation._tag !== "Convolution") throw new RangeError(`Cannot export ${operation._tag}`)
    const [image, filter] = pairOf(operands)
    const { shape, data } = constant(filter)
    const name = nameOf(unrepeated(program, filter))
    const count = data.length / shape[0]!
    const scaled = Float64Array.from(data, (weight, i) => weight * (scale?.[Math.floor(i / count)] ?? 1))
    const weight = tensor(name, { shape, data: scaled })
    const layer = name?.replace(/\.weight$/, "")
    const hasBias = shift?.some((term) => term !== 0) === true
    const bias = hasBias ? [tensor(layer && `${layer}.bias`, { shape: [shift.length], data: shift })] : []
    const { stride, dilation, padding, groups } = operation
    return graph.operator("Conv", [whole(image), weight, ...bias], {
      ...(layer === undefined ? {} : { name: layer }),
      attributes: {
        kernel_shape: shape.slice(2),
        strides: stride,
        dilations: dilation,
        pads: [...padding.before, ...padding.after],
        group: groups
      }
    })
  }

  function linear(at: NodeId, scale?: Float64Array, shift?: Float64Array): string {
    const [x, weights] = pairOf(node(at).operands)
    const from = unrepeated(program, weights)
    const flipped = isFlipped(from)
    const { shape, data } = flipped ? constants.get(sourceOf(weights))! : constant(weights)
    const columns = shape[1]!
    const scaled = Float64Array.from(
      data,
      (weight, i) => weight * (scale?.[flipped ? Math.floor(i / columns) : i % columns] ?? 1)
    )
    const name = nameOf(flipped ? sourceOf(weights) : from)
    const weight = tensor(name, { shape, data: scaled })
    const bias =
      shift === undefined ? [] : [tensor(name?.replace(/weight$/, "bias"), { shape: [shift.length], data: shift })]
    return graph.operator("Gemm", [value(x), weight, ...bias], { attributes: { transB: flipped ? 1 : 0 } })
  }

  /**
   * A function per channel that no layer takes in: a normalization where it is one, else product
   * and sum.
   */
  function scaledAndShifted(x: string, at: NodeId, scale: Float64Array, shift: Float64Array): string {
    const normal = normalizationAt(at, scale, shift)
    if (normal !== undefined) {
      const names = ["weight", "bias", "running_mean", "running_var"].map((field) => {
        const data = stored(`${normal}.${field}`)!
        return tensor(`${normal}.${field}`, { shape: [data.length], data })
      })
      return graph.operator("BatchNormalization", [x, ...names], { attributes: { epsilon: { float: EPSILON } } })
    }
    const perChannel = (data: Float64Array) => {
      const even = data.every((element) => element === data[0])
      const shape = even ? [] : node(at).shape.map((_, axis) => (axis === 1 ? data.length : 1))
      return graph.floats(shape, even ? data.slice(0, 1) : data)
    }
    const product = scale.every((factor) => factor === 1) ? x : graph.operator("Mul", [x, perChannel(scale)])
    return shift.every((term) => term === 0) ? product : graph.operator("Add", [product, perChannel(shift)])
  }

  /** The name of the normalization by running statistics that a function per channel is. */
  function normalizationAt(at: NodeId, scale: Float64Array, shift: Float64Array): string | undefined {
    const seen = new Set<NodeId>()
    const names: Array<string> = []
    const visit = (from: NodeId) => {
      if (seen.has(from) || from === affine.get(at)!.base) return
      seen.add(from)
      const name = nameOf(from)
      if (name?.endsWith(".running_mean")) names.push(name.slice(0, -".running_mean".length))
      for (const operand of node(from).operands) visit(operand)
    }
    visit(at)
    const isNear = (a: number, b: number) => Math.abs(a - b) <= 1e-9 * Math.max(1, Math.abs(b))
    return names.find((name) => {
      const [weight, bias] = [stored(`${name}.weight`), stored(`${name}.bias`)]
      const [mean, variance] = [stored(`${name}.running_mean`), stored(`${name}.running_var`)]
      if (!weight || !bias || !mean || !variance || weight.length !== scale.length) return false
      return Array.from(scale).every((factor, i) => {
        const own = weight[i]! / Math.sqrt(variance[i]! + EPSILON)
        return isNear(factor, own) && isNear(shift[i]!, bias[i]! - mean[i]! * own)
      })
    })
  }

  function emitAffine(at: NodeId, { base, scale, shift }: Affine): string {
    const { operation, operands } = node(base)
    if (!absorbed.has(base)) return scaledAndShifted(value(base), at, scale, shift)
    if (operation._tag === "Convolution") return convolved(base, scale, shift)
    if (operation._tag === "MatMul") return linear(base, scale, shift)
    if (operation._tag === "Sum") {
      const count = node(operands[0]!)
        .shape.slice(2)
        .reduce((product, size) => product * size, 1)
      const mean = graph.operator("GlobalAveragePool", [value(operands[0]!)])
      const rest = scale.map((factor) => (Math.abs(factor * count - 1) < 1e-12 ? 1 : factor * count))
      return scaledAndShifted(mean, at, rest, shift)
    }
    let start = 0
    const parts = operands.map((part) => {
      const end = start + node(part).shape[1]!
      const made = convolved(part, scale.subarray(start, end), shift.subarray(start, end))
      start = end
      return made
    })
    return graph.operator("Concat", parts, { attributes: { axis: 1 } })
  }

  function emit(operation: Operation, operands: ReadonlyArray<NodeId>, at: NodeId): string {
    const { shape } = node(at)
    const list = (numbers: ReadonlyArray<number>) => graph.integers(numbers)
    const x = () => value(operands[0]!)
    switch (operation._tag) {
      case "Detach":
        return x()
      case "Unary":
        if (operation.kind === "step") break
        return graph.operator(UNARY[operation.kind], [x()])
      case "Binary":
        return graph.operator(BINARY[operation.kind], operands.map(value))
      case "Broadcast":
        return graph.operator("Expand", [x(), list(shape)])
      case "Sum":
        return graph.operator("ReduceSum", [x(), list(operation.axes)], { attributes: { keepdims: 1 } })
      case "Max":
        return graph.operator("ReduceMax", [x(), list(operation.axes)], { attributes: { keepdims: 1 } })
      case "Reshape":
        return shape.length === 2
          ? graph.operator("Flatten", [x()], { attributes: { axis: 1 } })
          : graph.operator("Reshape", [x(), list([0, ...shape.slice(1)])])
      case "Slice": {
        const from = node(operands[0]!).shape
        const { starts, ends, steps } = operation
        const axes = from.flatMap((size, i) => (starts[i] === 0 && steps[i] === 1 && ends[i] === size ? [] : [i]))
        const of = (numbers: ReadonlyArray<number>) => list(axes.map((i) => numbers[i]!))
        return graph.operator("Slice", [x(), of(starts), of(ends), list(axes), of(steps)])
      }
      case "Pad":
        if (operation.between.some((count) => count > 0)) break
        return graph.operator("Pad", [x(), list([...operation.before, ...operation.after])])
      case "Concatenate":
        return graph.operator("Concat", operands.map(whole), { attributes: { axis: operation.axis } })
      case "MatMul":
        return isLinear(at) ? linear(at) : graph.operator("MatMul", operands.map(value))
      case "Convolution":
        if (isDependent(operands[1]!)) break
        return convolved(at)
      case "MaxPool":
        return pooled("MaxPool", x(), operation)
      case "AveragePool":
        return pooled("AveragePool", x(), operation, operation.countPadding)
    }
    throw new RangeError(`Cannot export ${operation._tag}`)
  }

  const sizes = (at: NodeId): Dimensions => [batch, ...node(at).shape.slice(1)]
  const image = portOf(program.inputs, "image").node
  const pixels = graph.input("image", sizes(image), about)
  for (const [at, { operation, operands, shape }] of entriesOf(nodes)) {
    if (!isLive(at) || absorbed.has(at)) continue
    if (shape[0] !== 1) throw new RangeError(`Cannot export ${operation._tag} over several images`)
    const own = affine.get(at)
    values.set(
      at,
      at === image
        ? normalized(graph, pixels, normalization)
        : own === undefined
          ? emit(operation, operands, at)
          : emitAffine(at, own)
    )
  }
  for (const [name, { node }] of program.outputs) graph.outputAs(name, whole(node), sizes(node))
  return graph.encode(facts)
})

/** (x − mean) / std, channel by channel. */
function normalized(graph: OnnxGraph, pixels: string, normalization: Normalization | undefined): string {
  if (normalization === undefined) return pixels
  const { mean, std } = normalization
  const shape = [1, mean.length, 1, 1]
  const centered = graph.operator("Sub", [pixels, graph.initializer("normalization.mean", shape, mean)])
  return graph.operator("Div", [centered, graph.initializer("normalization.std", shape, std)])
}

const UNARY = { negate: "Neg", exp: "Exp", log: "Log", sqrt: "Sqrt", relu: "Relu" } as const
const BINARY = { add: "Add", subtract: "Sub", multiply: "Mul", divide: "Div" } as const
