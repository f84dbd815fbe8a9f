import * as FastCheck from "@effect/schema/FastCheck"
import * as Either from "effect/Either"
import { suite } from "uvu"
import * as assert from "uvu/assert"
import { buildProgram, convolutionGeometry, type ProgramBuilder } from "../../../src/domain/program/builder.ts"
import { differentiate } from "../../../src/domain/program/differentiate.ts"
import type { NodeId } from "../../../src/domain/program/node.ts"
import type { Pair, Shape } from "../../../src/domain/program/operation.ts"
import type { Program } from "../../../src/domain/program/program.ts"
import { derivativeError, evaluate, lossOf, lossOfGradients, numbersFor, withGradients } from "./_programs.ts"

const CASES = process.env.NAS_DEEP === "1" ? 300 : 12
const small = FastCheck.integer({ min: 1, max: 3 })

/** The first and the second derivative of an operation agree with finite differences. */
function agrees(program: Program, seed: string): void {
  const first = derivativeError(program, seed)
  assert.ok(first < 1e-6, `first derivative is off by ${first}`)
  const second = derivativeError(lossOfGradients(program), seed)
  assert.ok(second < 1e-5, `second derivative is off by ${second}`)
}

const test = suite("differentiate()")

const elementwise: ReadonlyArray<readonly [string, (b: ProgramBuilder, inputs: ReadonlyArray<NodeId>) => NodeId]> = [
  ["negate", (b, [x]) => b.unary("negate", x!)],
  ["exp", (b, [x]) => b.unary("exp", x!)],
  ["log", (b, [x, y]) => b.unary("log", b.plus(b.times(x!, x!), b.unary("exp", y!)))],
  ["sqrt", (b, [x, y]) => b.unary("sqrt", b.plus(b.times(x!, x!), b.unary("exp", y!)))],
  ["relu", (b, [x, y]) => b.unary("relu", b.times(x!, b.unary("exp", y!)))],
  ["add", (b, [x, y]) => b.plus(b.times(x!, x!), y!)],
  ["subtract", (b, [x, y]) => b.minus(b.times(x!, y!), b.times(y!, y!))],
  ["multiply", (b, [x, y]) => b.times(b.times(x!, y!), x!)],
  ["divide", (b, [x, y]) => b.over(x!, b.unary("exp", y!))],
  ["sum and broadcast", (b, [x, y]) => b.times(b.sum(b.times(x!, y!), [0, 2]), b.mean(y!, [1]))],
  [
    "reshape and transpose",
    (b, [x, y]) => b.times(b.reshape(b.transpose(x!, [2, 0, 1]), b.shape(y!)), b.times(y!, y!))
  ],
  ["concatenate", (b, [x, y]) => b.times(b.concatenate([x!, b.times(x!, y!), y!], 1), b.concatenate([y!, y!, x!], 1))],
  [
    "slice and pad",
    (b, [x, y]) => {
      const part = b.slice(b.times(x!, y!), [{}, { start: 0, step: 2 }, { start: 0, end: 1 }])
      return b.add({ _tag: "Pad", before: [1, 0, 2], after: [0, 1, 1], between: [0, 1, 0] }, b.times(part, part))
    }
  ],
  [
    "matrix product",
    (b, [x, y]) => {
      const [n, m, k] = b.shape(x!) as readonly [number, number, number]
      return b.matMul(b.reshape(x!, [n * m, k]), b.transpose(b.reshape(b.times(y!, y!), [n * m, k]), [1, 0]))
    }
  ],
  ["matrix products", (b, [x, y]) => b.matMul(x!, b.flip(b.times(y!, y!)))]
]
for (const [name, make] of elementwise) {
  test(`is right for ${name}, once and twice`, () => {
    const check = FastCheck.property(small, small, small, FastCheck.string(), (n, m, k, seed) => {
      const shape: Shape = [n + 1, m, k]
      agrees(lossOf({ x: shape, y: shape }, make), seed)
    })
    FastCheck.assert(check, { seed: 31, numRuns: CASES })
  })
}

const pair = (max: number): FastCheck.Arbitrary<Pair> =>
  FastCheck.tuple(FastCheck.integer({ min: 1, max }), FastCheck.integer({ min: 1, max }))

/** Geometries of a convolution, images of at least one window, one to three groups. */
const convolutions = FastCheck.record({
  kernel: pair(3),
  stride: pair(2),
  dilation: pair(2),
  padding: FastCheck.record({ before: pair(2), after: pair(3) }),
  extra: pair(3),
  groups: small,
  perGroup: FastCheck.tuple(small, small)
}).map(({ kernel, stride, dilation, padding, extra, groups, perGroup }) => {
  const sides = {
    before: [padding.before[0] - 1, padding.before[1] - 1],
    after: [padding.after[0] - 1, padding.after[1] - 1]
  } as const
  const size = [0, 1].map((i) => dilation[i]! * (kernel[i]! - 1) + extra[i]!)
  const image: Shape = [2, groups * perGroup[0], size[0]!, size[1]!]
  const filter: Shape = [groups * perGroup[1], perGroup[0], kernel[0], kernel[1]]
  return { image, filter, geometry: convolutionGeometry({ stride, dilation, padding: sides, groups }) }
})

test("is right for convolutions of any stride, dilation, padding and groups, once and twice", () => {
  const check = FastCheck.property(convolutions, FastCheck.string(), ({ image, filter, geometry }, seed) => {
    agrees(
      lossOf({ x: image, w: filter }, (b, [x, w]) => b.convolution(x!, w!, geometry)),
      seed
    )
  })
  FastCheck.assert(check, { seed: 32, numRuns: 2 * CASES })
})

