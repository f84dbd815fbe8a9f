import { suite } from "uvu"
import * as assert from "uvu/assert"
import type { Network } from "../../../src/domain/network/layers.ts"
import { nasBench201Network } from "../../../src/domain/network/nas_bench_201_networks.ts"
import {
  type CellPlace,
  type CellTurn,
  dartsHalvings,
  dartsSkeleton,
  imageFault,
  nasBench201Skeleton
} from "../../../src/domain/network/skeletons.ts"
import { elementCount } from "../../../src/domain/program/program.ts"
import { evaluate } from "../program/_programs.ts"
import { programOf } from "./_spaces.ts"

/** A cell that is an input `out/<name>` of `times` the channels, and a record of what the cells were given. */
function recorded(net: Network, times: number) {
  const places: Array<CellPlace> = []
  const cell = (place: CellPlace) => {
    places.push(place)
    const [batch, channels, height, width] = net.b.shape(place.inputs.at(-1)!) as readonly [
      number,
      number,
      number,
      number
    ]
    const stride = place.reduction ? 2 : 1
    return net.b.input(`out/${place.name}`, [
      batch,
      channels * times,
      Math.ceil(height / stride),
      Math.ceil(width / stride)
    ])
  }
  const names = () =>
    places.map(({ inputs }) =>
      inputs.map((at) => {
        const { operation } = net.b.node(at)
        return operation._tag === "Input" ? operation.name : operation._tag
      })
    )
  const shapes = () => places.map(({ inputs }) => inputs.map((at) => net.b.shape(at).slice(1)))
  return { places, cell, names, shapes }
}

const preprocessed = (net: Network) =>
  [...net.parameters.keys()]
    .map((name) => /^(.*preprocess\d(?:\.1)?)\.(op|conv)/.exec(name))
    .flatMap((found) => (found === null ? [] : [`${found[1]} ${found[2]}`]))
    .filter((name, i, all) => all.indexOf(name) === i)

const benchmark = suite("nasBench201Skeleton()")

benchmark("hands a cell the states before it as they are, where they have the stage's shape", () => {
  const program = programOf((net) => {
    const { cell, places, names, shapes } = recorded(net, 1)
    const sizes = { channels: 4, cellsPerStage: 3, classes: 2 }
    nasBench201Skeleton(net, net.b.input("x", [2, 3, 8, 12]), sizes, { inputs: () => 2, affine: false, cell })
    const made = names()
    assert.equal(
      places.map(({ turn }) => turn),
      [0, 1, 2, 3, 4, 5, 6, 7, 8]
    )
    assert.equal(made[2], ["out/cells.0", "out/cells.1"])
    assert.equal(made[4]![1], "out/cells.4")
    assert.equal(made[8], ["out/cells.8", "out/cells.9"])
    for (const [i, pair] of shapes().entries()) {
      const stage = Math.floor(i / 3)
      const expected = [4 * 2 ** stage, 8 / 2 ** stage, 12 / 2 ** stage]
      assert.equal(pair, [expected, expected])
    }
    assert.equal(preprocessed(net), ["cells.4.preprocess0 conv", "cells.8.preprocess0 conv"])
  })
  const halved = program.nodes.flatMap(({ operation, operands }) =>
    operation._tag === "AveragePool" ? [program.nodes[operands[0]!]!.operation] : []
  )
  assert.equal(
    halved,
    ["out/cells.2", "out/cells.6"].map((name) => ({ _tag: "Input", name }))
  )
})

benchmark("brings outputs of other channels back to the stage's", () => {
  programOf((net) => {
    const { cell, shapes } = recorded(net, 3)
    const sizes = { channels: 4, cellsPerStage: 2, classes: 2 }
    nasBench201Skeleton(net, net.b.input("x", [2, 3, 8, 8]), sizes, { inputs: () => 1, affine: true, cell })
    assert.equal(shapes().flat(), [
      [4, 8, 8],
      [4, 8, 8],
      [8, 4, 4],
      [8, 4, 4],
      [16, 2, 2],
      [16, 2, 2]
    ])
    assert.equal(
      preprocessed(net),
      [1, 4, 7].map((cell) => `cells.${cell}.preprocess0 op`)
    )
    assert.equal(net.parameters.get("cells.2.conv_a.op.1.weight"), [8, 12, 3, 3])
    assert.equal(net.parameters.get("classifier.weight"), [2, 48])
  })
})

