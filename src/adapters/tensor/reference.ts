import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type { Operation, Shape } from "../../domain/program/operation.ts"
import { elementCount, type Program, sameShape } from "../../domain/program/program.ts"
import { lastReaders } from "../../domain/program/rewrite.ts"
import { type DeviceTensor, TensorBackend, type TensorData, TensorError } from "../../effects/ports/tensor_backend.ts"
import { broadcast, reduce, strided, transpose } from "./reference/layout.ts"
import { convolve, forEachWindow, largestPlace, type Tensor } from "./reference/windows.ts"

/** Single or double precision of every element and every sum. */
export type Precision = "f32" | "f64"

/**
 * The plain interpreter: slow and obvious, the oracle of every other backend. Each operation is one
 * loop, written as the definition reads; a tensor is freed after its last reader.
 */
export const layer = (precision: Precision): Layer.Layer<TensorBackend> => {
  const name = `reference/${precision}`
  const fail = (reason: TensorError["reason"], detail: string) => new TensorError({ backend: name, reason, detail })
  const read = (tensor: DeviceTensor): Effect.Effect<Tensor, TensorError> =>
    isTensor(tensor) ? Effect.succeed(tensor) : fail("unsupported", "the tensor belongs to another backend")
  return Layer.succeed(TensorBackend, {
    name,
    upload: (shape, data) =>
      data.length === elementCount(shape)
        ? Effect.sync(() => tensorOf(shape, zeros(precision, shape, data)))
        : fail("wrong_shape", `${data.length} elements do not fill the shape [${shape.join(", ")}]`),
    download: (tensor) => Effect.map(read(tensor), ({ data }) => data.slice()),
    compile: (program) =>
      Effect.succeed({
        run: Effect.fnUntraced(function* (given) {
          const inputs = new Map<string, Tensor>()
          for (const [input, { shape }] of program.inputs) {
            const tensor = given.get(input)
            if (tensor === undefined) return yield* fail("missing_input", `the input "${input}" is missing`)
            if (!sameShape(shape, tensor.shape)) {
              return yield* fail(
                "wrong_shape",
                `the input "${input}" has the shape [${tensor.shape.join(", ")}] instead of [${shape.join(", ")}]`
              )
            }
            inputs.set(input, yield* read(tensor))
          }
          return yield* Effect.sync(() => interpret(program, inputs, precision))
        })
      })
  })
}

function isTensor(tensor: DeviceTensor): tensor is Tensor {
  return "data" in tensor && (tensor.data instanceof Float32Array || tensor.data instanceof Float64Array)
}

function tensorOf(shape: Shape, data: TensorData): Tensor {
  return { shape, data }
}

function zeros(precision: Precision, shape: Shape, from?: ArrayLike<number>): TensorData {
  const data = precision === "f32" ? new Float32Array(elementCount(shape)) : new Float64Array(elementCount(shape))
  if (from !== undefined) data.set(from)
  return data
}

/** The outputs of a program, node by node. */
function interpret(
  program: Program,
  inputs: ReadonlyMap<string, Tensor>,
  precision: Precision
): ReadonlyMap<string, Tensor> {
  const last = lastReaders(program)
  const values: Array<Tensor | undefined> = []
  for (const [at, { operation, operands, shape }] of program.nodes.entries()) {
    const tensors = operands.map((operand) => values[operand]!)
    values[at] =
      operation._tag === "Input"
        ? inputs.get(operation.name)!
        : { shape, data: compute(operation, tensors, shape, precision) }
    for (const operand of operands) if (last[operand] === at) values[operand] = undefined
  }
  return new Map([...program.outputs].map(([name, { node }]) => [name, values[node]!]))
}

const UNARY: Readonly<Record<string, (x: number) => number>> = {
  negate: (x) => -x,
  exp: Math.exp,
  log: Math.log,
  sqrt: Math.sqrt,
  relu: (x) => Math.max(x, 0),
  step: (x) => (x > 0 ? 1 : 0)
}
const BINARY: Readonly<Record<string, (x: number, y: number) => number>> = {
  add: (x, y) => x + y,
  subtract: (x, y) => x - y,
  multiply: (x, y) => x * y,
  divide: (x, y) => x / y
}

/** The elements of a node. Sums are taken in double precision and rounded once. */
function compute(
  operation: Exclude<Operation, { _tag: "Input" }>,
  tensors: ReadonlyArray<Tensor>,
  shape: Shape,
  precision: Precision
): TensorData {
  const data = computeExactly(operation, tensors, shape)
  return precision === "f64" || data instanceof Float32Array ? data : Float32Array.from(data)
}

