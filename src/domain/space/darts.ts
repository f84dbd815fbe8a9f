import type { Cell, SpaceDefinition } from "./space.ts"

/** Operations of the DARTS supernet, in its order; `none` is never part of a genotype. */
const DARTS_OPERATIONS = [
  "none",
  "max_pool_3x3",
  "avg_pool_3x3",
  "skip_connect",
  "sep_conv_3x3",
  "sep_conv_5x5",
  "dil_conv_3x3",
  "dil_conv_5x5"
] as const

type Candidates = ReadonlyArray<string>

/**
 * A DARTS cell: 2 inputs, 4 nodes, 14 edges in node order, each with its candidates; the output
 * joins the 4 nodes.
 */
function cell(name: string, stride: 1 | 2, candidates: (edge: number) => Candidates): Cell {
  const pairs = [2, 3, 4, 5].flatMap((to) => Array.from({ length: to }, (_, from) => ({ from, to })))
  return {
    name,
    inputs: 2,
    nodes: 4,
    edges: pairs.map((pair, edge) => ({ ...pair, operations: candidates(edge) })),
    combine: "sum",
    output: "concatenate",
    stride
  }
}

function space(name: string, normal: (edge: number) => Candidates, reduction = normal): SpaceDefinition {
  return {
    version: 1,
    name,
    cells: [cell("normal", 1, normal), cell("reduction", 2, reduction)],
    reading: { _tag: "StrongestEdges", perNode: 2, exclude: ["none"] }
  }
}

/**
 * The DARTS space: a normal and a reduction cell; per node two inputs, each with one of 7
 * operations.
 *
 * Source: Liu, Simonyan, Yang 2019 (arXiv 1806.09055).
 */
export const DARTS: SpaceDefinition = space("darts", () => DARTS_OPERATIONS)

const FULL = {
  max: "max_pool_3x3",
  avg: "avg_pool_3x3",
  skip: "skip_connect",
  sep3: "sep_conv_3x3",
  dil3: "dil_conv_3x3",
  dil5: "dil_conv_5x5"
} as const

function perEdge(text: string): (edge: number) => Candidates {
  const edges = text.split(" ").map((edge) => edge.split("|").map((short) => FULL[short as keyof typeof FULL]))
  return (edge) => edges[edge]!
}

/**
 * S1 of RobustDARTS: two candidate operations an edge, others on each edge. Source: Zela et al.
 * 2020 (arXiv 1909.09656).
 */
export const S1: SpaceDefinition = space(
  "s1",
  perEdge(
    "skip|dil3 skip|dil5 skip|dil5 skip|sep3 skip|dil3 max|skip skip|sep3 skip|sep3 skip|dil3 skip|sep3 max|skip skip|dil3 dil3|dil5 dil3|dil5"
  ),
  perEdge(
    "max|avg max|dil3 max|avg max|avg skip|dil5 max|avg max|sep3 skip|dil3 skip|dil5 max|avg max|avg skip|dil5 skip|dil5 skip|dil5"
  )
)

/** S2 of RobustDARTS: skip connection or 3×3 separable convolution. */
export const S2: SpaceDefinition = space("s2", () => ["skip_connect", "sep_conv_3x3"])

/** S3 of RobustDARTS: S2 and `none`, which a genotype never holds. */
export const S3: SpaceDefinition = space("s3", () => ["none", "skip_connect", "sep_conv_3x3"])

/**
 * S4 of RobustDARTS: `noise`, a standard normal tensor of the output's shape, or 3×3 separable
 * convolution.
 */
export const S4: SpaceDefinition = space("s4", () => ["noise", "sep_conv_3x3"])
