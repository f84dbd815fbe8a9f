import * as FastCheck from "@effect/schema/FastCheck"
import * as Either from "effect/Either"
import { suite } from "uvu"
import * as assert from "uvu/assert"
import { arbitraryArchitecture } from "../../../src/domain/architecture/arbitrary.ts"
import type { Architecture } from "../../../src/domain/architecture/architecture.ts"
import { toGenotype } from "../../../src/domain/architecture/genotype_architecture.ts"
import { gradientProgram, lossProgram } from "../../../src/domain/darts/loss_program.ts"
import { relaxedShape, tensorsOfRows } from "../../../src/domain/neighborhood/relaxed_shape.ts"
import { searchLogits, spaceEvaluationNetwork, spaceSearchNetwork } from "../../../src/domain/network/cell_networks.ts"
import { dartsEvaluationNetwork } from "../../../src/domain/network/darts_networks.ts"
import { initialWeights } from "../../../src/domain/network/initial_weights.ts"
import type { Network } from "../../../src/domain/network/layers.ts"
import { buildProgram } from "../../../src/domain/program/builder.ts"
import type { NodeId } from "../../../src/domain/program/node.ts"
import type { Shape } from "../../../src/domain/program/operation.ts"
import { fullName, gradientOf } from "../../../src/domain/program/port.ts"
import { elementCount } from "../../../src/domain/program/program.ts"
import { keyOf, uniformAt } from "../../../src/domain/random.ts"
import { slotsByNode } from "../../../src/domain/space/slots.ts"
import type { Space } from "../../../src/domain/space/space.ts"
import { builtinSpace, SPACE_NAMES } from "../../../src/domain/space/spaces.ts"
import { numbers, PLAIN } from "../darts/_networks.ts"
import { evaluate } from "../program/_programs.ts"
import { CHAIN, networkOn, OWN, programOf, spaceOf, TURNS } from "./_spaces.ts"

const SIZES = { channels: 2, classes: 3, cells: 3, cellsPerStage: 1 } as const

/** As many cells as a space needs so that each has its turn. */
const sizesOf = (space: Space) => ({ ...SIZES, cells: space === TURNS ? 4 : 3 })

const IMAGE: Shape = [2, 3, 8, 8]

/** The place in the search network of what stands at a position of the evaluation network's cell, and the row of its edge. */
interface Kept {
  readonly row: number
  readonly operation: number
  readonly search: string
  readonly evaluation: string
}

/** Per cell of a space the kept edges of an architecture, found by the space's rules alone. */
function keptEdges(space: Space, architecture: Architecture): ReadonlyMap<string, ReadonlyArray<Kept>> {
  const chosen = (decision: number) => space.decisions[decision]!.choices[architecture[decision]!]!
  let first = 0
  const kept = space.cells.map((cell) => {
    const pairs =
      space.reading._tag === "EveryEdge"
        ? cell.edges.map((_, row) => [row, chosen(first + row)] as const)
        : slotsByNode(space)
            .flat()
            .filter((slot) => slot.cell === cell)
            .map((slot) => {
              const from = Number(chosen(slot.input))
              const row = cell.edges.findIndex((edge) => edge.from === from && edge.to === slot.node)
              return [row, chosen(slot.operation)] as const
            })
    first += cell.edges.length
    const darts = space.cells.length > 1
    return [
      cell.name,
      pairs.map(([row, name], position): Kept => {
        const { from, to, operations } = cell.edges[row]!
        const operation = operations.indexOf(name)
        return {
          row,
          operation,
          search: darts ? `_ops.${row}._ops.${operation}.` : `edges.${to}<-${from}.${operation}.`,
          evaluation: darts ? `_ops.${position}.` : `layers.${position}.`
        }
      })
    ] as const
  })
  return new Map(kept)
}

/** The cell at each place of the networks of these tests. In TURNS, those of one stride in turn. */
function cellsOf(space: Space): ReadonlyArray<number> {
  if (space === TURNS) return [0, 2, 3, 1]
  return space.cells.length === 2 ? [0, 1, 1] : [0, 0, 0, 0, 0]
}

