import * as Schema from "@effect/schema/Schema"
import * as Either from "effect/Either"
import type { Architecture } from "../architecture/architecture.ts"
import { isMember } from "../architecture/membership.ts"
import { relaxedShape } from "../neighborhood/relaxed_shape.ts"
import type { NodeId } from "../program/node.ts"
import type { Shape } from "../program/operation.ts"
import { slotsByNode } from "../space/slots.ts"
import type { Cell, Space } from "../space/space.ts"
import { buildCell, type CellGraph, discreteEdge, graphOf, searchedEdge } from "./cell_graph.ts"
import { CELL_LAYERS } from "./cell_operations.ts"
import type { Network } from "./layers.ts"
import { classifierNetwork, type SearchNetwork } from "./search_network.ts"
import {
  type CellTurn,
  dartsHalvings,
  dartsSkeleton,
  type EvaluationLogits,
  type Filling,
  imageFault,
  nasBench201Skeleton,
  type Stem
} from "./skeletons.ts"

/**
 * Sizes of a network of a cell space. Its skeleton is DARTS's where a cell halves the image, else
 * NAS-Bench-201's; of several cells that halve it, or of several that do not, each has its turn.
 */
interface SpaceSizes {
  /** Channels of the first cell. */
  readonly channels: number
  readonly classes: number
  /** Number of cells in DARTS's skeleton. */
  readonly cells?: number
  /** Number of cells in each of the three stages of NAS-Bench-201's skeleton. */
  readonly cellsPerStage?: number
  /** `cifar` by default; `imagenet` in DARTS's skeleton alone. */
  readonly stem?: Stem
}

/** Further options of an evaluation network; both are off by default. */
export interface EvaluationOptions extends SpaceSizes {
  /** Whether there is an auxiliary head, in DARTS's skeleton alone. */
  readonly auxiliary?: boolean
  /**
   * Whether operations are multiplied by the inputs `drop/<place>` [batch, 1, 1, 1]: see
   * `discreteEdge`.
   */
  readonly dropPath?: boolean
}

/** No network can be built of a space. */
export class NetworkError extends Schema.TaggedError<NetworkError>()("NetworkError", {
  space: Schema.String,
  problem: Schema.String
}) {
  override get message(): string {
    return `Cannot build a network of space "${this.space}": ${this.problem}`.replace(/\s+/g, " ")
  }
}

/** Whether a space's networks have DARTS's skeleton; else they have NAS-Bench-201's. */
export function halves(space: Space): boolean {
  return space.cells.some((cell) => cell.stride === 2)
}

/**
 * A number of cells, of each stage in NAS-Bench-201's skeleton, under the name that a space's sizes
 * have for it.
 */
export function cellSize(space: Space, cells: number): Pick<SpaceSizes, "cells" | "cellsPerStage"> {
  return halves(space) ? { cells } : { cellsPerStage: cells }
}

/**
 * How often the networks of a skeleton halve an image; a stem for large images does it three times.
 */
export function halvingsOf(skeleton: "darts" | "nas-bench-201", cells: number, stem: Stem): number {
  return skeleton === "darts" ? dartsHalvings(cells) + (stem === "cifar" ? 0 : 3) : 2
}

