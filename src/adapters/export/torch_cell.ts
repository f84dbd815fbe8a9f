import type { CellGraph, GraphEdge } from "../../domain/network/cell_graph.ts"

/** A cell to write as a class. */
export interface TorchCell {
  readonly className: string
  /** What it is, for people. */
  readonly about: string
  readonly graph: CellGraph
  /** By the positions of the edges. */
  readonly operations: ReadonlyArray<string>
  /** Number of its inputs: the outputs of as many cells before it. */
  readonly inputs: number
  /** Whether its inputs are brought to its channels and size. */
  readonly adapts: boolean
  /** Whether there may be fewer states than inputs, the first of which then stands for those. */
  readonly startsShort: boolean
  /** What the list of its operations is called in the state. */
  readonly list: "_ops" | "layers"
}

/** Characters up to which an expression stays on its line. */
const LINE = 100

/** A cell as a class of Python, one line a node. Names of its members are those of the state. */
export function cellClass(cell: TorchCell): string {
  const { className, about, graph, inputs, adapts, list } = cell
  const joins = graph.combine === "concatenate"
  const inputNumbers = Array.from({ length: inputs }, (_, i) => i)
  const edges = graph.nodes.flatMap((incoming, i) => incoming.map((edge) => ({ ...edge, to: inputs + i })))
  const listed = edges.toSorted((a, b) => a.position - b.position)
  const outputs = graph.output.length
  const nodeModules = graph.nodes.map(
    (incoming, i) => `            "${inputs + i}": ReLUConvBN(${times(incoming.length)}, channels),\n`
  )
  return `
class ${className}(nn.Module):
    """${about}"""

    STRIDE = ${graph.stride}

    def __init__(self, sizes, channels):
        super().__init__()
${adapts ? inputNumbers.map((i) => `        self.preprocess${i} = adapted(${state(cell, "sizes", i)}, channels, sizes[-1][1])\n`).join("") : ""}        self.${list} = nn.ModuleList([
${listed.map((edge) => `            ${operation(cell, edge)},  # ${edge.from} -> ${edge.to}${isNone(cell, edge) ? ": none" : ""}\n`).join("")}        ])
${joins ? `        self.nodes = nn.ModuleDict({\n${nodeModules.join("")}        })\n` : ""}        self.channels = ${times(outputs)}

    def forward(self, states: List[torch.Tensor]):
${inputNumbers.map((i) => `        node${i} = ${adapts ? `self.preprocess${i}(${state(cell, "states", i)})` : state(cell, "states", i)}\n`).join("")}${graph.nodes.map((incoming, i) => `        node${inputs + i} = ${node(cell, inputs + i, incoming)}\n`).join("")}        return ${outputs === 1 ? `node${graph.output[0]}` : `torch.cat([${graph.output.map((at) => `node${at}`).join(", ")}], dim=1)`}
`
}

function times(count: number): string {
  return count === 1 ? "channels" : `${count} * channels`
}

/** The state that an input is, of `states` or of their sizes. */
function state({ inputs, startsShort }: TorchCell, list: string, input: number): string {
  const back = inputs - input
  return startsShort && back > 1 ? `${list}[max(0, len(${list}) - ${back})]` : `${list}[-${back}]`
}

function isNone({ operations }: TorchCell, { position }: GraphEdge): boolean {
  return operations[position] === "none"
}

function node(cell: TorchCell, at: number, incoming: ReadonlyArray<GraphEdge>): string {
  const { graph, inputs, list } = cell
  const zeros =
    graph.stride === 2 && at >= inputs ? "torch.zeros_like(node0[:, :, ::2, ::2])" : "torch.zeros_like(node0)"
  const carried = (edge: GraphEdge) => (isNone(cell, edge) ? zeros : `self.${list}[${edge.position}](node${edge.from})`)
  if (graph.combine === "concatenate")
    return `self.nodes["${at}"](torch.cat(${wrapped("[", incoming.map(carried), ", ", "]")}, dim=1))`
  const terms = incoming.filter((edge) => !isNone(cell, edge)).map(carried)
  if (terms.length === 0) return zeros
  const sum = terms.join(" + ")
  if (graph.combine === "mean" && incoming.length > 1) return `${wrapped("(", terms, " + ", ")")} / ${incoming.length}`
  return sum.length > LINE ? wrapped("(", terms, " + ", ")") : sum
}

/** Terms between brackets, each on its own line where one does not hold them. */
function wrapped(open: string, terms: ReadonlyArray<string>, between: string, close: string): string {
  const whole = `${open}${terms.join(between)}${close}`
  if (whole.length <= LINE) return whole
  return `${open}\n            ${terms.join(`${between.trimEnd()}\n            `)}\n        ${close}`
}

function operation(cell: TorchCell, { position, from }: GraphEdge): string {
  const { operations, graph, inputs } = cell
  const name = operations[position]!
  const stride = graph.stride === 2 && from < inputs ? 2 : 1
  const kernel = name.at(-1)!
  switch (name) {
    case "none":
      return "nn.Identity()"
    case "skip_connect":
      return stride === 1 ? "nn.Identity()" : "FactorizedReduce(channels, channels)"
    case "max_pool_3x3":
      return `nn.MaxPool2d(3, stride=${stride}, padding=1)`
    case "avg_pool_3x3":
      return `nn.AvgPool2d(3, stride=${stride}, padding=1, count_include_pad=False)`
    case "conv_7x1_1x7":
      return `conv_7x1_1x7(channels, ${stride})`
    case "nor_conv_1x1":
    case "nor_conv_3x3":
      return `ReLUConvBN(channels, channels, ${kernel}${stride === 1 ? "" : `, stride=${stride}`})`
    default:
      return `${name.startsWith("sep_conv") ? "SepConv" : "DilConv"}(channels, ${kernel}, ${stride})`
  }
}
