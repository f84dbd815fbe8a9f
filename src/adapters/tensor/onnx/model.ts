import protobuf from "protobufjs/light.js"
import type { Shape } from "../../../domain/program/operation.ts"

/**
 * The part of the ONNX format that programs need; field numbers are those of onnx.proto3, IR
 * version 8.
 */
const FORMAT = {
  ModelProto: {
    irVersion: "int64 1",
    producerName: "string 2",
    producerVersion: "string 3",
    graph: "GraphProto 7",
    opsetImport: "OperatorSetIdProto* 8",
    metadataProps: "StringStringEntryProto* 14"
  },
  StringStringEntryProto: { key: "string 1", value: "string 2" },
  OperatorSetIdProto: { domain: "string 1", version: "int64 2" },
  GraphProto: {
    node: "NodeProto* 1",
    name: "string 2",
    initializer: "TensorProto* 5",
    input: "ValueInfoProto* 11",
    output: "ValueInfoProto* 12"
  },
  NodeProto: {
    input: "string* 1",
    output: "string* 2",
    name: "string 3",
    opType: "string 4",
    attribute: "AttributeProto* 5",
    domain: "string 7"
  },
  AttributeProto: { name: "string 1", f: "float 2", i: "int64 3", s: "bytes 4", ints: "int64* 8", type: "int32 20" },
  TensorProto: { dims: "int64* 1", dataType: "int32 2", name: "string 8", rawData: "bytes 9" },
  ValueInfoProto: { name: "string 1", type: "TypeProto 2", docString: "string 3" },
  TypeProto: { tensorType: "TensorTypeProto 1" },
  TensorTypeProto: { elemType: "int32 1", shape: "TensorShapeProto 2" },
  TensorShapeProto: { dim: "DimensionProto* 1" },
  DimensionProto: { dimValue: "int64 1", dimParam: "string 2" }
} as const

const [FLOAT, INT64] = [1, 7]
const ATTRIBUTE = { f: 1, i: 2, s: 3, ints: 7 } as const

const modelType = (() => {
  const nested = Object.fromEntries(
    Object.entries(FORMAT).map(([message, fields]) => [
      message,
      {
        fields: Object.fromEntries(
          Object.entries<string>(fields).map(([field, text]) => {
            const [type, id] = text.split(" ") as [string, string]
            const repeated = type.endsWith("*") ? { rule: "repeated" } : {}
            return [field, { type: type.replace("*", ""), id: Number(id), ...repeated }]
          })
        )
      }
    ])
  )
  return protobuf.Root.fromJSON({ nested }).lookupType("ModelProto")
})()

/**
 * An attribute of an ONNX operator: an integer, integers, a text, or a real number given as `{
 * float }`.
 */
type Attribute = number | string | ReadonlyArray<number> | { readonly float: number }

/**
 * How an operator is written: its attributes and its domain; what it and its result are called,
 * where that matters.
 */
interface OperatorOptions {
  readonly attributes?: Readonly<Record<string, Attribute>>
  readonly domain?: string
  readonly name?: string
}

/** Sizes of a tensor; one that is only known when the model runs has a name. */
export type Dimensions = ReadonlyArray<number | string>

/** What a model tells of itself. */
export interface ModelFacts {
  /** Version of the program that writes it. */
  readonly version?: string
  readonly metadata?: Readonly<Record<string, string>>
}

/** An operator in the graph. */
interface GraphNode {
  readonly opType: string
  readonly input: ReadonlyArray<string>
  readonly output: ReadonlyArray<string>
}

/** Operators that only move elements. */
const MOVES = new Set(["Reshape", "Transpose", "Slice", "Split", "Expand", "Concat"])

/** Operators that are done as soon as they can be. */
const EAGER = new Set(["Reshape", "Concat"])

/** Bytes up to which equal constants are stored once. */
const LARGEST_SHARED = 65536

/** Versions of the operator sets by domain. */
const OPERATOR_SETS = [
  ["", 18],
  ["com.microsoft", 1],
  ["com.microsoft.nchwc", 1]
] as const

/**
 * Grows an ONNX graph. Values are named by strings; equal operators of equal operands are made
 * once, and so are equal constants. Source of the format: the ONNX specification, operator set 18.
 */
export class OnnxGraph {
  #nodes: Array<GraphNode> = []
  readonly #initializers: Array<object> = []
  readonly #inputs: Array<object> = []
  readonly #outputs: Array<{ readonly name: string }> = []
  readonly #known = new Map<string, string>()
  readonly #domains = new Set([""])

  /** Number of operators. */
  get size(): number {
    return this.#nodes.length
  }

  /** A tensor from outside, of single precision. `about` says for people what it holds. */
  input(name: string, shape: Dimensions, about = ""): string {
    this.#inputs.push(valueInfo(name, shape, about))
    return name
  }

  /** A tensor that the model holds under a name of its own, of single precision. */
  initializer(name: string, shape: Shape, values: ArrayLike<number>): string {
    const rawData = new Uint8Array(Float32Array.from(values).buffer)
    this.#initializers.push({ name, dims: shape, dataType: FLOAT, rawData })
    return name
  }

  /** The result of an operator. */
  operator(
    type: string,
    inputs: ReadonlyArray<string>,
    { attributes = {}, domain = "", name: own }: OperatorOptions = {}
  ): string {
    const key = `${domain}.${type}(${inputs.join()})${JSON.stringify(attributes)}`
    const known = this.#known.get(key)
    if (known !== undefined) return known
    const name = own ?? `${type}#${this.#nodes.length}`
    this.#push(type, inputs, [name], attributes, domain)
    this.#known.set(key, name)
    return name
  }