/** Why a space has no networks of these sizes, if it has none. */
export function spaceFault(space: Space, options: EvaluationOptions): string | undefined {
  const { cells } = space
  if (cells.length === 0) return "it has decisions only; a network needs its cells"
  if (cells.every((cell) => cell.stride === 2)) return "it has no cell of stride 1, which a network needs"
  for (const cell of cells) {
    for (const { from, to, operations } of cell.edges) {
      const unknown = operations.find((operation) => !CELL_LAYERS.has(operation))
      if (unknown !== undefined)
        return `there is no layer for the operation "${unknown}" of the edge ${from}->${to} of the cell "${cell.name}"; known are ${[...CELL_LAYERS.keys()].join(", ")}`
    }
  }
  const [size, skeleton] = halves(space) ? (["cells", "DARTS"] as const) : (["cellsPerStage", "NAS-Bench-201"] as const)
  const count = options[size] ?? 0
  if (!(count >= 1)) return `its skeleton is that of ${skeleton}, which takes "${size}" of at least 1`
  for (const stride of [1, 2] as const) {
    const own = cells.filter((cell) => cell.stride === stride).length
    const halvings = halves(space) ? dartsHalvings(count) : 0
    const places = stride === 2 ? halvings : halves(space) ? count - halvings : 3 * count
    if (own > Math.max(1, places))
      return `it has ${own} cells of stride ${stride}, and the skeleton places for ${places}`
  }
  if (halves(space)) return undefined
  if (options.auxiliary === true) return "its skeleton is that of NAS-Bench-201, which has no auxiliary head"
  return options.stem === "imagenet" ? "its skeleton is that of NAS-Bench-201, which has no ImageNet stem" : undefined
}

/**
 * Why a search network of these sizes would leave a cell out, so that its edges could not be
 * searched, if it would.
 */
function searchFault(space: Space, { cells }: SpaceSizes): string | undefined {
  if (!halves(space) || cells! > dartsHalvings(cells!)) return undefined
  const left = space.cells.filter(({ stride }) => stride === 1).map(({ name }) => `"${name}"`)
  return `a skeleton of ${cells} cells has no place for ${left.join(", ")}; take "cells" of at least 3`
}

/** The number of the cell at a place of the skeleton: those of one stride take turns. */
export function cellAt({ cells }: Space, { reduction, turn }: CellTurn): number {
  const own = [...cells.keys()].filter((c) => cells[c]!.stride === (reduction ? 2 : 1))
  return own[turn % own.length]!
}

/** The skeleton of a space around cells. The space and the options have no fault. */
function skeleton(
  net: Network,
  image: NodeId,
  space: Space,
  options: EvaluationOptions,
  { affine, cell }: Omit<Filling, "inputs">
): EvaluationLogits {
  const { channels, classes, stem = "cifar", auxiliary = false } = options
  const filling = { inputs: (at: CellTurn) => space.cells[cellAt(space, at)]!.inputs, affine, cell }
  if (halves(space))
    return dartsSkeleton(net, image, { channels, classes, cells: options.cells!, stem, auxiliary }, filling)
  const sizes = { channels, classes, cellsPerStage: options.cellsPerStage! }
  return { logits: nasBench201Skeleton(net, image, sizes, filling), auxiliary: undefined }
}

/**
 * What sets the operations of the two families apart: DARTS normalizes pools while it searches,
 * NAS-Bench-201 gives convolutions a bias.
 */
function family(space: Space, affine: boolean) {
  return { affine, normalizePools: halves(space) && !affine, bias: !halves(space) && !affine }
}

/**
 * The logits of a search network: every edge is the sum of its operations, weighted by a row of its
 * cell's probabilities, nodes [edges, width] by the cell's name. Normalizations of the cells are
 * affine-free. The space has no fault for these sizes.
 */
export function searchLogits(
  net: Network,
  image: NodeId,
  space: Space,
  sizes: SpaceSizes,
  probabilities: ReadonlyMap<string, NodeId>
): NodeId {
  const graphs = space.cells.map((cell) => ({ cell, graph: graphOf(cell) }))
  const place = (name: string, { edges }: Cell, position: number) =>
    halves(space) ? `${name}._ops.${position}._ops` : `${name}.edges.${edges[position]!.to}<-${edges[position]!.from}`
  return skeleton(net, image, space, sizes, {
    affine: false,
    cell: ({ name, inputs, ...at }) => {
      const { cell, graph } = graphs[cellAt(space, at)]!
      const weights = probabilities.get(cell.name)!
      return buildCell(net, name, graph, inputs, false, ({ position }, x, stride) =>
        searchedEdge(net, place(name, cell, position), cell.edges[position]!.operations, x, {
          ...family(space, false),
          stride,
          weights,
          row: position
        })
      )
    }
  }).logits
}

