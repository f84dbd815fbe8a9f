import * as Either from "effect/Either"
import { suite } from "uvu"
import * as assert from "uvu/assert"
import { alone, batchNorm, batchNorms, type Network, normalized, together } from "../../../src/domain/network/layers.ts"
import { buildProgram } from "../../../src/domain/program/builder.ts"
import { copyNodes, copyOutputs } from "../../../src/domain/program/copy.ts"
import { differentiate } from "../../../src/domain/program/differentiate.ts"
import type { NodeId } from "../../../src/domain/program/node.ts"
import { ofRole } from "../../../src/domain/program/port.ts"
import type { Program } from "../../../src/domain/program/program.ts"
import { simplify } from "../../../src/domain/program/rewrite.ts"
import { evaluate, numbersFor } from "../program/_programs.ts"
import { programOf } from "./_spaces.ts"

/** Three tensors of 18 elements per channel, and one of 16. */
const SHAPES = [
  [2, 3, 3, 3],
  [2, 2, 3, 3],
  [2, 3, 9, 1],
  [1, 2, 4, 4]
]

/** A loss of the normalized tensors, in which each has its own weights, with its gradients once and twice. */
function lossOf(normalize: (net: Network, tensors: ReadonlyArray<NodeId>) => ReadonlyArray<NodeId>): Program {
  const forward = programOf((net) => {
    const { b } = net
    const tensors = SHAPES.map((shape, i) => b.input(`x${i}`, shape))
    const terms = normalize(net, tensors).map((y, i) => {
      b.output(`y${i}`, y)
      const weighted = b.times(b.times(y, y), b.input(`w${i}`, SHAPES[i]!))
      return b.reshape(b.sum(weighted, [0, 1, 2, 3]), [])
    })
    b.output(
      "loss",
      terms.reduce((sum, term) => b.plus(sum, term))
    )
  })
  const names = SHAPES.map((_, i) => `x${i}`)
  const once = Either.getOrThrow(
    differentiate(forward, { loss: "loss", gradients: new Map(names.map((name) => [`first/${name}`, name])) })
  )
  const inner = Either.getOrThrow(
    buildProgram((b) => {
      const moved = copyNodes(b, once)
      copyOutputs(b, once, moved)
      const squares = names.map((name, i) => {
        const gradient = moved.output(`first/${name}`)
        return b.reshape(b.sum(b.times(gradient, b.input(`v${i}`, SHAPES[i]!)), [0, 1, 2, 3]), [])
      })
      b.output(
        "inner",
        squares.reduce((sum, term) => b.plus(sum, term))
      )
    })
  )
  return simplify(
    Either.getOrThrow(
      differentiate(inner, { loss: "inner", gradients: new Map(names.map((name) => [`second/${name}`, name])) })
    )
  )
}

const test = suite("batchNorms(), together()")

test("are each tensor's own normalization, with first and second derivatives", () => {
  const apart = lossOf((net, tensors) => tensors.map((x, i) => batchNorm(net, `n${i}`, x, false)))
  const joined = lossOf((net, tensors) =>
    batchNorms(
      net,
      tensors.map((x, i) => ({ name: `n${i}`, x, affine: false }))
    )
  )
  const at = numbersFor(apart, "normalizations")
  const [expected, made] = [evaluate(apart, at), evaluate(joined, at)]
  assert.is(expected.size, 2 + 3 * SHAPES.length)
  for (const [name, values] of expected)
    for (const [i, value] of Array.from(values).entries())
      assert.ok(Math.abs(made.get(name)![i]! - value) <= 1e-9 * Math.max(1, Math.abs(value)), name)
})

test("one root serves all tensors with as many elements per channel", () => {
  const roots = (program: Program) =>
    program.nodes.filter(({ operation }) => "kind" in operation && operation.kind === "sqrt").length
  const joined = programOf((net) => {
    const asked = SHAPES.map((shape, i) => ({ name: `n${i}`, x: net.b.input(`x${i}`, shape), affine: false }))
    for (const [i, y] of batchNorms(net, asked).entries()) net.b.output(`y${i}`, y)
  })
  assert.is(roots(joined), 2)
})

test("those with scale and shift, and those that keep running statistics, stay apart", () => {
  const shape = SHAPES[0]!
  for (const [tracked, affine] of [
    [false, true],
    [true, false]
  ] as const) {
    const made = Either.getOrThrow(
      buildProgram((b) => {
        const net: Network = { b, statistics: "batch", tracked, parameters: new Map() }
        const asked = ["a", "b"].map((name) => ({ name, x: b.input(name, shape), affine }))
        for (const [i, y] of batchNorms(net, asked).entries()) b.output(`y${i}`, y)
      })
    )
    assert.is(ofRole(made.inputs, "parameter").length, affine ? 4 : 0)
    assert.is(ofRole(made.outputs, "buffer").length, tracked ? 4 : 0)
  }
})

test("parts of different lengths end with their own results, in order", () => {
  const program = programOf((net) => {
    function* repeated(name: string, x: NodeId, times: number) {
      let y = x
      for (let i = 0; i < times; i++) y = yield* normalized(`${name}${i}`, net.b.scale(y, i + 2), false)
      return y
    }
    const inputs = [0, 3, 1].map((times) => [times, net.b.input(`x${times}`, [2, 2, 2, 2])] as const)
    const made = together(
      net,
      inputs.map(([times, x]) => repeated(`n${times}`, x, times))
    )
    for (const [i, [times, x]] of inputs.entries()) {
      net.b.output(`together${times}`, made[i]!)
      net.b.output(`alone${times}`, alone(net, repeated(`n${times}`, x, times)))
    }
  })
  const values = evaluate(program, numbersFor(program, "parts"))
  for (const times of [0, 1, 3])
    for (const [i, value] of Array.from(values.get(`alone${times}`)!).entries())
      assert.ok(Math.abs(values.get(`together${times}`)![i]! - value) < 1e-12)
})

test.run()