  /** The parts of a value along an axis, one after the other. */
  split(value: string, axis: number, sizes: ReadonlyArray<number>): ReadonlyArray<string> {
    const names = sizes.map((_, part) => `Split#${this.#nodes.length}.${part}`)
    this.#push("Split", [value, this.integers(sizes)], names, { axis }, "")
    return names
  }

  /** A list of integers. */
  integers(values: ReadonlyArray<number>): string {
    return this.#constant(INT64, [values.length], new Uint8Array(BigInt64Array.from(values, BigInt).buffer))
  }

  /** Single-precision numbers in row-major order. */
  floats(shape: Shape, values: ArrayLike<number>): string {
    return this.#constant(FLOAT, shape, new Uint8Array(Float32Array.from(values).buffer))
  }

  /** Name a value as an output. */
  output(name: string, value: string, shape: Dimensions): void {
    this.#push("Identity", [value], [name], {}, "")
    this.#outputs.push(valueInfo(name, shape))
  }

  /**
   * Call the result of an operator by the name of an output, which needs no copy then. No operator
   * may be added after it.
   */
  outputAs(name: string, value: string, shape: Dimensions): void {
    const renamed = (names: ReadonlyArray<string>) => names.map((one) => (one === value ? name : one))
    const makes = (node: GraphNode) => node.output.includes(value)
    if (!this.#nodes.some(makes) || this.#outputs.some((output) => output.name === value)) {
      this.output(name, value, shape)
      return
    }
    this.#nodes = this.#nodes.map((node) => ({ ...node, input: renamed(node.input), output: renamed(node.output) }))
    this.#outputs.push(valueInfo(name, shape))
  }

  /** The model in the ONNX file format. */
  encode({ version = "", metadata = {} }: ModelFacts = {}): Uint8Array {
    const model = {
      irVersion: 8,
      producerName: "na-nas",
      producerVersion: version,
      metadataProps: Object.entries(metadata).map(([key, value]) => ({ key, value })),
      graph: {
        name: "program",
        node: this.#ordered(),
        initializer: this.#initializers,
        input: this.#inputs,
        output: this.#outputs
      },
      opsetImport: OPERATOR_SETS.flatMap(([domain, version]) =>
        this.#domains.has(domain) ? [{ domain, version }] : []
      )
    }
    return modelType.encode(model).finish()
  }

  /** The operators that an output depends on. */
  #needed(): ReadonlyArray<GraphNode> {
    const read = new Set(this.#outputs.map(({ name }) => name))
    return this.#nodes
      .toReversed()
      .filter(({ input, output }) => {
        if (!output.some((name) => read.has(name))) return false
        for (const name of input) read.add(name)
        return true
      })
      .reverse()
  }

  /**
   * The operators in an order in which few are ready and wait, and few tensors are kept: those that
   * only move the elements of inputs come first, reshapes and joins follow their last operand at
   * once. ONNX Runtime sorts operators with a list of the ready ones, and looks through a list of
   * free buffers for each, in time proportional to their lengths.
   */
  #ordered(): ReadonlyArray<GraphNode> {
    const nodes = this.#needed()
    const made = new Set(nodes.flatMap(({ output }) => output))
    const waitsFor = (node: GraphNode) => new Set(node.input.filter((name) => made.has(name)))
    const first = nodes.filter((node) => {
      if (!MOVES.has(node.opType) || waitsFor(node).size > 0) return false
      for (const name of node.output) made.delete(name)
      return true
    })
    const readers = new Map<string, Array<{ readonly node: GraphNode; readonly missing: Set<string> }>>()
    const others = nodes.filter((node) => {
      if (!made.has(node.output[0]!)) return false
      const missing = waitsFor(node)
      if (!EAGER.has(node.opType) || missing.size === 0) return true
      for (const name of missing) readers.set(name, [...(readers.get(name) ?? []), { node, missing }])
      return false
    })
    const withReaders = (node: GraphNode): ReadonlyArray<GraphNode> => [
      node,
      ...node.output.flatMap((name) =>
        (readers.get(name) ?? []).flatMap((reader) => {
          reader.missing.delete(name)
          return reader.missing.size === 0 ? withReaders(reader.node) : []
        })
      )
    ]
    return [...first, ...others.flatMap(withReaders)]
  }

  #push(
    type: string,
    inputs: ReadonlyArray<string>,
    output: ReadonlyArray<string>,
    attributes: Readonly<Record<string, Attribute>>,
    domain: string
  ): void {
    this.#domains.add(domain)
    const attribute = Object.entries(attributes).map(([name, value]) => ({ name, ...attributeValue(value) }))
    const node = { opType: type, input: inputs, output, name: output[0], attribute, domain }
    this.#nodes.push(node)
  }

  #constant(dataType: number, dims: Shape, rawData: Uint8Array): string {
    const key = `${dataType}[${dims.join()}]${rawData.length > LARGEST_SHARED ? this.#initializers.length : Buffer.from(rawData).toString("latin1")}`
    const known = this.#known.get(key)
    if (known !== undefined) return known
    const name = `Constant#${this.#initializers.length}`
    this.#initializers.push({ name, dims, dataType, rawData })
    this.#known.set(key, name)
    return name
  }
}

function attributeValue(value: Attribute): object {
  if (typeof value === "number") return { i: value, type: ATTRIBUTE.i }
  if (typeof value === "string") return { s: new TextEncoder().encode(value), type: ATTRIBUTE.s }
  return "float" in value ? { f: value.float, type: ATTRIBUTE.f } : { ints: value, type: ATTRIBUTE.ints }
}

function valueInfo(name: string, shape: Dimensions, about = "") {
  const dim = shape.map((size) => (typeof size === "number" ? { dimValue: size } : { dimParam: size }))
  return { name, type: { tensorType: { elemType: FLOAT, shape: { dim } } }, docString: about }
}
