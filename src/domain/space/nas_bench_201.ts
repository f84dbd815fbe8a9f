import type { SpaceDefinition } from "./space.ts"

/** Operations of NAS-Bench-201, in its order. */
export const NAS_BENCH_201_OPERATIONS = [
  "none",
  "skip_connect",
  "nor_conv_1x1",
  "nor_conv_3x3",
  "avg_pool_3x3"
] as const

/**
 * NAS-Bench-201: one cell of 4 nodes and 6 edges, 5 operations an edge, 15,625 architectures.
 * A node is the sum of its incoming edges; the output is node 3.
 *
 * Source: Dong and Yang 2020 (arXiv 2001.00326).
 */
export const NAS_BENCH_201: SpaceDefinition = {
  version: 1,
  name: "nas-bench-201",
  cells: [
    {
      name: "cell",
      inputs: 1,
      nodes: 3,
      edges: [1, 2, 3].flatMap((to) =>
        Array.from({ length: to }, (_, from) => ({ from, to, operations: NAS_BENCH_201_OPERATIONS }))
      ),
      combine: "sum",
      output: "last",
      stride: 1
    }
  ],
  reading: { _tag: "EveryEdge" }
}