function computeExactly(
  operation: Exclude<Operation, { _tag: "Input" }>,
  tensors: ReadonlyArray<Tensor>,
  shape: Shape
): TensorData {
  const data = zeros("f64", shape)
  const [a, b] = tensors as readonly [Tensor, Tensor]
  switch (operation._tag) {
    case "Constant":
      return data.fill(operation.value)
    case "Detach":
    case "Reshape":
      return a.data
    case "Unary": {
      const f = UNARY[operation.kind]!
      for (let i = 0; i < data.length; i++) data[i] = f(a.data[i]!)
      return data
    }
    case "Binary": {
      const f = BINARY[operation.kind]!
      for (let i = 0; i < data.length; i++) data[i] = f(a.data[i]!, b.data[i]!)
      return data
    }
    case "Broadcast":
      broadcast(a, shape, data)
      return data
    case "Sum":
      reduce(a, shape, data, (sum, x) => sum + x)
      return data
    case "Max":
      reduce(a, shape, data.fill(Number.NEGATIVE_INFINITY), Math.max)
      return data
    case "Transpose":
      transpose(a, operation.permutation, shape, data)
      return data
    case "Slice":
      strided(shape, a.shape, operation.starts, operation.steps, (at, place) => {
        data[at] = a.data[place]!
      })
      return data
    case "Pad": {
      const every = operation.between.map((count) => count + 1)
      strided(a.shape, shape, operation.before, every, (at, place) => {
        data[place] = a.data[at]!
      })
      return data
    }
    case "Concatenate": {
      let start = 0
      for (const tensor of tensors) {
        const starts = shape.map((_, axis) => (axis === operation.axis ? start : 0))
        strided(
          tensor.shape,
          shape,
          starts,
          shape.map(() => 1),
          (at, place) => {
            data[place] = tensor.data[at]!
          }
        )
        start += tensor.shape[operation.axis]!
      }
      return data
    }
    case "MatMul":
      matMul(a, b, data)
      return data
    case "Convolution":
      convolve(operation, a, b, { shape, data }, "output")
      return data
    case "ConvolutionImage":
      convolve(operation, { shape, data }, b, a, "image")
      return data
    case "ConvolutionFilter":
      convolve(operation, a, { shape, data }, b, "filter")
      return data
    default:
      pool(operation, tensors, shape, data)
      return data
  }
}

function matMul(a: Tensor, b: Tensor, data: TensorData): void {
  const [inner, columns] = b.shape.slice(-2) as [number, number]
  const rows = a.data.length / inner
  const height = a.shape.at(-2)!
  for (let i = 0; i < rows; i++) {
    const matrix = Math.floor(i / height) * inner * columns
    for (let k = 0; k < inner; k++) {
      for (let j = 0; j < columns; j++) {
        data[i * columns + j]! += a.data[i * inner + k]! * b.data[matrix + k * columns + j]!
      }
    }
  }
}

type Pooling = Extract<
  Operation,
  { _tag: "MaxPool" | "MaxPoolScatter" | "MaxPoolGather" | "AveragePool" | "AveragePoolTranspose" }
>

function pool(operation: Pooling, [a, b]: ReadonlyArray<Tensor>, shape: Shape, data: TensorData): void {
  const [image, other] = [a!, b]
  const share = (places: ReadonlyArray<number>) =>
    "countPadding" in operation && operation.countPadding ? operation.kernel[0] * operation.kernel[1] : places.length
  switch (operation._tag) {
    case "MaxPool":
      forEachWindow(operation, image.shape, shape, (out, places) => {
        data[out] = image.data[largestPlace(image.data, places)]!
      })
      break
    case "MaxPoolScatter":
      forEachWindow(operation, image.shape, other!.shape, (out, places) => {
        data[largestPlace(image.data, places)]! += other!.data[out]!
      })
      break
    case "MaxPoolGather":
      forEachWindow(operation, image.shape, shape, (out, places) => {
        data[out] = other!.data[largestPlace(image.data, places)]!
      })
      break
    case "AveragePool":
      forEachWindow(operation, image.shape, shape, (out, places) => {
        for (const place of places) data[out]! += image.data[place]! / share(places)
      })
      break
    case "AveragePoolTranspose":
      forEachWindow(operation, shape, image.shape, (out, places) => {
        for (const place of places) data[place]! += image.data[out]! / share(places)
      })
      break
  }
}
