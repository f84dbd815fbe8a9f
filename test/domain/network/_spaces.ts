import * as Schema from "@effect/schema/Schema"
import * as Either from "effect/Either"
import type { Network } from "../../../src/domain/network/layers.ts"
import { buildProgram, type ProgramBuilder } from "../../../src/domain/program/builder.ts"
import type { Program } from "../../../src/domain/program/program.ts"
import { makeSpace } from "../../../src/domain/space/make_space.ts"
import { type Space, SpaceDefinition } from "../../../src/domain/space/space.ts"

/** A space as a user writes it. */
export function spaceOf(definition: unknown): Space {
  return Either.getOrThrow(makeSpace(Schema.decodeUnknownSync(SpaceDefinition)(definition)))
}

/** A cell of two inputs and two nodes whose edges are not in the order of their nodes, once for each stride. */
export const OWN: Space = spaceOf({
  name: "own",
  cells: [1, 2].map((stride) => ({
    name: stride === 1 ? "flat" : "half",
    inputs: 2,
    nodes: 2,
    edges: [
      { from: 2, to: 3, operations: ["skip_connect", "nor_conv_1x1"] },
      { from: 0, to: 2, operations: ["none", "sep_conv_3x3", "skip_connect"] },
      { from: 1, to: 2, operations: ["skip_connect", "nor_conv_3x3"] },
      { from: 0, to: 3, operations: ["none"] },
      { from: 1, to: 3, operations: ["dil_conv_3x3", "noise"] }
    ],
    output: "concatenate",
    stride
  }))
})

/** One cell of two inputs; nodes concatenate what comes in, the last is the output. */
export const CHAIN: Space = spaceOf({
  name: "chain",
  cells: [
    {
      name: "cell",
      inputs: 2,
      nodes: 2,
      edges: [
        { from: 0, to: 2, operations: ["skip_connect", "nor_conv_3x3", "none"] },
        { from: 2, to: 3, operations: ["avg_pool_3x3", "max_pool_3x3"] },
        { from: 1, to: 3, operations: ["none", "skip_connect"] }
      ],
      combine: "concatenate"
    }
  ]
})

/** Two cells that keep the size and two that halve it, of one to three inputs, which take turns. */
export const TURNS: Space = spaceOf({
  name: "turns",
  cells: [
    [1, 1],
    [2, 1],
    [3, 2],
    [2, 2]
  ].map(([inputs, stride], c) => ({
    name: `cell${c}`,
    inputs,
    nodes: 2,
    edges: [
      ...Array.from({ length: inputs! }, (_, from) => ({
        from,
        to: inputs,
        operations: ["skip_connect", "nor_conv_1x1"]
      })),
      { from: inputs! - 1, to: inputs! + 1, operations: ["nor_conv_1x1", "none", "dil_conv_3x3"] },
      { from: inputs, to: inputs! + 1, operations: ["sep_conv_3x3", "skip_connect"] }
    ],
    combine: c % 2 === 0 ? "mean" : "sum",
    stride
  }))
})

/** A network under construction on a builder. */
export function networkOn(b: ProgramBuilder): Network {
  return { b, statistics: "batch", tracked: false, parameters: new Map() }
}

/** A program of what `make` adds. */
export function programOf(make: (net: Network) => void): Program {
  return Either.getOrThrow(buildProgram((b) => make(networkOn(b))))
}