/** The largest difference of the logits of an architecture's evaluation network and of the search network at its one-hot rows. */
function differenceAtOneHot(space: Space, architecture: Architecture): number {
  const image = numbersOf("x", IMAGE)
  const evaluation = programOf((net) => {
    const made = Either.getOrThrow(spaceEvaluationNetwork(space, architecture, sizesOf(space)))
    net.b.output("logits", made(net, net.b.input("x", IMAGE)).logits)
  })
  const shape = relaxedShape(space)
  const search = programOf((net) => {
    const probabilities = new Map(
      shape.map(({ name, edges, width }) => [name, net.b.input(`p/${name}`, [edges.length, width])])
    )
    net.b.output("logits", searchLogits(net, net.b.input("x", IMAGE), space, sizesOf(space), probabilities))
  })
  const kept = keptEdges(space, architecture)
  const rows = shape.flatMap(({ name, edges }) =>
    edges.map((operations, row) => {
      const found = kept.get(name)!.find((one) => one.row === row)
      return operations.map((_, k) => (k === found?.operation ? 1 : 0))
    })
  )
  const inputs = new Map<string, ArrayLike<number>>([["x", image]])
  for (const [name, data] of tensorsOfRows(shape, rows)) inputs.set(`p/${name}`, data)
  const named = (name: string, program: typeof search) => program.inputs.get(name)!.shape
  for (const name of search.inputs.keys()) if (!inputs.has(name)) inputs.set(name, numbersOf(name, named(name, search)))
  const theirs = new Map<string, ArrayLike<number>>([["x", image]])
  for (const name of evaluation.inputs.keys()) {
    const [, number] = /cells\.(\d+)\./.exec(name) ?? []
    const edges = kept.get(space.cells[cellsOf(space)[Number(number ?? 0)] ?? 0]!.name)!
    const edge = edges.find(({ evaluation: at }) => `${name}.`.includes(`.${at}`))
    const there = edge === undefined ? name : `${name}.`.replace(`.${edge.evaluation}`, `.${edge.search}`).slice(0, -1)
    const length = elementCount(named(name, evaluation))
    const plain = Float64Array.from({ length }, () => (name.endsWith(".weight") ? 1 : 0))
    const known = inputs.get(there)
    theirs.set(name, theirs.get(name) ?? (known?.length === length ? known : plain))
  }
  const [ours, expected] = [evaluate(search, inputs), evaluate(evaluation, theirs)].map((made) => made.get("logits")!)
  assert.is(ours!.length, elementCount([IMAGE[0]!, SIZES.classes]))
  return Math.max(...Array.from(ours!, (value, i) => Math.abs(value - expected![i]!)))
}

function numbersOf(name: string, shape: Shape): Float64Array {
  const key = keyOf(name)
  return Float64Array.from({ length: elementCount(shape) }, (_, i) => 2 * uniformAt(key, i) - 1)
}

const search = suite("spaceSearchNetwork()")

for (const space of [...SPACE_NAMES.map(builtinSpace), OWN, CHAIN, TURNS]) {
  search(`of "${space.name}" has a gradient by all weights and by the alpha of all edges with a choice`, () => {
    const network = Either.getOrThrow(spaceSearchNetwork(space, { ...sizesOf(space), image: [2, 3, 4, 4] }))
    const loss = Either.getOrThrow(lossProgram(network, PLAIN))
    let parameters = new Map<string, Shape>()
    programOf((net) => {
      const probabilities = new Map(
        network.shape.map(({ name, edges, width }) => [name, net.b.input(name, [edges.length, width])])
      )
      searchLogits(net, net.b.input("x", [2, 3, 4, 4]), space, sizesOf(space), probabilities)
      parameters = net.parameters
    })
    assert.equal(loss.weights.map(fullName).sort(), [...parameters.keys()].map((name) => `param/${name}`).sort())
    const program = gradientProgram(loss, [...loss.alphas, ...loss.weights])
    const given: Map<string, ArrayLike<number>> = numbers(program)
    for (const [name, data] of initialWeights(parameters, "0")) given.set(`param/${name}`, data)
    const values = evaluate(program, given)
    for (const { name, edges, width } of network.shape) {
      const gradient = Array.from(values.get(fullName(gradientOf({ role: "alpha", name })))!)
      for (const [e, operations] of edges.entries()) {
        const row = gradient.slice(e * width, e * width + operations.length)
        assert.is(
          row.some((value) => value !== 0),
          operations.length > 1,
          `${name} ${e}`
        )
      }
    }
    for (const [name, shape] of parameters)
      assert.is(values.get(fullName(gradientOf({ role: "parameter", name })))!.length, elementCount(shape), name)
  })
}