benchmark("at odd sizes is PyTorch's network, whose pools round up", () => {
  const recorded = [
    -1.5816586823585852, -1.5709929533899532, -0.837203877820656, -1.4286930055513847, -1.3827571378928085,
    -0.6981910034015848
  ]
  const program = programOf((net) => {
    const sizes = { channels: 2, cellsPerStage: 1, classes: 3 }
    net.b.output("logits", nasBench201Network(net, net.b.input("x", [2, 1, 5, 7]), [1, 1, 1, 1, 1, 1], sizes))
  })
  const numbers = [...program.inputs].map(([input, { name, shape }]) => {
    const count = elementCount(shape)
    return [input, Array.from({ length: count }, (_, i) => Math.sin(1 + 0.7 * i + name.length))] as const
  })
  const logits = evaluate(program, new Map(numbers)).get("logits")!
  for (const [i, logit] of recorded.entries()) assert.ok(Math.abs(logits[i]! - logit) < 1e-10)
})

benchmark.run()

const darts = suite("dartsSkeleton()")

darts("halves at a third and at two thirds, and brings all states to a cell's shape", () => {
  programOf((net) => {
    const { cell, places, shapes } = recorded(net, 2)
    const sizes = { channels: 4, cells: 4, classes: 2, stem: "cifar", auxiliary: false } as const
    dartsSkeleton(net, net.b.input("x", [2, 3, 8, 16]), sizes, { inputs: () => 3, affine: false, cell })
    assert.equal(
      places.map(({ reduction }) => reduction),
      [false, true, true, false]
    )
    assert.equal(
      shapes().map((states) => states[0]),
      [
        [4, 8, 16],
        [8, 8, 16],
        [16, 4, 8],
        [16, 2, 4]
      ]
    )
    for (const states of shapes()) for (const state of states) assert.equal(state, states[0])
    assert.equal(
      preprocessed(net).filter((name) => name.endsWith("conv")),
      ["2.preprocess0", "2.preprocess1", "3.preprocess0", "3.preprocess0.1", "3.preprocess1"].map(
        (name) => `cells.${name} conv`
      )
    )
  })
})

darts("gives each cell as many states as it asks for, and counts the cells of a kind", () => {
  programOf((net) => {
    const { cell, places, names } = recorded(net, 1)
    const sizes = { channels: 2, cells: 6, classes: 2, stem: "cifar", auxiliary: false } as const
    const inputs = ({ reduction, turn }: CellTurn) => (reduction ? 4 : 1 + (turn % 2))
    dartsSkeleton(net, net.b.input("x", [1, 3, 8, 8]), sizes, { inputs, affine: false, cell })
    assert.equal(
      places.map(({ reduction, turn }) => `${reduction ? "half" : "flat"} ${turn}`),
      ["flat 0", "flat 1", "half 0", "flat 2", "half 1", "flat 3"]
    )
    assert.equal(
      names().map((own) => own.length),
      [1, 2, 4, 1, 4, 2]
    )
  })
})

darts("knows how often it halves an image, and of which that cannot be", () => {
  assert.equal([1, 2, 3, 8, 20].map(dartsHalvings), [1, 2, 2, 2, 2])
  assert.is(imageFault([1, 3, 5, 4], 2), undefined)
  assert.match(imageFault([1, 3, 12, 3], 2)!, "12×3 is too small to be halved 2 times: it needs at least 4×4")
  assert.match(imageFault([1, 3, 3, 12], 2)!, "3×12 is too small")
})

darts.run()
