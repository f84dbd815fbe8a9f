import type { Architecture } from "../../domain/architecture/architecture.ts"
import { NAS_BENCH_201_OPERATIONS } from "../../domain/space/nas_bench_201.ts"
import type { NetworkSizes } from "./network.ts"
import { RESIDUAL_BLOCK, reluConvBn, ZERO } from "./torch_blocks.ts"

const EDGES = [1, 2, 3].flatMap((to) => Array.from({ length: to }, (_, from) => [from, to] as const))

const MODULES: Readonly<Record<(typeof NAS_BENCH_201_OPERATIONS)[number], string>> = {
  none: "Zero()",
  skip_connect: "nn.Identity()",
  nor_conv_1x1: "ReLUConvBN(channels, channels, 1)",
  nor_conv_3x3: "ReLUConvBN(channels, channels, 3)",
  avg_pool_3x3: "nn.AvgPool2d(3, stride=1, padding=1, count_include_pad=False)"
}

/** The classes and constants of a NAS-Bench-201 network, as Python. */
export function nasBench201Classes(architecture: Architecture, sizes: NetworkSizes): ReadonlyArray<string> {
  const chosen = EDGES.map((edge, i) => [NAS_BENCH_201_OPERATIONS[architecture[i]!]!, ...edge] as const)
  const used = NAS_BENCH_201_OPERATIONS.filter((operation) => chosen.some(([name]) => name === operation))
  const edges = chosen.map(([name, from, to]) => `    ("${name}", ${from}, ${to}),\n`).join("")
  const operations = used.map((name) => `    "${name}": lambda channels: ${MODULES[name]},\n`).join("")
  return [
    `
CHANNELS, CELLS_PER_STAGE, CLASSES, IMAGE_CHANNELS = ${sizes.channels}, ${sizes.cells}, ${sizes.classes}, ${sizes.imageChannels}

# The edges of a cell: operation, from node, to node.
EDGES = [
${edges}]
`,
    reluConvBn(", kernel, stride=1", "kernel, stride=stride, padding=kernel // 2"),
    ...(used.includes("none") ? [ZERO] : []),
    `
OPERATIONS = {
${operations}}
`,
    CELL,
    RESIDUAL_BLOCK,
    NETWORK
  ]
}

const CELL = `
class Cell(nn.Module):
    """Node 0 is the input; a later node is the sum of its edges; node 3 is the output."""

    def __init__(self, channels):
        super().__init__()
        self.layers = nn.ModuleList(OPERATIONS[name](channels) for name, _, _ in EDGES)

    def forward(self, x):
        nodes = [x]
        for node in (1, 2, 3):
            nodes.append(
                sum(
                    layer(nodes[source])
                    for layer, (_, source, target) in zip(self.layers, EDGES)
                    if target == node
                )
            )
        return nodes[3]
`

const NETWORK = `
class Network(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem = nn.Sequential(
            nn.Conv2d(IMAGE_CHANNELS, CHANNELS, 3, padding=1, bias=False),
            nn.BatchNorm2d(CHANNELS),
        )
        channels = CHANNELS
        self.cells = nn.ModuleList()
        for stage in range(3):
            if stage > 0:
                self.cells.append(ResidualBlock(channels))
                channels *= 2
            self.cells.extend(Cell(channels) for _ in range(CELLS_PER_STAGE))
        self.lastact = nn.Sequential(nn.BatchNorm2d(channels), nn.ReLU())
        self.classifier = nn.Linear(channels, CLASSES)

    def forward(self, images):
        x = self.stem(images)
        for cell in self.cells:
            x = cell(x)
        return self.classifier(self.lastact(x).mean(dim=(2, 3)))
`
