import { suite } from "uvu"
import * as assert from "uvu/assert"
import { ascendedProgram, gradientProgram, type LossProgram } from "../../../src/domain/darts/loss_program.ts"
import { ofRun } from "../../../src/domain/darts/updates.ts"
import { identityMaps, relaxedMaps } from "../../../src/domain/neighborhood/relaxed_maps.ts"
import { allRelaxedNeighbors, drawRelaxedNeighbors } from "../../../src/domain/neighborhood/relaxed_neighbors.ts"
import { probabilities, type RelaxedShape, relaxedShape } from "../../../src/domain/neighborhood/relaxed_shape.ts"
import type { Aggregate } from "../../../src/domain/objective/aggregate.ts"
import { aggregate } from "../../../src/domain/objective/aggregate.ts"
import { aggregateGradient } from "../../../src/domain/objective/aggregate_gradient.ts"
import { fullName, gradientOf, type Port } from "../../../src/domain/program/port.ts"
import { builtinSpace } from "../../../src/domain/space/spaces.ts"
import { applyMaps } from "../../_relaxed.ts"
import { evaluate, type Numbers } from "../program/_programs.ts"
import { jointLoss } from "./_joint_loss.ts"
import {
  cellNetwork,
  linearNetwork,
  loss,
  MAPPED,
  mapInputs,
  numbers,
  PLAIN,
  RAGGED,
  relativeError,
  smoothNetwork
} from "./_networks.ts"

const SHIFT = { representation: { _tag: "Shift" }, neighborNone: true } as const
const all = ({ alphas, weights }: LossProgram) => [...alphas, ...weights].map(fullName)

const gradients = suite("gradientProgram()")

gradients("agrees with the finite difference of the loss, for alpha and weights, with rows of any length", () => {
  const plain = loss(smoothNetwork(RAGGED), PLAIN)
  const program = gradientProgram(plain, [...plain.alphas, ...plain.weights])
  const at = numbers(program)
  const values = evaluate(program, at)
  for (const name of all(plain)) {
    const finite = Array.from(at.get(name)!, (value, i) => {
      const moved = (by: number) => new Map([...at, [name, at.get(name)!.with(i, value + by)]])
      const lossAt = (inputs: Numbers) => evaluate(program, inputs).get("loss")![0]!
      return (lossAt(moved(1e-6)) - lossAt(moved(-1e-6))) / 2e-6
    })
    assert.ok(relativeError(values.get(fullName(gradientOf(name)))!, finite) < 1e-6, name)
  }
})

gradients("behind a shorter row alpha counts nothing, and its gradient is 0", () => {
  const plain = loss(smoothNetwork(RAGGED), PLAIN)
  const program = gradientProgram(plain, plain.alphas)
  const at = numbers(program)
  const gradient = evaluate(program, at).get("gradient/alpha/normal")!
  assert.equal([gradient[2], gradient[7], gradient[8]], [0, 0, 0])
  const filled = new Map([
    ...at,
    ["alpha/normal", at.get("alpha/normal")!.map((x, i) => ([2, 7, 8].includes(i) ? 9 : x))]
  ])
  assert.equal(evaluate(program, filled).get("loss"), evaluate(program, at).get("loss"))
})

gradients("by alpha alone makes no filter gradient", () => {
  const plain = loss(cellNetwork, PLAIN)
  const kinds = (inputs: ReadonlyArray<Port>) =>
    new Set(gradientProgram(plain, inputs).nodes.map(({ operation }) => operation._tag))
  assert.not.ok(kinds(plain.alphas).has("ConvolutionFilter"))
  assert.ok(kinds(plain.weights).has("ConvolutionFilter"))
})

gradients("says what belongs to a batch, and counts the images that are right", () => {
  const plain = loss(smoothNetwork(RAGGED), PLAIN)
  assert.equal(plain.batch.map(fullName).sort(), ["targets", "x"])
  assert.equal(plain.alphas.map(fullName), ["alpha/normal", "alpha/reduction"])
  const zero = new Map([...numbers(plain.program)].map(([name, data]) => [name, data.map(() => 0)] as const))
  const biased: Numbers = new Map<string, ArrayLike<number>>(zero)
    .set("param/first.bias", [0, 2, 1])
    .set("targets", [0, 1, 0, 0, 1, 0, 0, 0, 1])
  assert.equal(Array.from(evaluate(plain.program, biased).get("correct")!), [2])
})

gradients("the identity map is DARTS, bit for bit", () => {
  const [plain, mapped] = [loss(cellNetwork, PLAIN), loss(cellNetwork, MAPPED)]
  const [own, same] = [
    gradientProgram(plain, [...plain.alphas, ...plain.weights]),
    gradientProgram(mapped, [...mapped.alphas, ...mapped.weights])
  ]
  const at = numbers(own)
  for (const precision of ["f32", "f64"] as const) {
    const ours = evaluate(own, at, precision)
    const theirs = evaluate(same, new Map([...at, ...mapInputs(identityMaps(cellNetwork.shape))]), precision)
    for (const [name, values] of ours) assert.equal(theirs.get(name), values, name)
  }
})