test("is right for a convolution's own derivatives, so that it can be taken again and again", () => {
  const check = FastCheck.property(convolutions, FastCheck.string(), ({ image, filter, geometry }, seed) => {
    const third = lossOfGradients(
      lossOf({ x: image, w: filter }, (b, [x, w]) => b.convolution(b.times(x!, x!), w!, geometry))
    )
    const error = derivativeError(lossOfGradients(third), seed)
    assert.ok(error < 1e-5, `third derivative is off by ${error}`)
  })
  FastCheck.assert(check, { seed: 33, numRuns: CASES })
})

const pools = FastCheck.record({
  kernel: pair(3),
  stride: pair(3),
  before: pair(3),
  after: pair(3),
  extra: pair(4)
}).map(({ kernel, stride, before, after, extra }) => {
  const side = (sides: Pair): Pair => [Math.min(sides[0], kernel[0]) - 1, Math.min(sides[1], kernel[1]) - 1]
  const image: Shape = [2, 2, kernel[0] + extra[0] - 1, kernel[1] + extra[1] - 1]
  return { image, geometry: { kernel, stride, padding: { before: side(before), after: side(after) } } }
})

test("is right for max pooling, its scatter and its gather", () => {
  const check = FastCheck.property(pools, FastCheck.string(), ({ image, geometry }, seed) => {
    agrees(
      lossOf({ x: image }, (b, [x]) => b.maxPool(x!, geometry)),
      seed
    )
    const squared = lossOf({ x: image }, (b, [x]) => {
      const y = b.maxPool(x!, geometry)
      return b.times(y, y)
    })
    agrees(squared, seed)
  })
  FastCheck.assert(check, { seed: 34, numRuns: CASES })
})

test("is right for average pooling with and without counted padding", () => {
  const check = FastCheck.property(
    pools,
    FastCheck.boolean(),
    FastCheck.string(),
    ({ image, geometry }, counted, seed) => {
      const squared = lossOf({ x: image }, (b, [x]) => {
        const y = b.averagePool(x!, geometry, counted)
        return b.times(y, y)
      })
      agrees(squared, seed)
    }
  )
  FastCheck.assert(check, { seed: 35, numRuns: CASES })
})

test("Hessian-vector products are linear and symmetric", () => {
  const program = lossOf({ x: [2, 3, 4, 4], w: [3, 3, 3, 3] }, (b, [x, w]) =>
    b.unary("exp", b.scale(b.convolution(x!, w!), 0.1))
  )
  const products = withGradients(lossOfGradients(program))
  const base = numbersFor(products, "h")
  const zero = (name: string) => new Float64Array(base.get(name)!.length)
  const [u, v] = ["u", "v"].map((seed) => numbersFor(products, seed).get("d/x")!) as [Float64Array, Float64Array]
  const product = (direction: Float64Array) =>
    evaluate(products, new Map([...base, ["d/x", direction], ["d/w", zero("d/w")], ["d/c", zero("d/c")]])).get(
      "grad/x"
    )!
  const dot = (a: ArrayLike<number>, b: ArrayLike<number>) =>
    Array.from(a).reduce((sum, value, i) => sum + value * b[i]!, 0)
  const [hu, hv] = [product(u), product(v)]
  assert.ok(Math.abs(dot(hu, v) - dot(hv, u)) < 1e-10 * Math.abs(dot(hu, v)))
  const both = product(u.map((value, i) => 2 * value - 3 * v[i]!))
  for (let i = 0; i < both.length; i++) assert.ok(Math.abs(both[i]! - (2 * hu[i]! - 3 * hv[i]!)) < 1e-10)
})

test("what is detached passes no gradient, and an input that does not matter has gradient 0", () => {
  const program = lossOf({ x: [3], y: [3] }, (b, [x]) => b.times(x!, b.add({ _tag: "Detach" }, x!)))
  const values = evaluate(
    withGradients(program),
    new Map([
      ["x", [1, 2, 3]],
      ["y", [0, 0, 0]],
      ["c", [1, 1, 1]]
    ])
  )
  assert.equal(Array.from(values.get("grad/x")!), [1, 2, 3])
  assert.equal(Array.from(values.get("grad/y")!), [0, 0, 0])
})

test("errors name the node: a maximum in the way, an unknown loss or input, a loss of several elements", () => {
  const program = Either.getOrThrow(
    buildProgram((b) => {
      const x = b.input("x", [4])
      b.output("loss", b.add({ _tag: "Max", axes: [0] }, x))
      b.output("many", x)
    })
  )
  const fault = (loss: string, name: string) =>
    Either.flip(differentiate(program, { loss, gradients: new Map([["g", name]]) }))
  for (const [loss, name, problem] of [
    ["loss", "x", "Max"],
    ["no", "x", "no output"],
    ["loss", "no", "no input"],
    ["many", "x", "one element"]
  ] as const) {
    assert.match(Either.getOrThrow(fault(loss, name)).message, problem)
  }
})

test("a program of 50,000 nodes is built and differentiated in seconds, without a deep stack", () => {
  const begun = performance.now()
  const program = Either.getOrThrow(
    buildProgram((b) => {
      let x = b.input("x", [4])
      for (let i = 0; i < 25_000; i++)
        x = b.times(b.plus(x, b.constant(1e-5 * (i + 1), [4])), b.constant(1 + 1e-9 * (i + 1), [4]))
      b.output("loss", b.reshape(b.sum(x, [0]), []))
    })
  )
  assert.ok(program.nodes.length > 50_000)
  assert.ok(withGradients(program).nodes.length > program.nodes.length)
  assert.ok(performance.now() - begun < 20_000)
})

test.run()