search("at one-hot probabilities gives the logits of the discrete network", () => {
  for (const space of [builtinSpace("nas-bench-201"), builtinSpace("darts"), builtinSpace("s4"), OWN, CHAIN, TURNS]) {
    const pools = /_pool_/
    const free = FastCheck.sample(arbitraryArchitecture(space), { seed: 5, numRuns: 200 }).filter(
      (one) => space.cells.length === 1 || !one.some((choice, i) => pools.test(space.decisions[i]!.choices[choice]!))
    )
    for (const architecture of free.slice(0, 2)) {
      const difference = differenceAtOneHot(space, architecture)
      assert.ok(difference < 1e-9, `${space.name} ${architecture}: ${difference}`)
    }
  }
})

search("takes noise of the shape of its output from outside, a tensor a place", () => {
  const network = Either.getOrThrow(spaceSearchNetwork(builtinSpace("s4"), { ...SIZES, image: IMAGE }))
  const { program, batch } = Either.getOrThrow(lossProgram(network, PLAIN))
  const noise = batch.filter(({ role }) => role === "noise")
  assert.is(noise.length, 3 * 14)
  assert.equal(batch.flatMap(({ role, name }) => (role === "noise" ? [] : [name])).toSorted(), ["targets", "x"])
  const shape = (name: string) => program.inputs.get(name)!.shape
  assert.equal(shape("noise/cells.0._ops.3._ops.0"), [2, 2, 8, 8])
  assert.equal(shape("noise/cells.1._ops.3._ops.0"), [2, 4, 4, 4])
  assert.equal(shape("noise/cells.1._ops.4._ops.0"), [2, 4, 4, 4])
})

search("names what no network can be built of", () => {
  const edges = [{ from: 0, to: 1, operations: ["skip_connect", "magic"] }]
  const cell = (name: string, stride: number, inputs = 1) => ({
    name,
    inputs,
    nodes: 1,
    stride,
    edges: [{ from: 0, to: inputs, operations: ["skip_connect"] }]
  })
  const good = { ...SIZES, image: IMAGE }
  const cases = [
    [
      spaceOf({ name: "a", cells: [{ name: "c", inputs: 1, nodes: 1, edges }] }),
      good,
      /"magic" of the edge 0->1 of the cell "c"/
    ],
    [spaceOf({ name: "a", decisions: [{ name: "d", choices: ["x", "y"] }] }), good, /"a": it has decisions only/],
    [
      spaceOf({ name: "a", cells: ["c", "d", "e", "f"].map((name) => cell(name, 1)) }),
      good,
      /4 cells of stride 1, and the skeleton places for 3/
    ],
    [TURNS, good, /2 cells of stride 1, and the skeleton places for 1/],
    [spaceOf({ name: "a", cells: [cell("c", 2)] }), good, /no cell of stride 1/],
    [CHAIN, { channels: 2, classes: 3, cells: 3, image: IMAGE }, /takes "cellsPerStage"/],
    [OWN, { channels: 2, classes: 3, cellsPerStage: 1, image: IMAGE }, /takes "cells"/],
    [
      OWN,
      { channels: 2, classes: 3, cells: 2, image: IMAGE },
      /2 cells has no place for "\w+"; take "cells" of at least 3/
    ],
    [CHAIN, { ...good, stem: "imagenet" as const }, /no ImageNet stem/],
    [CHAIN, { ...good, image: [2, 3, 8, 3] }, /image of 8×3 is too small to be halved 2 times/],
    [OWN, { ...good, image: [2, 3, 3, 8] }, /image of 3×8 is too small to be halved 2 times/],
    [
      OWN,
      { ...good, stem: "imagenet" as const, image: [2, 3, 16, 16] },
      /image of 2×2 is too small to be halved 2 times/
    ]
  ] as const
  for (const [space, sizes, message] of cases) {
    const made = spaceSearchNetwork(space, sizes)
    assert.ok(Either.isLeft(made), `${message}`)
    assert.match(made.left.message, message)
  }
  assert.ok(Either.isRight(spaceSearchNetwork(OWN, { ...SIZES, cells: 3, image: [2, 3, 4, 4] })))
})