/**
 * The search network of a cell space, for images [batch, channels, height, width] and with the mean
 * cross-entropy as its loss. An operation `noise` enters as the input `noise/<place>`, standard
 * normal numbers of its output's shape, part of a batch.
 *
 * Source: Liu, Simonyan, Yang 2019 (arXiv 1806.09055); Dong and Yang 2020 (arXiv 2001.00326); Zela
 * et al. 2020 (arXiv 1909.09656).
 */
export function spaceSearchNetwork(
  space: Space,
  sizes: SpaceSizes & { readonly image: Shape }
): Either.Either<SearchNetwork, NetworkError> {
  const { image, classes, stem = "cifar" } = sizes
  const smallest = stem === "cifar" ? image : [1, 1, ...image.slice(2).map((side) => Math.ceil(side / 8))]
  const problem =
    spaceFault(space, sizes) ??
    searchFault(space, sizes) ??
    imageFault(smallest, halves(space) ? dartsHalvings(sizes.cells!) : 2)
  if (problem !== undefined) return Either.left(new NetworkError({ space: space.name, problem }))
  return Either.right(
    classifierNetwork({ shape: relaxedShape(space), image, classes }, (net, x, probabilities) =>
      searchLogits(net, x, space, sizes, probabilities)
    )
  )
}

/** Per cell the graph of the kept edges, and the operation of each position. */
export function discreteCells(space: Space, architecture: Architecture) {
  const chosen = (decision: number) => space.decisions[decision]!.choices[architecture[decision]!]!
  let first = 0
  return space.cells.map((cell): { readonly graph: CellGraph; readonly operations: ReadonlyArray<string> } => {
    if (space.reading._tag === "EveryEdge") {
      const operations = cell.edges.map((_, e) => chosen(first + e))
      first += cell.edges.length
      return { graph: graphOf(cell), operations }
    }
    const nodes = slotsByNode(space).filter((node) => node[0]!.cell === cell)
    const operations = nodes.flat().map((slot) => chosen(slot.operation))
    let position = 0
    const kept = nodes.map((node) => node.map((slot) => ({ from: Number(chosen(slot.input)), position: position++ })))
    return { graph: graphOf(cell, kept), operations }
  })
}

/**
 * The logits of an architecture's evaluation network, and those of its auxiliary head.
 * Normalizations are affine; `none` adds nothing. The space has no fault for these options; which
 * of a node's inputs an architecture keeps is not checked.
 */
export function evaluationLogits(
  net: Network,
  image: NodeId,
  space: Space,
  architecture: Architecture,
  options: EvaluationOptions
): EvaluationLogits {
  const { dropPath = false } = options
  const cells = discreteCells(space, architecture)
  return skeleton(net, image, space, options, {
    affine: true,
    cell: ({ name, inputs, ...at }) => {
      const { graph, operations } = cells[cellAt(space, at)]!
      return buildCell(net, name, graph, inputs, true, ({ position }, x, stride) =>
        discreteEdge(net, `${name}.${halves(space) ? "_ops" : "layers"}.${position}`, operations[position]!, x, {
          ...family(space, true),
          stride,
          dropPath
        })
      )
    }
  })
}

/**
 * The evaluation network of an architecture: a function that adds it to a network and gives its
 * logits. That throws `ProgramError`, for `buildProgram`, where the image is too small.
 */
export function spaceEvaluationNetwork(
  space: Space,
  architecture: Architecture,
  options: EvaluationOptions
): Either.Either<(net: Network, image: NodeId) => EvaluationLogits, NetworkError> {
  const problem =
    spaceFault(space, options) ??
    (isMember(space, architecture) ? undefined : `[${architecture.join(", ")}] is not one of its architectures`)
  if (problem !== undefined) return Either.left(new NetworkError({ space: space.name, problem }))
  return Either.right((net, image) => evaluationLogits(net, image, space, architecture, options))
}
