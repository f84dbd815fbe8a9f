import type { Genotype } from "../../domain/architecture/genotype.ts"
import { type CellGraph, graphOfGenotype } from "../../domain/network/cell_graph.ts"
import { cellAt, discreteCells, halves } from "../../domain/network/cell_networks.ts"
import { isReduction } from "../../domain/network/skeletons.ts"
import type { Space } from "../../domain/space/space.ts"
import { builtinSpace } from "../../domain/space/spaces.ts"
import type { Exportable } from "./architecture.ts"
import type { BuiltNetwork, NetworkSizes } from "./network.ts"
import type { TorchCell } from "./torch_cell.ts"

/** What stands at a place of a skeleton: the class of a cell, or the block between two stages. */
export const RESIDUAL = "ResidualBlock"

/** The classes of a network's cells, and which of them stand where. */
export interface TorchCells {
  /** Those that have a place. */
  readonly cells: ReadonlyArray<TorchCell>
  /** Names of classes, place by place. */
  readonly layout: ReadonlyArray<string>
}

/** A cell before it is known what its inputs need. */
type Kind = Pick<TorchCell, "className" | "about" | "graph" | "operations" | "inputs">

/** The cells of an architecture as classes. */
export function torchCells(exportable: Exportable, sizes: NetworkSizes, network: BuiltNetwork): TorchCells {
  const { kinds, staged, kindAt } = kindsOf(exportable)
  const layout = staged ? stagedLayout(sizes.cells, kindAt) : dartsLayout(sizes.cells, kindAt)
  const adapts = !staged || [...network.parameters.keys()].some((name) => /^cells\.\d+\.preprocess/.test(name))
  const cells = kinds
    .filter(({ className }) => layout.includes(className))
    .map(
      (kind): TorchCell => ({
        ...kind,
        adapts,
        startsShort: kind.inputs > (staged ? 1 : 2),
        list: staged ? "layers" : "_ops"
      })
    )
  return { cells, layout }
}

interface Kinds {
  readonly kinds: ReadonlyArray<Kind>
  readonly staged: boolean
  /**
   * The class at a place of the skeleton: whether it halves the image, and how many such places are
   * before it.
   */
  readonly kindAt: (reduction: boolean, turn: number) => string
}

function kindsOf(exportable: Exportable): Kinds {
  if (exportable._tag === "Genotype") return genotypeKinds(exportable.genotype)
  if (exportable._tag === "Space") return spaceKinds(exportable.space, exportable.architecture)
  return spaceKinds(builtinSpace("nas-bench-201"), exportable.operations)
}

function genotypeKinds(genotype: Genotype): Kinds {
  const kind = (className: string, about: string, graph: CellGraph, edges: Genotype["normal"]): Kind => ({
    ...{ className, about, graph, inputs: 2 },
    operations: edges.map(([operation]) => operation)
  })
  const kinds = [
    kind("NormalCell", "A cell that keeps the size of the image.", graphOfGenotype(genotype, false), genotype.normal),
    kind("ReductionCell", "A cell that halves the image.", graphOfGenotype(genotype, true), genotype.reduce)
  ]
  return { kinds, staged: false, kindAt: (reduction) => kinds[reduction ? 1 : 0]!.className }
}

function spaceKinds(space: Space, architecture: ReadonlyArray<number>): Kinds {
  const names = new Set<string>()
  const kinds = discreteCells(space, architecture).map(({ graph, operations }, i): Kind => {
    const { name, inputs } = space.cells[i]!
    const words = name.split(/[^A-Za-z0-9]+/).filter((word) => word !== "" && !/^cell$/i.test(word))
    const plain = `${words.map((word) => word[0]!.toUpperCase() + word.slice(1)).join("")}Cell`.replace(
      /^(?=\d)/,
      "Cell"
    )
    const className = names.has(plain) ? `${plain}${i + 1}` : plain
    names.add(className)
    return { className, about: `The cell ${JSON.stringify(name).replaceAll('"', "'")}.`, graph, operations, inputs }
  })
  return {
    kinds,
    staged: !halves(space),
    kindAt: (reduction, turn) => kinds[cellAt(space, { reduction, turn })]!.className
  }
}

function dartsLayout(cells: number, kindAt: Kinds["kindAt"]): ReadonlyArray<string> {
  const turns = { true: 0, false: 0 }
  return Array.from({ length: cells }, (_, position) => {
    const reduction = isReduction(position, cells)
    return kindAt(reduction, turns[`${reduction}`]++)
  })
}

function stagedLayout(perStage: number, kindAt: Kinds["kindAt"]): ReadonlyArray<string> {
  return [0, 1, 2].flatMap((stage) => [
    ...(stage === 0 ? [] : [RESIDUAL]),
    ...Array.from({ length: perStage }, (_, i) => kindAt(false, stage * perStage + i))
  ])
}
