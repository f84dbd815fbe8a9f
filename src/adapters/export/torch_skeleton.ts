import type { BuiltNetwork, NetworkSizes } from "./network.ts"
import type { Pixels } from "./pixels.ts"
import type { TorchCells } from "./torch_cells.ts"

/** What a network's class is written of. */
export interface TorchSkeleton {
  readonly sizes: NetworkSizes
  readonly network: BuiltNetwork
  readonly pixels: Pixels
  readonly cells: TorchCells
  /** Whether it has NAS-Bench-201's skeleton; else it has DARTS's. */
  readonly staged: boolean
}

/** The numbers that a module begins with. */
export function constants({ sizes, pixels }: TorchSkeleton): string {
  const { normalization } = pixels
  const { channels, classes, imageChannels } = sizes
  return `
CHANNELS, CLASSES, IMAGE_CHANNELS = ${channels}, ${classes}, ${imageChannels}
${normalization === undefined ? "" : `# What the images of the training were normalized with: (pixels - MEAN) / STD, pixels from 0 to 1.\nMEAN = [${normalization.mean.join(", ")}]\nSTD = [${normalization.std.join(", ")}]\n`}`
}

/** Which cell stands where; runs of equal ones are multiplied. */
export function layout({ cells }: TorchSkeleton): string {
  const runs: Array<{ readonly name: string; count: number }> = []
  for (const name of cells.layout) {
    const last = runs.at(-1)
    if (last?.name === name) last.count += 1
    else runs.push({ name, count: 1 })
  }
  return `
LAYOUT = ${runs.map(({ name, count }) => (count === 1 ? `[${name}]` : `${count} * [${name}]`)).join(" + ")}
`
}

/** What brings the inputs of cells to their channels and size. */
export function adapted({ network, staged }: TorchSkeleton): string {
  const some = (pattern: RegExp) => [...network.parameters.keys()].some((name) => pattern.test(name))
  const pointwise = some(/\.preprocess\d+\.op\./)
  const reduces = some(/\.preprocess\d+\.conv_1\./)
  const several = some(/\.preprocess\d+\.\d+\./)
  const fits = staged ? "    if size == (channels, halvings):\n        return nn.Identity()\n" : ""
  const reduce = several
    ? "FactorizedReduces(inputs, channels, halvings - halved)"
    : "FactorizedReduce(inputs, channels)"
  const body =
    pointwise && reduces
      ? `    if halved == halvings:\n        return ReLUConvBN(inputs, channels)\n    return ${reduce}\n`
      : `    return ${pointwise ? "ReLUConvBN(inputs, channels)" : reduce}\n`
  return `
def adapted(size, channels, halvings):
    """Brings a state to a cell: size is its channels, and how often its image was halved."""
${fits}    inputs, halved = size
${body}`
}

const NB_STEM = `        self.stem = nn.Sequential(
            nn.Conv2d(IMAGE_CHANNELS, CHANNELS, 3, padding=1, bias=False),
            nn.BatchNorm2d(CHANNELS),
        )
        sizes = [(CHANNELS, 0)]
`

const CIFAR_STEM = `        self.stem = nn.Sequential(
            nn.Conv2d(IMAGE_CHANNELS, 3 * CHANNELS, 3, padding=1, bias=False),
            nn.BatchNorm2d(3 * CHANNELS),
        )
        sizes = [(3 * CHANNELS, 0), (3 * CHANNELS, 0)]
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
        sizes = [(CHANNELS, 0), (CHANNELS, 1)]
`

/** The whole network. A state is the output of a stem or a cell; as many are kept as cells read. */
export function networkClass({ sizes, pixels, cells, staged, network }: TorchSkeleton): string {
  const { stem } = sizes
  const auxiliary = network.parameters.has("auxiliary_head.classifier.weight")
  const after = Math.floor((2 * cells.layout.length) / 3)
  const kept = Math.max(1, ...cells.cells.map(({ inputs }) => inputs))
  const begin =
    stem === "imagenet"
      ? "        first = self.stem0(images)\n        states = [first, self.stem1(first)]\n"
      : staged
        ? "        states = [self.stem(images)]\n"
        : "        stem = self.stem(images)\n        states = [stem, stem]\n"
  const buffers = pixels.builtIn
    ? ["mean", "std"].map(
        (name) =>
          `        self.register_buffer("${name}", torch.tensor(${name.toUpperCase()}).reshape(1, -1, 1, 1), persistent=False)\n`
      )
    : []
  const last = staged ? "self.lastact(states[-1])" : "states[-1]"
  return `
class Network(nn.Module):
    def __init__(self):
        super().__init__()
${buffers.join("")}${stem === "imagenet" ? IMAGENET_STEM : staged ? NB_STEM : CIFAR_STEM}        channels = CHANNELS
        self.cells = nn.ModuleList()
        for ${auxiliary ? "i, kind in enumerate(LAYOUT)" : "kind in LAYOUT"}:
            channels *= kind.STRIDE
            cell = kind(sizes, channels)
            self.cells.append(cell)
            sizes.append((cell.channels, sizes[-1][1] + (kind.STRIDE == 2)))
${auxiliary ? `            if i == ${after}:\n                self.auxiliary_head = AuxiliaryHead(cell.channels)\n` : ""}${staged ? "        self.lastact = nn.Sequential(nn.BatchNorm2d(sizes[-1][0]), nn.ReLU())\n" : ""}        self.classifier = nn.Linear(sizes[-1][0], CLASSES)

    def forward(self, images):
${pixels.builtIn ? "        images = (images - self.mean) / self.std\n" : ""}${begin}${auxiliary ? "        auxiliary = states[-1]\n" : ""}        for ${auxiliary ? "i, cell in enumerate(self.cells)" : "cell in self.cells"}:
            states = (states + [cell(states)])[-${kept}:]
${auxiliary ? `            if i == ${after}:\n                auxiliary = states[-1]\n` : ""}        logits = self.classifier(${last}.mean(dim=(2, 3)))
        return logits${auxiliary ? ", self.auxiliary_head(auxiliary)" : ""}
`
}

/** The second classifier. */
export function auxiliaryHead({ sizes, network }: TorchSkeleton): string {
  const { stem } = sizes
  const features = network.parameters.get("auxiliary_head.classifier.weight")?.[1]
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
