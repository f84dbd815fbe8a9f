import type { ProgramBuilder } from "./builder.ts"
import type { Node, NodeId } from "./node.ts"

/**
 * The contribution of a node's gradient to the gradients of its operands, by operand; none where it
 * does not depend on one.
 */
type OperandGradients = ReadonlyArray<(() => NodeId) | undefined>

/**
 * The derivative rules. `gradient` is that of the loss by node `at`; each operand's part is made
 * only when it is asked for. `Max` throws: its value may only be used behind `Detach`.
 */
export function operandGradients(
  b: ProgramBuilder,
  at: NodeId,
  { operation, operands, shape }: Node,
  gradient: NodeId
): OperandGradients {
  const [x, y = x] = operands
  if (x === undefined || y === undefined) return []
  switch (operation._tag) {
    case "Input":
    case "Constant":
    case "Detach":
      return []
    case "Max":
      throw b.error(operation, "it has no derivative; put it behind Detach")
    case "Unary":
      return [unaryGradient(b, operation.kind, at, x, gradient)]
    case "Binary":
      switch (operation.kind) {
        case "add":
          return [() => gradient, () => gradient]
        case "subtract":
          return [() => gradient, () => b.unary("negate", gradient)]
        case "multiply":
          return [() => b.times(gradient, y), () => b.times(gradient, x)]
        case "divide":
          return [() => b.over(gradient, y), () => b.unary("negate", b.over(b.times(gradient, at), y))]
      }
      break
    case "Broadcast": {
      const from = b.shape(x)
      const axes = shape.flatMap((size, axis) => (from[axis] === size ? [] : [axis]))
      return [() => b.sum(gradient, axes)]
    }
    case "Sum":
      return [() => b.broadcast(gradient, b.shape(x))]
    case "Reshape":
      return [() => b.reshape(gradient, b.shape(x))]
    case "Transpose": {
      const { permutation } = operation
      return [
        () =>
          b.transpose(
            gradient,
            permutation.map((_, axis) => permutation.indexOf(axis))
          )
      ]
    }
    case "Slice": {
      const { starts, steps } = operation
      const after = b.shape(x).map((size, i) => size - (starts[i]! + (shape[i]! - 1) * steps[i]! + 1))
      return [() => b.add({ _tag: "Pad", before: starts, after, between: steps.map((step) => step - 1) }, gradient)]
    }
    case "Pad": {
      const { before, between } = operation
      const steps = between.map((count) => count + 1)
      const ends = b.shape(x).map((size, i) => before[i]! + (size - 1) * steps[i]! + 1)
      return [() => b.add({ _tag: "Slice", starts: before, ends, steps }, gradient)]
    }
    case "Concatenate": {
      const { axis } = operation
      let start = 0
      return operands.map((operand) => {
        const from = start
        start += b.shape(operand)[axis]!
        const end = start
        return () =>
          b.slice(
            gradient,
            shape.map((_, i) => (i === axis ? { start: from, end } : {}))
          )
      })
    }
    case "MatMul":
      return [() => b.matMul(gradient, b.flip(y)), () => b.matMul(b.flip(x), gradient)]
    case "Convolution":
    case "ConvolutionImage":
    case "ConvolutionFilter":
      return convolutionGradients(b, operation, x, y, gradient)
    case "MaxPool": {
      const { _tag, ...geometry } = operation
      return [() => b.add({ _tag: "MaxPoolScatter", ...geometry }, x, gradient)]
    }
    case "MaxPoolScatter": {
      const { _tag, ...geometry } = operation
      return [undefined, () => b.add({ _tag: "MaxPoolGather", ...geometry }, x, gradient)]
    }
    case "MaxPoolGather": {
      const { _tag, ...geometry } = operation
      return [undefined, () => b.add({ _tag: "MaxPoolScatter", ...geometry }, x, gradient)]
    }
    case "AveragePool": {
      const { _tag, ...geometry } = operation
      const [, , height, width] = b.shape(x)
      return [() => b.add({ _tag: "AveragePoolTranspose", size: [height!, width!], ...geometry }, gradient)]
    }
    case "AveragePoolTranspose": {
      const { _tag, size: _size, ...geometry } = operation
      return [() => b.add({ _tag: "AveragePool", ...geometry }, gradient)]
    }
  }
}

function unaryGradient(
  b: ProgramBuilder,
  kind: "negate" | "exp" | "log" | "sqrt" | "relu" | "step",
  at: NodeId,
  x: NodeId,
  gradient: NodeId
): (() => NodeId) | undefined {
  switch (kind) {
    case "negate":
      return () => b.unary("negate", gradient)
    case "exp":
      return () => b.times(gradient, at)
    case "log":
      return () => b.over(gradient, x)
    case "sqrt":
      return () => b.scale(b.over(gradient, at), 0.5)
    case "relu":
      return () => b.times(gradient, b.unary("step", x))
    case "step":
      return undefined
  }
}

type ConvolutionOperation = Extract<
  Node["operation"],
  { _tag: "Convolution" | "ConvolutionImage" | "ConvolutionFilter" }
>

function convolutionGradients(
  b: ProgramBuilder,
  operation: ConvolutionOperation,
  x: NodeId,
  y: NodeId,
  gradient: NodeId
): OperandGradients {
  const { stride, dilation, padding, groups } = operation
  const geometry = { stride, dilation, padding, groups }
  const image = (at: NodeId, filter: NodeId, like: NodeId) => {
    const [, , height, width] = b.shape(like)
    return () => b.add({ _tag: "ConvolutionImage", size: [height!, width!], ...geometry }, at, filter)
  }
  const filter = (picture: NodeId, at: NodeId, like: NodeId) => {
    const [, , height, width] = b.shape(like)
    return () => b.add({ _tag: "ConvolutionFilter", kernel: [height!, width!], ...geometry }, picture, at)
  }
  const forward = (picture: NodeId, kernel: NodeId) => () =>
    b.add({ _tag: "Convolution", ...geometry }, picture, kernel)
  switch (operation._tag) {
    case "Convolution":
      return [image(gradient, y, x), filter(x, gradient, y)]
    case "ConvolutionImage":
      return [forward(gradient, y), filter(gradient, x, y)]
    case "ConvolutionFilter":
      return [image(y, gradient, x), forward(x, gradient)]
  }
}
