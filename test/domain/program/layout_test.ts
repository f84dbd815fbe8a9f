import * as Either from "effect/Either"
import { suite } from "uvu"
import * as assert from "uvu/assert"
import { buildProgram } from "../../../src/domain/program/builder.ts"
import { differentiate } from "../../../src/domain/program/differentiate.ts"
import { flattened, layoutSize, unflattened, withVector } from "../../../src/domain/program/layout.ts"
import { simplify } from "../../../src/domain/program/rewrite.ts"
import { evaluate, numbersFor } from "./_programs.ts"

const LAYOUT = [
  { role: "batch", name: "a", shape: [2, 3] },
  { role: "batch", name: "b", shape: [] },
  { role: "batch", name: "c", shape: [4] }
] as const

const test = suite("flattened(), unflattened(), withVector()")

test("put tensors one after the other, and take them apart again", () => {
  const program = Either.getOrThrow(
    buildProgram((b) => {
      const vector = flattened(
        b,
        LAYOUT.map((one) => b.input(one, one.shape))
      )
      b.output("vector", vector)
      for (const [name, part] of unflattened(b, vector, LAYOUT)) b.output(`${name} again`, part)
    })
  )
  const at = numbersFor(program, "layout")
  const values = evaluate(program, at)
  assert.is(layoutSize(LAYOUT), 11)
  assert.equal(
    Array.from(values.get("vector")!),
    LAYOUT.flatMap(({ name }) => Array.from(at.get(name)!))
  )
  for (const { name } of LAYOUT) assert.equal(Array.from(values.get(`${name} again`)!), Array.from(at.get(name)!))
})

test("hundreds of tensors are one vector too, in order", () => {
  const program = Either.getOrThrow(
    buildProgram((b) => {
      const parts = Array.from({ length: 150 }, (_, i) => b.scale(b.input("x", [1]), i))
      b.output("vector", flattened(b, parts))
    })
  )
  assert.equal(
    Array.from(evaluate(program, new Map([["x", [2]]])).get("vector")!),
    Array.from({ length: 150 }, (_, i) => 2 * i)
  )
})

test("a program reads one vector in place of many inputs", () => {
  const apart = Either.getOrThrow(
    buildProgram((b) => {
      const [a, one, c] = [b.input("a", [2, 3]), b.input("b", []), b.input("c", [4])]
      const sum = b.sum(b.times(a, b.reshape(one, [1, 1])), [0, 1])
      b.output("y", b.plus(b.reshape(sum, [1]), b.times(c, b.input("other", [4]))))
    })
  )
  const joined = withVector(apart, "weights", LAYOUT)
  assert.equal([...joined.inputs.keys()].sort(), ["other", "weights"])
  const at = numbersFor(apart, "vector")
  const weights = LAYOUT.flatMap(({ name }) => Array.from(at.get(name)!))
  assert.equal(evaluate(joined, new Map<string, ArrayLike<number>>([...at, ["weights", weights]])), evaluate(apart, at))
})

test("the gradient by a vector of slices is one concatenation, without additions", () => {
  const program = Either.getOrThrow(
    buildProgram((b) => {
      const vector = b.input("v", [11])
      const parts = [...unflattened(b, vector, LAYOUT)].filter(([name]) => name !== "b")
      const terms = parts.map(([, part], i) => {
        const axes = b.shape(part).map((_, axis) => axis)
        return b.reshape(b.sum(b.times(part, b.times(part, b.constant(i + 1))), axes), [])
      })
      b.output(
        "loss",
        terms.reduce((sum, term) => b.plus(sum, term))
      )
    })
  )
  const made = simplify(
    Either.getOrThrow(differentiate(program, { loss: "loss", gradients: new Map([["gradient", "v"]]) })),
    ["gradient"]
  )
  const kinds = made.nodes.map(({ operation }) => ("kind" in operation ? operation.kind : operation._tag))
  assert.is(kinds.filter((kind) => kind === "Concatenate").length, 1)
  assert.not(kinds.includes("add") || kinds.includes("Pad"))
  const v = Array.from({ length: 11 }, (_, i) => i + 1)
  const expected = v.map((x, i) => (i < 6 ? 2 * x : i === 6 ? 0 : 4 * x))
  assert.equal(Array.from(evaluate(made, new Map([["v", v]])).get("gradient")!), expected)
})

test("overlapping ranges, and ranges of other axes, are added", () => {
  for (const [first, second] of [
    [
      [{ start: 0, end: 3 }, {}],
      [{ start: 2, end: 4 }, {}]
    ],
    [
      [{ start: 0, end: 2 }, {}],
      [{}, { start: 1, end: 2 }]
    ],
    [
      [{ start: 3, end: 4 }, {}],
      [{ start: 0, end: 2 }, {}]
    ]
  ] as const) {
    const program = Either.getOrThrow(
      buildProgram((b) => {
        const x = b.input("x", [4, 3])
        const squares = [first, second].map((ranges) => {
          const part = b.slice(x, ranges)
          return b.reshape(b.sum(b.times(part, part), [0, 1]), [])
        })
        b.output("loss", b.plus(squares[0]!, squares[1]!))
      })
    )
    const made = Either.getOrThrow(differentiate(program, { loss: "loss", gradients: new Map([["gradient", "x"]]) }))
    const at = numbersFor(made, "ranges")
    const x = Array.from(at.get("x")!)
    const inside = (ranges: typeof first | typeof second, i: number) =>
      [Math.floor(i / 3), i % 3].every((place, axis) => {
        const range: { readonly start?: number; readonly end?: number } = ranges[axis]!
        return place >= (range.start ?? 0) && place < (range.end ?? 4)
      })
    const expected = x.map((value, i) => 2 * value * [first, second].filter((ranges) => inside(ranges, i)).length)
    for (const [i, value] of Array.from(evaluate(made, at).get("gradient")!).entries())
      assert.ok(Math.abs(value - expected[i]!) < 1e-12)
  }
})

test.run()
