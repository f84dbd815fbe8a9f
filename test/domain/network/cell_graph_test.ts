import * as Either from "effect/Either"
import { suite } from "uvu"
import * as assert from "uvu/assert"
import { type BuiltEdge, buildCell, type CellGraph, discreteEdge } from "../../../src/domain/network/cell_graph.ts"
import { alone, type Network, reluConvBn } from "../../../src/domain/network/layers.ts"
import { buildProgram } from "../../../src/domain/program/builder.ts"
import type { NodeId } from "../../../src/domain/program/node.ts"
import { evaluate } from "../program/_programs.ts"
import { programOf } from "./_spaces.ts"

/** Node 2 gets both inputs, node 3 input 1 and node 2. */
const graph = (combine: CellGraph["combine"], output: ReadonlyArray<number> = [3]): CellGraph => ({
  nodes: [
    [
      { from: 0, position: 0 },
      { from: 1, position: 1 }
    ],
    [
      { from: 1, position: 2 },
      { from: 2, position: 3 }
    ]
  ],
  combine,
  output,
  stride: 1
})

/** An edge that carries a node as it is. */
const carrying = (made: NodeId | undefined): BuiltEdge => ({ parts: [], join: () => made })

/** The result of an edge by itself. */
const built = (net: Network, { parts, join }: BuiltEdge) => join(parts.map((part) => alone(net, part)))

/** The output of a cell on one pixel of two channels, [10, 20] and [1, 2]; edge k multiplies by k + 2, and edge `silent` adds nothing. */
function outputOf(cell: CellGraph, silent?: number): ReadonlyArray<number> {
  const program = programOf((net) => {
    const inputs = ["x", "y"].map((name) => net.b.input(name, [1, 2, 1, 1]))
    const made = buildCell(net, "cell", cell, inputs, true, ({ position }, x) =>
      carrying(position === silent ? undefined : net.b.scale(x, position + 2))
    )
    net.b.output("z", made)
  })
  const values = new Map([
    ["x", [10, 20]],
    ["y", [1, 2]]
  ])
  return Array.from(evaluate(program, values).get("z")!)
}

const cells = suite("buildCell()")

cells("sums the edges of a node, or takes their mean, also of those that add nothing", () => {
  const first = 2 * 10 + 3 * 1
  assert.equal(outputOf(graph("sum")), [4 * 1 + 5 * first, 2 * (4 * 1 + 5 * first)])
  assert.equal(outputOf(graph("sum"), 1), [4 * 1 + 5 * 20, 2 * (4 * 1 + 5 * 20)])
  assert.equal(outputOf(graph("mean")), [(4 * 1 + (5 * first) / 2) / 2, 4 * 1 + (5 * first) / 2])
  assert.equal(outputOf(graph("mean"), 2), [(5 * first) / 4, (5 * first) / 2])
})

cells("joins the nodes of its output", () => {
  assert.equal(outputOf(graph("sum", [2, 3])), [23, 46, 119, 238])
})

cells("brings concatenated edges back to its channels, zeros where an edge adds nothing", () => {
  const shape = [2, 3, 4, 4]
  const one: CellGraph = { ...graph("concatenate", [2]), nodes: graph("concatenate").nodes.slice(0, 1) }
  const own = programOf((net) => {
    const inputs = ["x", "y"].map((name) => net.b.input(name, shape))
    net.b.output(
      "z",
      buildCell(net, "cell", one, inputs, true, ({ position }, x) => carrying(position === 0 ? undefined : x))
    )
  })
  const expected = programOf((net) => {
    net.b.input("x", shape)
    const joined = net.b.concatenate([net.b.constant(0, shape), net.b.input("y", shape)], 1)
    net.b.output("z", alone(net, reluConvBn(net, "cell.nodes.2", joined, 3, { kernel: 1, affine: true })))
  })
  const inputs = new Map([...own.inputs].map(([name, { shape }]) => [name, numbers(shape)]))
  assert.equal([...own.inputs.keys()].sort(), [...expected.inputs.keys()].sort())
  assert.equal(evaluate(own, inputs), evaluate(expected, inputs))
})

