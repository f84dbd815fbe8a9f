import * as FastCheck from "@effect/schema/FastCheck"
import { convolutionGeometry, type ProgramBuilder } from "../../../src/domain/program/builder.ts"
import type { NodeId } from "../../../src/domain/program/node.ts"
import type { Pair, Shape } from "../../../src/domain/program/operation.ts"

/** One tensor made of inputs: what a backend must compute, with its derivatives. */
export interface Case {
  readonly shapes: Readonly<Record<string, Shape>>
  readonly make: (b: ProgramBuilder, inputs: ReadonlyArray<NodeId>) => NodeId
}

type Make = Case["make"]

const integer = (min: number, max: number) => FastCheck.integer({ min, max })
const pair = (min: number, max: number): FastCheck.Arbitrary<Pair> =>
  FastCheck.tuple(integer(min, max), integer(min, max))
const shapes = FastCheck.array(integer(1, 4), { minLength: 1, maxLength: 5 })

/** The same function of x and y, which have any shape. */
const elementwise = (make: Make): FastCheck.Arbitrary<Case> =>
  FastCheck.oneof(shapes, FastCheck.constant([])).map((shape) => ({ shapes: { x: shape, y: shape }, make }))

const positive = (b: ProgramBuilder, x: NodeId, y: NodeId) => b.plus(b.times(x, x), b.unary("exp", y))

/** A list of numbers for every axis of a shape. */
const perAxis = (shape: Shape, max: number) =>
  FastCheck.array(integer(0, max), { minLength: shape.length, maxLength: shape.length })

const axesOf = (shape: Shape) =>
  FastCheck.subarray(
    shape.map((_, axis) => axis),
    { minLength: 1 }
  )

const square: Make = (b, [x]) => b.times(x!, x!)

/** A move of elements, and what it makes of their squares. */
const moves: FastCheck.Arbitrary<Case> = shapes.chain((shape) => {
  const one = (make: Make): Case => ({ shapes: { x: shape }, make: (b, inputs) => make(b, [square(b, inputs)]) })
  const permuted = FastCheck.shuffledSubarray(
    shape.map((_, axis) => axis),
    { minLength: shape.length }
  ).map((permutation) => one((b, [x]) => b.transpose(x!, permutation)))
  const sliced = FastCheck.tuple(perAxis(shape, 3), perAxis(shape, 3), perAxis(shape, 2)).map(([from, less, steps]) =>
    one((b, [x]) =>
      b.slice(
        x!,
        shape.map((size, i) => {
          const start = Math.min(from[i]!, size - 1)
          return { start, end: Math.max(start + 1, size - less[i]!), step: steps[i]! + 1 }
        })
      )
    )
  )
  const padded = FastCheck.tuple(perAxis(shape, 2), perAxis(shape, 2), perAxis(shape, 2)).map(
    ([before, after, between]) => one((b, [x]) => b.add({ _tag: "Pad", before, after, between }, x!))
  )
  const reshaped = FastCheck.constant(one((b, [x]) => b.reshape(x!, [...shape].reverse())))
  return FastCheck.oneof(permuted, sliced, padded, reshaped)
})

const reductions: FastCheck.Arbitrary<Case> = shapes.chain((shape) =>
  axesOf(shape).map((axes) => ({
    shapes: { x: shape, y: shape },
    make: (b, [x, y]) => b.times(b.sum(b.times(x!, y!), axes), b.mean(y!, axes))
  }))
)

const broadcasts: FastCheck.Arbitrary<Case> = shapes.chain((shape) =>
  axesOf(shape).map((axes) => ({
    shapes: { x: shape.map((size, axis) => (axes.includes(axis) ? 1 : size)), y: shape },
    make: (b, [x, y]) => b.times(b.broadcast(b.times(x!, x!), shape), y!)
  }))
)

const maxima: FastCheck.Arbitrary<Case> = shapes.chain((shape) =>
  axesOf(shape).map((axes) => ({
    shapes: { x: shape },
    make: (b, [x]) => b.minus(x!, b.add({ _tag: "Detach" }, b.add({ _tag: "Max", axes }, x!)))
  }))
)

const concatenations: FastCheck.Arbitrary<Case> = shapes.chain((shape) =>
  FastCheck.tuple(integer(0, shape.length - 1), integer(1, 3)).map(([axis, size]) => ({
    shapes: { x: shape, y: shape.with(axis, size) },
    make: (b, [x, y]) => b.concatenate([x!, b.times(y!, y!), b.times(x!, x!)], axis)
  }))
)

const products: FastCheck.Arbitrary<Case> = FastCheck.tuple(integer(1, 6), integer(1, 6), integer(1, 6)).map(
  ([rows, inner, columns]) => ({
    shapes: { x: [rows, inner], y: [inner, columns] },
    make: (b, [x, y]) => b.matMul(b.times(x!, x!), y!)
  })
)

const groupings = FastCheck.oneof(
  FastCheck.tuple(FastCheck.constant(1), integer(1, 4), integer(1, 4)),
  FastCheck.tuple(integer(1, 5), FastCheck.constant(1), integer(1, 2)),
  FastCheck.tuple(integer(2, 3), integer(1, 3), integer(1, 3))
)