gradients("the loss of a mapped program is that of the mapped probabilities", () => {
  const mapped = loss(linearNetwork(RAGGED), MAPPED)
  const at = numbers(mapped.program)
  const rows = probabilities(RAGGED, new Map(RAGGED.map(({ name }) => [name, at.get(`alpha/${name}`)!])))
  for (const representation of [
    { _tag: "Shift" },
    { _tag: "Swap" },
    { _tag: "Hard" },
    { _tag: "Mix", rho: 0.4 }
  ] as const) {
    for (const neighbor of allRelaxedNeighbors(RAGGED, { radius: 2, neighborNone: true })) {
      const maps = relaxedMaps(RAGGED, { representation, neighborNone: true }, neighbor, rows)
      const moved = applyMaps(RAGGED, maps, rows)
      let expected = 0
      const widths = RAGGED.flatMap(({ name, edges, width }) => edges.map((_, e) => ({ name, first: e * width })))
      for (const [row, { name, first }] of widths.entries())
        for (const [k, share] of moved[row]!.entries()) expected += share * at.get(`param/${name}`)![first + k]!
      const value = evaluate(mapped.program, new Map([...at, ...mapInputs(maps)])).get("loss")![0]!
      assert.ok(Math.abs(value - expected) < 1e-12)
    }
  }
})

gradients("over all shifts without the center, a linear loss has c times the gradient of DARTS", () => {
  const cases: ReadonlyArray<readonly [RelaxedShape, number]> = [
    [relaxedShape(builtinSpace("nas-bench-201")), 0.7917],
    [relaxedShape(builtinSpace("darts")), 0.9592]
  ]
  for (const [shape, published] of cases) {
    const [edges, operations] = [shape.flatMap((cell) => cell.edges).length, shape[0]!.width]
    const c = 1 - 1 / edges - 1 / (edges * (operations - 1))
    assert.is(c.toFixed(4), `${published}`)
    const [plain, mapped] = [loss(linearNetwork(shape), PLAIN), loss(linearNetwork(shape), MAPPED)]
    const own = gradientProgram(plain, plain.alphas)
    const neighborhood = gradientProgram(mapped, mapped.alphas)
    const at = numbers(own)
    const rows = probabilities(shape, new Map(shape.map(({ name }) => [name, at.get(`alpha/${name}`)!])))
    const darts = evaluate(own, at)
    const sums = new Map(plain.alphas.map(fullName).map((name) => [name, new Float64Array(at.get(name)!.length)]))
    const neighbors = drawRelaxedNeighbors(shape, { radius: 1, neighborNone: true }, "all", "")
    for (const neighbor of neighbors) {
      const values = evaluate(neighborhood, new Map([...at, ...mapInputs(relaxedMaps(shape, SHIFT, neighbor, rows))]))
      for (const [name, sum] of sums)
        for (let i = 0; i < sum.length; i++) sum[i]! += values.get(fullName(gradientOf(name)))![i]! / neighbors.length
    }
    for (const [name, mean] of sums) {
      const expected = Array.from(darts.get(fullName(gradientOf(name)))!, (x) => c * x)
      assert.ok(relativeError(mean, expected) < 1e-10, name)
    }
  }
})

gradients.run()

const joint = suite("jointLoss()")

const AGGREGATES: ReadonlyArray<Aggregate> = [
  { _tag: "Mean" },
  { _tag: "Worst" },
  { _tag: "Cvar", fraction: 0.5 },
  { _tag: "MeanSemideviation", k: 1 }
]
for (const how of AGGREGATES) {
  joint(`${how._tag}: is the sum of the runs' gradients, weighted by the aggregate's`, () => {
    const mapped = loss(cellNetwork, MAPPED)
    const single = gradientProgram(mapped, [...mapped.alphas, ...mapped.weights])
    const together = jointLoss(mapped, 3, how)
    const program = gradientProgram(together, [...together.alphas, ...together.weights])
    const at = numbers(gradientProgram(loss(cellNetwork, PLAIN), mapped.alphas))
    const rows = probabilities(cellNetwork.shape, new Map([["cell", at.get("alpha/cell")!]]))
    const runs = [[], ...drawRelaxedNeighbors(cellNetwork.shape, { radius: 2, neighborNone: true }, 2, how._tag)].map(
      (neighbor) => mapInputs(relaxedMaps(cellNetwork.shape, SHIFT, neighbor, rows))
    )
    const apart = runs.map((maps) => evaluate(single, new Map([...at, ...maps])))
    const named = runs.flatMap((maps, run) => maps.map(([name, data]) => [fullName(ofRun(run, name)), data] as const))
    const values = evaluate(program, new Map([...at, ...named]))
    const losses = apart.map((run) => run.get("loss")![0]!)
    assert.ok(Math.abs(values.get("loss")![0]! - aggregate(how, losses)) < 1e-12)
    for (const [run, value] of losses.entries()) assert.is(values.get(fullName(ofRun(run, "loss")))![0], value)
    assert.equal(values.get("correct"), apart[0]!.get("correct"))
    const weights = aggregateGradient(how, losses)
    for (const name of all(mapped)) {
      const sum = Array.from(values.get(fullName(gradientOf(name)))!, (_, i) =>
        apart.reduce((total, run, j) => total + weights[j]! * run.get(fullName(gradientOf(name)))![i]!, 0)
      )
      assert.ok(
        sum.every((value, i) => Math.abs(values.get(fullName(gradientOf(name)))![i]! - value) < 1e-10),
        name
      )
    }
  })
}

