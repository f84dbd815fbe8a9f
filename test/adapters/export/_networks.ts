import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import type * as FileSystem from "@effect/platform/FileSystem"
import type * as Path from "@effect/platform/Path"
import * as NodeContext from "@effect/platform-node/NodeContext"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import { readExportable } from "../../../src/adapters/export/architecture.ts"
import { type ExportRequest, exportNetwork, type NetworkRequest } from "../../../src/adapters/export/export_network.ts"
import { type BuiltNetwork, buildNetwork, networkSizes } from "../../../src/adapters/export/network.ts"
import { writeSafetensors } from "../../../src/adapters/tensor/safetensors.ts"
import { elementCount } from "../../../src/domain/program/program.ts"
import { keyOf, uniformAt } from "../../../src/domain/random.ts"
import { failure, run } from "../../_effect.ts"
import { evaluate } from "../../domain/program/_programs.ts"

type Files = FileSystem.FileSystem | Path.Path

/** Networks that together hold every operation, with every stride it has, at even and odd sizes, both stems, and the auxiliary heads. */
export const NETWORKS: ReadonlyArray<readonly [string, NetworkRequest]> = [
  [
    "DARTS with every operation",
    {
      architecture:
        "Genotype(normal=[('sep_conv_3x3', 0), ('dil_conv_5x5', 1), ('skip_connect', 0), ('max_pool_3x3', 2), ('avg_pool_3x3', 1), ('dil_conv_3x3', 3), ('sep_conv_5x5', 2), ('conv_7x1_1x7', 4)], normal_concat=range(2, 6), reduce=[('skip_connect', 0), ('conv_7x1_1x7', 1), ('dil_conv_3x3', 0), ('sep_conv_5x5', 1), ('avg_pool_3x3', 0), ('max_pool_3x3', 1), ('skip_connect', 2), ('dil_conv_5x5', 1)], reduce_concat=range(2, 6))",
      sizes: { channels: 4, cells: 4, image: 31, auxiliary: true }
    }
  ],
  [
    "AmoebaNet for large images",
    { architecture: "AmoebaNet", sizes: { channels: 3, cells: 4, classes: 7, image: 61, stem: "imagenet" } }
  ],
  [
    "a large auxiliary head",
    {
      architecture: "DARTS_V2",
      sizes: { channels: 2, cells: 2, classes: 3, image: 256, stem: "imagenet", auxiliary: true }
    }
  ],
  [
    "DARTS with edges that add nothing",
    {
      architecture:
        "Genotype(normal=[('none', 0), ('sep_conv_3x3', 1), ('none', 0), ('none', 1)], normal_concat=[2, 3], reduce=[('none', 0), ('max_pool_3x3', 1), ('none', 1), ('none', 2)], reduce_concat=[2, 3])",
      sizes: { channels: 2, cells: 3, image: 11 }
    }
  ],
  ["two reduction cells", { architecture: "NASNet", sizes: { channels: 3, cells: 2, image: 17 } }],
  ["one cell", { architecture: "DARTS_V1", sizes: { channels: 3, cells: 1, image: 10 } }],
  [
    "gray images",
    { architecture: "DARTS_V1", sizes: { channels: 2, cells: 1, image: 64, imageChannels: 1, stem: "imagenet" } }
  ],
  [
    "NAS-Bench-201 with every operation",
    {
      architecture: "|nor_conv_3x3~0|+|none~0|skip_connect~1|+|nor_conv_1x1~0|avg_pool_3x3~1|nor_conv_3x3~2|",
      sizes: { channels: 4, cells: 2, image: 16 }
    }
  ],
  [
    "NAS-Bench-201 that the image does not reach",
    {
      architecture: "|none~0|+|none~0|none~1|+|none~0|none~1|none~2|",
      sizes: { channels: 2, cells: 1, image: 8, imageChannels: 1 }
    }
  ],
  [
    "NAS-Bench-201 with a node that gets nothing",
    {
      architecture: "|none~0|+|none~0|none~1|+|skip_connect~0|avg_pool_3x3~1|nor_conv_1x1~2|",
      sizes: { channels: 3, cells: 1, image: 11, imageChannels: 1 }
    }
  ]
]

/**
 * Spaces of one's own, each with an architecture and sizes: stages of single cells, and cells that halve the image; nodes that are summed, averaged and
 * concatenated; inputs that are halved twice; names that are no names in Python.
 */
export const OWN_NETWORKS: ReadonlyArray<
  readonly [{ readonly name: string; readonly cells: unknown }, Omit<NetworkRequest, "space">]