/** Convolutions of any stride, dilation, padding and grouping: dense, depthwise and grouped, whose image is cut anywhere. */
export const convolutions: FastCheck.Arbitrary<Case> = FastCheck.record({
  batch: integer(1, 2),
  kernel: pair(1, 5),
  stride: pair(1, 3),
  dilation: pair(1, 3),
  before: pair(0, 3),
  after: pair(0, 3),
  extra: pair(1, 5),
  grouping: groupings,
  square: FastCheck.boolean()
}).map((drawn) => {
  const same = (sizes: Pair): Pair => (drawn.square ? [sizes[0], sizes[0]] : sizes)
  const [kernel, stride, dilation] = [same(drawn.kernel), same(drawn.stride), same(drawn.dilation)]
  const padding = { before: same(drawn.before), after: drawn.square ? same(drawn.before) : drawn.after }
  const [groups, depth, filters] = drawn.grouping
  const size = [0, 1].map((i) =>
    Math.max(1, dilation[i]! * (kernel[i]! - 1) + drawn.extra[i]! - padding.before[i]! - padding.after[i]!)
  ) as [number, number]
  const geometry = convolutionGeometry({ stride, dilation, padding, groups })
  return {
    shapes: { x: [drawn.batch, groups * depth, ...size], w: [groups * filters, depth, ...kernel] },
    make: (b, [x, w]) => b.convolution(x!, w!, geometry)
  }
})

const windows = FastCheck.record({
  channels: integer(1, 5),
  kernel: pair(1, 4),
  stride: pair(1, 3),
  before: pair(0, 3),
  after: pair(0, 3),
  extra: pair(0, 4),
  square: FastCheck.boolean()
}).map((drawn) => {
  const same = (sizes: Pair): Pair => (drawn.square ? [sizes[0], sizes[0]] : sizes)
  const [kernel, stride] = [same(drawn.kernel), same(drawn.stride)]
  const side = (sizes: Pair): Pair => [Math.min(sizes[0], kernel[0] - 1), Math.min(sizes[1], kernel[1] - 1)]
  const before = side(same(drawn.before))
  const padding = { before, after: drawn.square ? before : side(drawn.after) }
  const image: Shape = [2, drawn.channels, kernel[0] + drawn.extra[0], kernel[1] + drawn.extra[1]]
  return { image, geometry: { kernel, stride, padding } }
})

const maxPools: FastCheck.Arbitrary<Case> = windows.map(({ image, geometry }) => ({
  shapes: { x: image },
  make: (b, [x]) => b.times(b.maxPool(x!, geometry), b.maxPool(x!, geometry))
}))

/** Half of the elements are equal, so most windows have several maxima. */
const tiedMaxPools: FastCheck.Arbitrary<Case> = windows.map(({ image, geometry }) => ({
  shapes: { x: image },
  make: (b, [x]) => b.maxPool(b.unary("relu", x!), geometry)
}))

const gathers: FastCheck.Arbitrary<Case> = windows.map(({ image, geometry }) => ({
  shapes: { x: image, y: image },
  make: (b, [x, y]) => b.add({ _tag: "MaxPoolGather", ...geometry }, x!, b.times(y!, y!))
}))

const averagePools: FastCheck.Arbitrary<Case> = FastCheck.tuple(windows, FastCheck.boolean()).map(
  ([{ image, geometry }, counted]) => ({
    shapes: { x: image },
    make: (b, [x]) => {
      const pooled = b.averagePool(x!, geometry, counted)
      return b.times(pooled, pooled)
    }
  })
)

/** What a backend is asked to compute, by name: every operation alone or with what keeps it in its range. */
export const CASES: Readonly<Record<string, FastCheck.Arbitrary<Case>>> = {
  negate: elementwise((b, [x]) => b.unary("negate", x!)),
  exp: elementwise((b, [x]) => b.unary("exp", x!)),
  log: elementwise((b, [x, y]) => b.unary("log", positive(b, x!, y!))),
  sqrt: elementwise((b, [x, y]) => b.unary("sqrt", positive(b, x!, y!))),
  "relu and step": elementwise((b, [x, y]) => b.unary("relu", b.times(x!, b.unary("exp", y!)))),
  "add and subtract": elementwise((b, [x, y]) => b.minus(b.plus(b.times(x!, x!), y!), b.times(y!, y!))),
  multiply: elementwise((b, [x, y]) => b.times(b.times(x!, y!), x!)),
  divide: elementwise((b, [x, y]) => b.over(x!, b.unary("exp", y!))),
  "constants and detached tensors": elementwise((b, [x, y]) =>
    b.plus(b.scale(x!, 0.3), b.add({ _tag: "Detach" }, b.times(x!, y!)))
  ),
  "transposed, sliced, padded and reshaped tensors": moves,
  sums: reductions,
  broadcasts,
  maxima,
  concatenations,
  "matrix products": products,
  convolutions,
  "max pooling": maxPools,
  "max pooling with ties": tiedMaxPools,
  "values at maxima": gathers,
  "average pooling": averagePools
}