joint("counts the images that the first run has right", () => {
  const shape: RelaxedShape = [{ name: "c", edges: [["a", "b"]], width: 2 }]
  const mapped = loss(smoothNetwork(shape), MAPPED)
  const together = jointLoss(mapped, 2, { _tag: "Mean" })
  const at = new Map<string, ArrayLike<number>>(
    [...numbers(together.program)].map(([name, data]) => [name, data.map(() => 0)])
  )
  at.set("targets", [0, 1, 0, 0, 1, 0, 0, 1, 0]).set("param/c", [1, 0]).set("param/second.bias", [0, 1, 0])
  at.set("param/first.bias", [0.5, 0, 0]).set("alpha/c", [0, 0])
  at.set("run/0/add/c", [1, 0]).set("run/1/add/c", [0, 1])
  assert.equal(Array.from(evaluate(together.program, at).get("correct")!), [3])
  at.set("run/0/add/c", [0, 1]).set("run/1/add/c", [1, 0])
  assert.equal(Array.from(evaluate(together.program, at).get("correct")!), [0])
})

joint("what does not depend on the maps is there once", () => {
  const mapped = loss(cellNetwork, MAPPED)
  const together = jointLoss(mapped, 3, { _tag: "Mean" })
  const convolutions = (program: LossProgram) =>
    program.program.nodes.filter(({ operation }) => operation._tag === "Convolution").length
  assert.ok(convolutions(together) < 3 * convolutions(mapped) - 2)
})

joint.run()

const ascended = suite("ascendedProgram()")

ascended("is the gradient at alpha plus rho times the gradient, with the loss at alpha", () => {
  const plain = loss(cellNetwork, PLAIN)
  const gradient = gradientProgram(plain, plain.alphas)
  const at = numbers(gradient)
  const here = evaluate(gradient, at)
  const rho = 0.5
  const raised = at.get("alpha/cell")!.map((x, i) => x + rho * here.get("gradient/alpha/cell")![i]!)
  const there = evaluate(gradient, new Map([...at, ["alpha/cell", raised]]))
  const values = evaluate(ascendedProgram(plain, rho, "first"), at)
  assert.ok(relativeError(values.get("gradient/alpha/cell")!, there.get("gradient/alpha/cell")!) < 1e-12)
  assert.ok(relativeError(there.get("gradient/alpha/cell")!, here.get("gradient/alpha/cell")!) > 1e-3)
  assert.equal(values.get("loss"), here.get("loss"))
  for (const order of ["first", "second"] as const) {
    const still = evaluate(ascendedProgram(plain, 0, order), at)
    assert.equal([...still.keys()].sort(), ["correct", "gradient/alpha/cell", "loss"])
    assert.equal(still.get("gradient/alpha/cell"), here.get("gradient/alpha/cell"))
  }
})

ascended("of second order is the derivative of the loss at the raised alpha", () => {
  const plain = loss(smoothNetwork(RAGGED), PLAIN)
  const gradient = gradientProgram(plain, plain.alphas)
  const at = numbers(gradient)
  const rho = 0.5
  const raisedLoss = (inputs: Numbers) => {
    const here = evaluate(gradient, inputs)
    const raised = plain.alphas.map(fullName).map((name) => {
      const step = here.get(fullName(gradientOf(name)))!
      return [name, Array.from(inputs.get(name)!, (x, i) => x + rho * step[i]!)] as const
    })
    return evaluate(gradient, new Map([...inputs, ...raised])).get("loss")![0]!
  }
  const values = evaluate(ascendedProgram(plain, rho, "second"), at)
  for (const name of plain.alphas.map(fullName)) {
    const finite = Array.from(at.get(name)!, (value, i) => {
      const moved = (by: number) => raisedLoss(new Map([...at, [name, at.get(name)!.with(i, value + by)]]))
      return (moved(1e-6) - moved(-1e-6)) / 2e-6
    })
    assert.ok(relativeError(values.get(fullName(gradientOf(name)))!, finite) < 1e-6, name)
  }
  assert.equal(values.get("loss"), evaluate(gradient, at).get("loss"))
})

ascended.run()
