import * as Either from "effect/Either"
import { suite } from "uvu"
import * as assert from "uvu/assert"
import { buildProgram, type ProgramBuilder, square } from "../../../src/domain/program/builder.ts"
import { programCost } from "../../../src/domain/program/cost.ts"
import type { Operation } from "../../../src/domain/program/operation.ts"
import { simplify } from "../../../src/domain/program/rewrite.ts"
import { evaluate } from "./_programs.ts"

const built = (make: (b: ProgramBuilder) => void) => Either.getOrThrow(buildProgram(make))

const builder = suite("buildProgram()")

type Derived = Exclude<Operation, { _tag: "Input" | "Constant" }>
const geometry = { stride: [1, 1], dilation: [1, 1], padding: square(0), groups: 1 } as const
const pool = { kernel: [2, 2], stride: [1, 1], padding: square(0) } as const
const faults: ReadonlyArray<readonly [Derived, ReadonlyArray<ReadonlyArray<number>>, string]> = [
  [{ _tag: "Binary", kind: "add" }, [[2], [3]], "[2] and [3]"],
  [{ _tag: "Binary", kind: "add" }, [[2]], "2 operands, not 1"],
  [{ _tag: "Broadcast", shape: [4, 2] }, [[3, 2]], "cannot be repeated"],
  [{ _tag: "Sum", axes: [2] }, [[3, 2]], "no axis 2"],
  [{ _tag: "Reshape", shape: [5] }, [[3, 2]], "number of elements"],
  [{ _tag: "Transpose", permutation: [0, 0] }, [[3, 2]], "no permutation"],
  [{ _tag: "Slice", starts: [0], ends: [4], steps: [1] }, [[3]], "does not lie"],
  [
    { _tag: "Concatenate", axis: 0 },
    [
      [3, 2],
      [3, 3]
    ],
    "differ beside axis 0"
  ],
  [
    { _tag: "MatMul" },
    [
      [3, 2],
      [3, 2]
    ],
    "matrices"
  ],
  [
    { _tag: "Convolution", ...geometry },
    [
      [1, 3, 8, 8],
      [4, 2, 3, 3]
    ],
    "does not fit"
  ],
  [
    { _tag: "Convolution", ...geometry },
    [
      [1, 3, 2, 2],
      [4, 3, 3, 3]
    ],
    "larger than the image"
  ],
  [
    { _tag: "ConvolutionImage", ...geometry, size: [8, 8] },
    [
      [1, 4, 5, 5],
      [4, 3, 3, 3]
    ],
    "instead of [1, 4, 6, 6]"
  ],
  [{ _tag: "MaxPool", ...pool, padding: square(2) }, [[1, 1, 4, 4]], "nothing but padding"]
]
for (const [operation, shapes, problem] of faults) {
  builder(`refuses ${operation._tag} of ${JSON.stringify(shapes)} and names the place`, () => {
    const made = buildProgram((b) => {
      b.within("cells.3", () =>
        b.within("edge 2", () => b.add(operation, ...shapes.map((shape, i) => b.input(`x${i}`, shape))))
      )
    })
    assert.ok(Either.isLeft(made))
    assert.match(made.left.message, problem)
    assert.match(made.left.message, `${operation._tag} in cells.3.edge 2`)
  })
}

builder("an input keeps its shape", () => {
  const made = buildProgram((b) => [b.input("x", [2]), b.input("x", [3])])
  assert.ok(Either.isLeft(made))
})

builder("equal nodes are one, and identities leave nothing behind", () => {
  built((b) => {
    const x = b.input("x", [2, 3])
    const [zero, one] = [b.constant(0, [2, 3]), b.constant(1, [2, 3])]
    assert.is(b.plus(x, x), b.plus(x, x))
    for (const same of [
      b.plus(x, zero),
      b.plus(zero, x),
      b.minus(x, zero),
      b.times(x, one),
      b.times(one, x),
      b.over(x, one)
    ])
      assert.is(same, x)
    assert.is(b.unary("negate", b.unary("negate", x)), x)
    assert.is(b.transpose(b.transpose(x, [1, 0]), [1, 0]), x)
    assert.is(b.reshape(b.reshape(x, [6]), [2, 3]), x)
    assert.is(b.times(x, zero), zero)
    assert.is(b.sum(one, [0, 1]), b.constant(6, [1, 1]))
    assert.is(b.unary("exp", zero), one)
    assert.is(b.concatenate([x], 0), x)
    const row = b.input("row", [1, 3])
    const rows = b.broadcast(row, [2, 3])
    assert.is(b.times(rows, b.constant(2, [2, 3])), b.broadcast(b.times(row, b.constant(2, [1, 3])), [2, 3]))
    assert.is(b.unary("exp", rows), b.broadcast(b.unary("exp", row), [2, 3]))
    assert.is(b.sum(rows, [0]), b.times(row, b.constant(2, [1, 3])))
    assert.is(b.sum(rows, [0, 1]), b.times(b.sum(row, [0, 1]), b.constant(2, [1, 1])))
  })
})

builder.run()

const rewrites = suite("simplify(), programCost()")

rewrites("what no output needs goes, what is computed stays the same", () => {
  const program = built((b) => {
    const x = b.input("x", [2])
    b.input("unused", [9])
    b.output("y", b.times(b.unary("exp", x), x))
    b.output("z", b.unary("log", b.unary("exp", b.unary("exp", x))))
  })
  const only = simplify(program, ["y"])
  assert.is(only.nodes.length, 3)
  assert.equal([...only.inputs.keys()], ["x"])
  const inputs = new Map([
    ["x", [0.5, -2]],
    ["unused", new Array<number>(9).fill(0)]
  ])
  assert.equal(evaluate(only, inputs).get("y"), evaluate(program, inputs).get("y"))
})

rewrites("multiply-adds are those of convolutions and products; memory is freed after the last reader", () => {
  const program = built((b) => {
    const x = b.input("x", [2, 4, 8, 8])
    const y = b.convolution(x, b.input("w", [6, 2, 3, 3]), { padding: square(1), groups: 2 })
    const flat = b.reshape(y, [2, 6 * 64])
    b.output("z", b.matMul(flat, b.input("v", [6 * 64, 5])))
  })
  const cost = programCost(program)
  assert.is(cost.multiplyAdds, 2 * 6 * 64 * 2 * 9 + 2 * 384 * 5)
  const chain = built((b) => {
    let x = b.input("x", [100])
    for (let i = 0; i < 9; i++) x = b.unary("exp", x)
    b.output("y", x)
  })
  assert.is(programCost(chain).peakBytes, 4 * 200)
})

rewrites.run()