> = [
  [
    {
      name: "stages",
      cells: [
        {
          name: "cell",
          inputs: 1,
          nodes: 2,
          combine: "mean",
          edges: [
            { from: 0, to: 1, operations: ["skip_connect", "nor_conv_3x3"] },
            { from: 0, to: 2, operations: ["none", "sep_conv_3x3"] },
            { from: 1, to: 2, operations: ["max_pool_3x3", "dil_conv_3x3"] }
          ]
        }
      ]
    },
    { architecture: "|nor_conv_3x3~0|+|sep_conv_3x3~0|max_pool_3x3~1|", sizes: { channels: 3, cells: 2, image: 9 } }
  ],
  [
    {
      name: "halving",
      cells: [1, 2].map((stride) => ({
        name: `stride ${stride}`,
        inputs: 2,
        nodes: 2,
        output: "concatenate",
        stride,
        edges: [
          { from: 0, to: 2, operations: ["skip_connect", "nor_conv_1x1"] },
          { from: 1, to: 2, operations: ["sep_conv_3x3", "avg_pool_3x3"] },
          { from: 1, to: 3, operations: ["skip_connect", "dil_conv_5x5"] },
          { from: 2, to: 3, operations: ["nor_conv_3x3", "skip_connect"] }
        ]
      }))
    },
    { architecture: "01010110", sizes: { channels: 2, cells: 4, image: 29, auxiliary: true } }
  ],
  [
    {
      name: "three inputs, concatenated",
      cells: [1, 2].map((stride) => ({
        name: `${stride} "x"`,
        inputs: 3,
        nodes: 2,
        combine: "concatenate",
        output: "concatenate",
        stride,
        edges: [
          { from: 2, to: 4, operations: ["none", "max_pool_3x3"] },
          { from: 0, to: 3, operations: ["none", "nor_conv_3x3"] },
          { from: 1, to: 3, operations: ["none", "skip_connect"] },
          { from: 3, to: 4, operations: ["none", "sep_conv_3x3"] }
        ]
      }))
    },
    { architecture: "10110101", sizes: { channels: 2, cells: 4, image: 16 } }
  ],
  [
    {
      name: "stages that grow",
      cells: [
        {
          name: "cell",
          inputs: 2,
          nodes: 3,
          output: "concatenate",
          edges: [
            { from: 1, to: 2, operations: ["none", "avg_pool_3x3"] },
            { from: 0, to: 3, operations: ["none", "nor_conv_1x1"] },
            { from: 2, to: 3, operations: ["none", "conv_7x1_1x7"] },
            { from: 0, to: 4, operations: ["none", "skip_connect"] }
          ]
        }
      ]
    },
    { architecture: "1010", sizes: { channels: 3, cells: 2, image: 8 } }
  ]
]

/** Images per run. */
export const BATCH = 2

/** Tensors of a network that differ from those of a fresh one, running statistics included. */
export function trainedTensors({ parameters, buffers }: BuiltNetwork) {
  return new Map(
    [...parameters, ...buffers].map(([name, shape]) => {
      const key = keyOf(name)
      const fan = shape.length > 1 ? elementCount(shape.slice(1)) : 1
      const [center, width] =
        /running_var|(norm|bn|\.\d)\.weight$/.test(name) && shape.length === 1 ? [1, 0.5] : [0, 1 / Math.sqrt(fan)]
      const data = Float32Array.from(
        { length: elementCount(shape) },
        (_, i) => center + width * (2 * uniformAt(key, i) - 1)
      )
      return [name, { shape, data }] as const
    })
  )
}

/** A network and numbers for all its inputs. */
export async function networkOf(request: NetworkRequest, batch = BATCH) {
  const exportable = await run(Effect.provide(readExportable(request.architecture, request.space), NodeContext.layer))
  const sizes = Either.getOrThrow(networkSizes(exportable, request.sizes))
  const network = Either.getOrThrow(buildNetwork(exportable, sizes, batch))
  const shape = [batch, sizes.imageChannels, sizes.image, sizes.image]
  const key = keyOf("image")
  const image = Float32Array.from({ length: elementCount(shape) }, (_, i) => 4 * uniformAt(key, i) - 2)
  return { exportable, sizes, network, image: { shape, data: image }, tensors: trainedTensors(network) }
}

/** The network's outputs by the reference interpreter, in double precision. */
export async function expectedOutputs(request: NetworkRequest): Promise<ReadonlyMap<string, ArrayLike<number>>> {
  const { network, image, tensors } = await networkOf(request)
  const inputs = new Map<string, ArrayLike<number>>([["image", image.data]])
  for (const [name, { data }] of tensors)
    inputs.set(`${network.parameters.has(name) ? "param" : "buffer"}/${name}`, data)
  return evaluate(network.program, inputs)
}

/** The largest difference between numbers, relative to the largest of them. */
export function difference(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  if (actual.length !== expected.length || expected.length === 0) return Number.POSITIVE_INFINITY
  const largest = Math.max(...Array.from(expected, Math.abs))
  return Math.max(...Array.from(expected, (value, i) => Math.abs(value - actual[i]!))) / largest
}

/** Do something with a folder that is removed afterwards. */
export async function withFolder<A>(use: (folder: string) => Promise<A>): Promise<A> {
  const folder = mkdtempSync(join(tmpdir(), "na-nas-"))
  try {
    return await use(folder)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** Write tensors of a network as a weights file, and give its path. */
export async function weightsFile(folder: string, request: NetworkRequest): Promise<string> {
  const file = join(folder, "weights.safetensors")
  writeFileSync(file, writeSafetensors((await networkOf(request)).tensors))
  return file
}

const DEFAULTS = { format: "onnx", seed: "0", force: false, normalize: false } as const

/** Export as the command does. */
export const exported = (request: Partial<ExportRequest> & NetworkRequest & { readonly out: string }) =>
  run(Effect.provide(exportNetwork({ ...DEFAULTS, ...request }), NodeContext.layer))

/** The error of an export that must fail. */
export const exportFailure = (request: Partial<ExportRequest> & NetworkRequest & { readonly out: string }) =>
  failure(Effect.provide(exportNetwork({ ...DEFAULTS, ...request }), NodeContext.layer))

/** Run with the files of this machine. */
export const withFiles = <A, E>(program: Effect.Effect<A, E, Files>) => Effect.provide(program, NodeContext.layer)
