import type { Genotype } from "../../domain/architecture/genotype.ts"
import type { BuiltNetwork, NetworkSizes } from "./network.ts"
import { DIL_CONV, FACTORIZED_7, FACTORIZED_REDUCE, reluConvBn, SEP_CONV, ZERO_OF_STRIDE } from "./torch_blocks.ts"

/** The classes and constants of a genotype's network, as Python. */
export function dartsClasses(genotype: Genotype, sizes: NetworkSizes, network: BuiltNetwork): ReadonlyArray<string> {
  const reductions = [Math.floor(sizes.cells / 3), Math.floor((2 * sizes.cells) / 3)]
  const hasNormal = Array.from({ length: sizes.cells }, (_, cell) => cell).some((cell) => !reductions.includes(cell))
  const edges = [...(hasNormal ? genotype.normal : []), ...genotype.reduce]
  const used = new Set(edges.map(([operation]) => operation))
  const halvesSkip = genotype.reduce.some(([operation, from]) => operation === "skip_connect" && from < 2)
  const uses = (beginning: string) => [...used].some((operation) => operation.startsWith(beginning))
  const features = network.parameters.get("auxiliary_head.classifier.weight")?.[1]
  return [
    constants(genotype, sizes),
    reluConvBn("", "1"),
    FACTORIZED_REDUCE,
    ...(uses("sep_conv") ? [SEP_CONV] : []),
    ...(uses("dil_conv") ? [DIL_CONV] : []),
    ...(uses("conv_7x1") ? [FACTORIZED_7] : []),
    ...(uses("none") ? [ZERO_OF_STRIDE] : []),
    operations([...used].sort(), halvesSkip),
    CELL,
    ...(features === undefined ? [] : [auxiliaryHead(sizes.stem, features)]),
    networkClass(sizes.stem, features !== undefined)
  ]
}

function constants(genotype: Genotype, { channels, cells, classes, imageChannels }: NetworkSizes): string {
  const list = (edges: Genotype["normal"]) =>
    Array.from({ length: edges.length / 2 }, (_, node) =>
      edges.slice(2 * node, 2 * node + 2).map(([operation, from]) => `("${operation}", ${from})`)
    )
      .map((pair) => `    ${pair.join(", ")},\n`)
      .join("")
  return `
CHANNELS, CELLS, CLASSES, IMAGE_CHANNELS = ${channels}, ${cells}, ${classes}, ${imageChannels}

# Two edges per node: an operation and the node that it reads. Nodes 0 and 1 are the outputs of the two cells before.
NORMAL = [
${list(genotype.normal)}]
NORMAL_OUTPUT = [${genotype.normalConcat.join(", ")}]
REDUCE = [
${list(genotype.reduce)}]
REDUCE_OUTPUT = [${genotype.reduceConcat.join(", ")}]
`
}

function operations(used: ReadonlyArray<string>, halvesSkip: boolean): string {
  return `
OPERATIONS = {
${used.map((name) => `    "${name}": ${operation(name, halvesSkip)},\n`).join("")}}
`
}

function operation(name: string, halvesSkip: boolean): string {
  const made = (expression: string) => `lambda channels, stride: ${expression}`
  const kernel = name.at(-1)
  switch (name) {
    case "max_pool_3x3":
      return made("nn.MaxPool2d(3, stride=stride, padding=1)")
    case "avg_pool_3x3":
      return made("nn.AvgPool2d(3, stride=stride, padding=1, count_include_pad=False)")
    case "skip_connect":
      return made(
        halvesSkip ? "nn.Identity() if stride == 1 else FactorizedReduce(channels, channels)" : "nn.Identity()"
      )
    case "none":
      return made("Zero(stride)")
    case "conv_7x1_1x7":
      return name
    default:
      return made(`${name.startsWith("sep_conv") ? "SepConv" : "DilConv"}(channels, ${kernel}, stride)`)
  }
}

