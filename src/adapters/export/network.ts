import * as Schema from "@effect/schema/Schema"
import * as Either from "effect/Either"
import {
  cellSize,
  type EvaluationOptions,
  evaluationLogits,
  halves,
  spaceFault
} from "../../domain/network/cell_networks.ts"
import { dartsEvaluationNetwork } from "../../domain/network/darts_networks.ts"
import type { Network } from "../../domain/network/layers.ts"
import { nasBench201Network } from "../../domain/network/nas_bench_201_networks.ts"
import type { EvaluationLogits, Stem } from "../../domain/network/skeletons.ts"
import { buildProgram } from "../../domain/program/builder.ts"
import type { NodeId } from "../../domain/program/node.ts"
import type { Shape } from "../../domain/program/operation.ts"
import { ofRole } from "../../domain/program/port.ts"
import type { Program, ProgramError } from "../../domain/program/program.ts"
import { SettingsError } from "../../domain/setting/settings_error.ts"
import type { Space } from "../../domain/space/space.ts"
import type { Exportable } from "./architecture.ts"

/** A network cannot be exported. */
export class ExportError extends Schema.TaggedError<ExportError>()("ExportError", { problem: Schema.String }) {
  override get message(): string {
    return `Cannot export the network: ${this.problem}`
  }
}

/** Sizes of an evaluation network. */
export interface NetworkSizes {
  /** Channels of the first cell, in NAS-Bench-201's skeleton of the first stage. */
  readonly channels: number
  /** Number of cells, in NAS-Bench-201's skeleton of each stage. */
  readonly cells: number
  readonly classes: number
  /** Height and width of an image in pixels. */
  readonly image: number
  /** Channels of an image. */
  readonly imageChannels: number
  /** Which stem a network with DARTS's skeleton has; NAS-Bench-201's has its own. */
  readonly stem: Stem
  /** Whether a network with DARTS's skeleton has an auxiliary head. */
  readonly auxiliary: boolean
}

/**
 * Sizes with those that were not given from the publications: 36 channels and 20 cells on 32 × 32
 * pixels for CIFAR, 48 and 14 on 224 × 224 for ImageNet, 16 channels and 5 cells a stage in
 * NAS-Bench-201's skeleton; images in color.
 */
export function networkSizes(
  exportable: Exportable,
  given: { readonly [K in keyof NetworkSizes]?: NetworkSizes[K] | undefined }
): Either.Either<NetworkSizes, SettingsError> {
  const fail = (problem: string) => Either.left(new SettingsError({ problem }))
  const stem = given.stem ?? "cifar"
  const staged = isStaged(exportable)
  if (staged && (given.stem !== undefined || given.auxiliary === true))
    return fail("--stem and --auxiliary are for networks like DARTS's: one like NAS-Bench-201's has neither")
  const large = stem === "imagenet"
  const usual = staged
    ? { channels: 16, cells: 5, classes: 10, image: 32 }
    : { channels: large ? 48 : 36, cells: large ? 14 : 20, classes: large ? 1000 : 10, image: large ? 224 : 32 }
  const sizes = {
    channels: given.channels ?? usual.channels,
    cells: given.cells ?? usual.cells,
    classes: given.classes ?? usual.classes,
    image: given.image ?? usual.image,
    imageChannels: given.imageChannels ?? 3
  }
  for (const [name, size] of Object.entries(sizes)) {
    const least = large && name === "channels" ? 2 : 1
    if (!Number.isInteger(size) || size < least)
      return fail(
        `--${name === "imageChannels" ? "image-channels" : name}: expected an integer of at least ${least}, actual ${size}`
      )
  }
  const full = { ...sizes, stem, auxiliary: given.auxiliary ?? false }
  if (exportable._tag !== "Space") return Either.right(full)
  const { space } = exportable
  const fault = spaceFault(space, spaceOptions(space, full))
  return fault === undefined ? Either.right(full) : fail(`no network of the space "${space.name}": ${fault}`)
}

/**
 * Whether a network has NAS-Bench-201's skeleton, three stages of cells with residual blocks
 * between; else it has DARTS's.
 */
export function isStaged(exportable: Exportable): boolean {
  return exportable._tag === "Cell" || (exportable._tag === "Space" && !halves(exportable.space))
}

function spaceOptions(space: Space, { cells, ...sizes }: NetworkSizes): EvaluationOptions {
  return { ...sizes, ...cellSize(space, cells) }
}

/** The shape of a network's images. */
export function imageShape({ image, imageChannels }: NetworkSizes, batch: number): Shape {
  return [batch, imageChannels, image, image]
}

/** Add an architecture's network to a program. */
export function addNetwork(net: Network, image: NodeId, exportable: Exportable, sizes: NetworkSizes): EvaluationLogits {
  if (exportable._tag === "Genotype") return dartsEvaluationNetwork(net, image, exportable.genotype, sizes)
  if (exportable._tag === "Space")
    return evaluationLogits(
      net,
      image,
      exportable.space,
      exportable.architecture,
      spaceOptions(exportable.space, sizes)
    )
  const { channels, cells: cellsPerStage, classes } = sizes
  const logits = nasBench201Network(net, image, exportable.operations, { channels, cellsPerStage, classes })
  return { logits, auxiliary: undefined }
}

/** An evaluation network as a program. */
export interface BuiltNetwork {
  /**
   * From `image` [batch, channels, size, size], `param/…` and `buffer/…` to `logits`, and
   * `logits_aux` where there is an auxiliary head.
   */
  readonly program: Program
  /** Shapes of the parameters by PyTorch's names, in order of creation. */
  readonly parameters: ReadonlyMap<string, Shape>
  /** Shapes of the running means and variances by PyTorch's names. */
  readonly buffers: ReadonlyMap<string, Shape>
}

/**
 * The network of an architecture, normalized by running statistics; an error names the layer that
 * does not fit.
 */
export function buildNetwork(
  exportable: Exportable,
  sizes: NetworkSizes,
  batch: number
): Either.Either<BuiltNetwork, ProgramError> {
  const parameters = new Map<string, Shape>()
  const made = buildProgram((b) => {
    const net: Network = { b, statistics: "running", tracked: false, parameters }
    const { logits, auxiliary } = addNetwork(net, b.input("image", imageShape(sizes, batch)), exportable, sizes)
    b.output("logits", logits)
    if (auxiliary !== undefined) b.output("logits_aux", auxiliary)
  })
  return Either.map(made, (program) => {
    const buffers = ofRole(program.inputs, "buffer").map(({ name, shape }) => [name, shape] as const)
    return { program, parameters, buffers: new Map(buffers) }
  })
}