cells("whose edges all add nothing is zero, of half the size where it halves the image", () => {
  for (const stride of [1, 2] as const) {
    for (const combine of ["sum", "mean"] as const) {
      const program = programOf((net) => {
        const inputs = ["x", "y"].map((name) => net.b.input(name, [2, 3, 6, 8]))
        net.b.output(
          "z",
          buildCell(net, "cell", { ...graph(combine), stride }, inputs, true, () => carrying(undefined))
        )
      })
      const node = program.nodes[program.outputs.get("z")!.node]!
      assert.equal(node.operation, { _tag: "Constant", value: 0 })
      assert.equal(node.shape, [2, 3, 6 / stride, 8 / stride])
    }
  }
})

cells("an edge from a node that is not there yet is refused by its name", () => {
  const late = { ...graph("sum"), nodes: [[{ from: 2, position: 0 }]] }
  const made = buildProgram((b) => {
    const net: Network = { b, statistics: "batch", tracked: false, parameters: new Map() }
    const inputs = ["x", "y"].map((name) => b.input(name, [1, 2, 1, 1]))
    b.output(
      "z",
      buildCell(net, "cell", late, inputs, true, (_, x) => carrying(x))
    )
  })
  assert.match(
    Either.isLeft(made) ? made.left.message : "",
    /Cannot build cell: edge 0 comes from node 2, which is not there/
  )
})

cells("halves the image on the edges from its inputs alone", () => {
  const strides: Array<number> = []
  programOf((net) => {
    const inputs = ["x", "y"].map((name) => net.b.input(name, [2, 3, 6, 8]))
    buildCell(net, "cell", { ...graph("sum"), stride: 2 }, inputs, true, ({ position }, x, stride) => {
      strides[position] = stride
      return carrying(net.b.slice(x, [{}, {}, { step: stride }, { step: stride }]))
    })
  })
  assert.equal(strides, [2, 2, 2, 1])
})

cells.run()

const paths = suite("discreteEdge()")

const OPTIONS = { affine: true, normalizePools: false, bias: false } as const

/** The outputs of an operation with and without its mask, and the mask's name, where it takes one. */
function masked(operation: string, stride: 1 | 2) {
  const program = programOf((net) => {
    const x = net.b.input("x", [3, 2, 4, 4])
    for (const dropPath of [true, false]) {
      const made = built(net, discreteEdge(net, "cells.3._ops.1", operation, x, { ...OPTIONS, stride, dropPath }))
      if (made !== undefined) net.b.output(dropPath ? "with" : "without", made)
    }
  })
  const inputs = [...program.inputs].map(([name, { shape }]) => [name, numbers(shape)] as const)
  return {
    program,
    values: (mask: ReadonlyArray<number>) =>
      evaluate(program, new Map<string, ArrayLike<number>>([...inputs, [MASK, mask]]))
  }
}

const MASK = "drop/cells.3._ops.1"

paths("multiplies each image of an operation by its mask", () => {
  for (const [operation, stride] of [
    ["sep_conv_3x3", 1],
    ["max_pool_3x3", 2],
    ["skip_connect", 2]
  ] as const) {
    const { program, values } = masked(operation, stride)
    assert.equal(program.inputs.get(MASK)!.shape, [3, 1, 1, 1])
    const made = values([0, 2, 1.25])
    const [own, plain] = [made.get("with")!, made.get("without")!]
    const size = plain.length / 3
    for (let i = 0; i < plain.length; i++) assert.is(own[i]! + 0, plain[i]! * [0, 2, 1.25][Math.floor(i / size)]! + 0)
  }
})

paths("spares a skip connection that changes nothing, and nothing", () => {
  for (const operation of ["skip_connect", "none"]) {
    const { program } = masked(operation, 1)
    assert.not.ok(program.inputs.has(MASK))
    assert.is(program.outputs.get("with")?.node, program.outputs.get("without")?.node)
  }
})

paths.run()

function numbers(shape: ReadonlyArray<number>): Float64Array {
  const count = shape.reduce((product, size) => product * size, 1)
  return Float64Array.from({ length: count }, (_, i) => Math.sin(7 * i + 1))
}