const CELL = `
class Cell(nn.Module):
    def __init__(self, before_last, last, channels, reduction, after_reduction):
        super().__init__()
        edges, self.output = (REDUCE, REDUCE_OUTPUT) if reduction else (NORMAL, NORMAL_OUTPUT)
        self.preprocess0 = (FactorizedReduce if after_reduction else ReLUConvBN)(before_last, channels)
        self.preprocess1 = ReLUConvBN(last, channels)
        self.sources = [source for _, source in edges]
        self._ops = nn.ModuleList(
            OPERATIONS[name](channels, 2 if reduction and source < 2 else 1) for name, source in edges
        )
        self.channels = channels * len(self.output)

    def forward(self, before_last, last):
        nodes = [self.preprocess0(before_last), self.preprocess1(last)]
        for i in range(0, len(self._ops), 2):
            first = self._ops[i](nodes[self.sources[i]])
            second = self._ops[i + 1](nodes[self.sources[i + 1]])
            nodes.append(first + second)
        return torch.cat([nodes[i] for i in self.output], dim=1)
`

function auxiliaryHead(stem: NetworkSizes["stem"], features: number): string {
  const last = stem === "cifar" ? "            nn.BatchNorm2d(768),\n" : ""
  return `
class AuxiliaryHead(nn.Module):
    """A second classifier, of the features after two thirds of the cells; its loss helps training."""

    def __init__(self, channels):
        super().__init__()
        self.features = nn.Sequential(
            nn.ReLU(),
            nn.AvgPool2d(5, stride=${stem === "cifar" ? 3 : 2}, count_include_pad=False),
            nn.Conv2d(channels, 128, 1, bias=False),
            nn.BatchNorm2d(128),
            nn.ReLU(),
            nn.Conv2d(128, 768, 2, bias=False),
${last}            nn.ReLU(),
        )
        self.classifier = nn.Linear(${features}, CLASSES)

    def forward(self, x):
        return self.classifier(self.features(x).flatten(1))
`
}

const CIFAR_STEM = `        self.stem = nn.Sequential(
            nn.Conv2d(IMAGE_CHANNELS, 3 * CHANNELS, 3, padding=1, bias=False),
            nn.BatchNorm2d(3 * CHANNELS),
        )
        before_last, last, channels, after_reduction = 3 * CHANNELS, 3 * CHANNELS, CHANNELS, False
`

const IMAGENET_STEM = `        self.stem0 = nn.Sequential(
            nn.Conv2d(IMAGE_CHANNELS, CHANNELS // 2, 3, stride=2, padding=1, bias=False),
            nn.BatchNorm2d(CHANNELS // 2),
            nn.ReLU(),
            nn.Conv2d(CHANNELS // 2, CHANNELS, 3, stride=2, padding=1, bias=False),
            nn.BatchNorm2d(CHANNELS),
        )
        self.stem1 = nn.Sequential(
            nn.ReLU(),
            nn.Conv2d(CHANNELS, CHANNELS, 3, stride=2, padding=1, bias=False),
            nn.BatchNorm2d(CHANNELS),
        )
        before_last, last, channels, after_reduction = CHANNELS, CHANNELS, CHANNELS, True
`

function networkClass(stem: NetworkSizes["stem"], auxiliary: boolean): string {
  const begin =
    stem === "cifar"
      ? "        before_last = last = self.stem(images)\n"
      : "        before_last = self.stem0(images)\n        last = self.stem1(before_last)\n"
  const head = auxiliary
    ? `            if i == 2 * CELLS // 3:
                self.auxiliary_head = AuxiliaryHead(last)
`
    : ""
  const forward = auxiliary
    ? `        for i, cell in enumerate(self.cells):
            before_last, last = last, cell(before_last, last)
            if i == 2 * CELLS // 3:
                auxiliary = self.auxiliary_head(last)
        return self.classifier(last.mean(dim=(2, 3))), auxiliary
`
    : `        for cell in self.cells:
            before_last, last = last, cell(before_last, last)
        return self.classifier(last.mean(dim=(2, 3)))
`
  return `
class Network(nn.Module):
    def __init__(self):
        super().__init__()
${stem === "cifar" ? CIFAR_STEM : IMAGENET_STEM}        self.cells = nn.ModuleList()
        for i in range(CELLS):
            reduction = i in (CELLS // 3, 2 * CELLS // 3)
            channels = 2 * channels if reduction else channels
            cell = Cell(before_last, last, channels, reduction, after_reduction)
            self.cells.append(cell)
            before_last, last, after_reduction = last, cell.channels, reduction
${head}        self.classifier = nn.Linear(last, CLASSES)

    def forward(self, images):
${begin}${forward}`
}