search.run()

const discrete = suite("spaceEvaluationNetwork()")

discrete("of a DARTS space is the network of the architecture's genotype", () => {
  for (const name of ["darts", "s1", "s2", "s3", "s4"] as const) {
    const space = builtinSpace(name)
    for (const architecture of FastCheck.sample(arbitraryArchitecture(space), { seed: 7, numRuns: 1 })) {
      for (const [stem, side] of [
        ["cifar", 32],
        ["imagenet", 224]
      ] as const) {
        const options = { channels: 4, cells: 4, classes: 5, stem, auxiliary: true, dropPath: true }
        const programs = [
          Either.getOrThrow(spaceEvaluationNetwork(space, architecture, options)),
          (net: Network, x: NodeId) => dartsEvaluationNetwork(net, x, toGenotype(space, architecture), options)
        ].map((make) =>
          programOf((net) => {
            const { logits, auxiliary } = make(net, net.b.input("x", [2, 3, side, side]))
            net.b.output("logits", logits)
            net.b.output("auxiliary", auxiliary!)
          })
        )
        assert.equal(programs[0], programs[1])
      }
    }
  }
})

discrete("names what it cannot be built of", () => {
  const cases = [
    [CHAIN, [0, 0, 0], { ...SIZES, auxiliary: true }, /no auxiliary head/],
    [CHAIN, [0, 0, 9], SIZES, /\[0, 0, 9\] is not one of its architectures/],
    [OWN, [0, 0], SIZES, /\[0, 0\] is not one of its architectures/]
  ] as const
  for (const [space, architecture, options, message] of cases) {
    const made = spaceEvaluationNetwork(space, architecture, options)
    assert.ok(Either.isLeft(made), `${message}`)
    assert.match(made.left.message, message)
  }
  for (const [space, architecture] of [
    [CHAIN, [0, 0, 0]],
    [OWN, OWN.decisions.map(() => 0)]
  ] as const) {
    const make = Either.getOrThrow(spaceEvaluationNetwork(space, architecture, SIZES))
    const made = buildProgram((b) => make(networkOn(b), b.input("x", [2, 3, 3, 3])))
    assert.ok(Either.isLeft(made))
    assert.match(made.left.message, "image of 3×3 is too small to be halved 2 times")
  }
})

discrete("takes images of any size and channels, for any classes", () => {
  for (const name of SPACE_NAMES) {
    const space = builtinSpace(name)
    const architecture = FastCheck.sample(arbitraryArchitecture(space), { seed: 8, numRuns: 1 })[0]!
    const sizes = { channels: 3, classes: 5, cells: 3, cellsPerStage: 1 }
    const make = Either.getOrThrow(spaceEvaluationNetwork(space, architecture, sizes))
    for (const image of [
      [2, 1, 28, 28],
      [1, 3, 17, 23],
      [3, 2, 5, 4]
    ]) {
      const program = programOf((net) => net.b.output("logits", make(net, net.b.input("x", image)).logits))
      assert.equal(program.outputs.get("logits")!.shape, [image[0], 5])
    }
  }
})

discrete.run()
