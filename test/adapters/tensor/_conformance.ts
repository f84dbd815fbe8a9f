import * as FastCheck from "@effect/schema/FastCheck"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import type * as Layer from "effect/Layer"
import * as ManagedRuntime from "effect/ManagedRuntime"
import type * as Scope from "effect/Scope"
import { suite } from "uvu"
import * as assert from "uvu/assert"
import { buildProgram, type ProgramBuilder } from "../../../src/domain/program/builder.ts"
import { copyNodes, copyOutputs } from "../../../src/domain/program/copy.ts"
import { differentiate } from "../../../src/domain/program/differentiate.ts"
import type { NodeId } from "../../../src/domain/program/node.ts"
import type { Program } from "../../../src/domain/program/program.ts"
import { simplify } from "../../../src/domain/program/rewrite.ts"
import { TensorBackend, type TensorError } from "../../../src/effects/ports/tensor_backend.ts"
import { evaluate, type Numbers, numbersFor } from "../../domain/program/_programs.ts"
import { CASES, type Case } from "./_cases.ts"

/** How a backend is held to its port. */
export interface ConformanceOptions {
  /** Largest difference from the reference in double precision, relative to the tensor's largest element or 1. */
  readonly tolerance: number
  /** Random cases per operation; a hundred times as many with `NAS_DEEP=1`. */
  readonly cases: number
  /** Names of `CASES` that are left out. */
  readonly skip?: ReadonlyArray<string>
  /** How many tensors the device holds now; equal before and after a scope in which a program ran. */
  readonly live?: () => number
}

const DEPTH = process.env.NAS_DEEP === "1" ? 100 : 1

const built = (make: (b: ProgramBuilder) => void): Program => Either.getOrThrow(buildProgram(make))

/** The weighted sum of tensors, as an output. */
function addLoss(b: ProgramBuilder, name: string, pairs: ReadonlyArray<readonly [NodeId, NodeId]>): void {
  const sums = pairs.map(([x, weights]) => {
    const axes = b.shape(x).map((_, axis) => axis)
    return b.reshape(b.sum(b.times(x, weights), axes), [])
  })
  b.output(
    name,
    sums.reduce((sum, term) => b.plus(sum, term))
  )
}

const derivatives = (program: Program, loss: string, prefix: string, names: ReadonlyArray<string>): Program =>
  Either.getOrThrow(
    differentiate(program, { loss, gradients: new Map(names.map((name) => [`${prefix}/${name}`, name])) })
  )

/** The program of a case: its `result`, the gradients `first/…` of the result weighted by c, and `second/…` of those weighted by d. */
export function caseProgram({ shapes, make }: Case): Program {
  const names = Object.keys(shapes)
  const program = built((b) => {
    const result = make(
      b,
      names.map((name) => b.input(name, shapes[name]!))
    )
    b.output("result", result)
    addLoss(b, "loss", [[result, b.input("c", b.shape(result))]])
  })
  const first = derivatives(program, "loss", "first", [...names, "c"])
  const weighted = built((b) => {
    const moved = copyNodes(b, first)
    copyOutputs(b, first, moved)
    const pairs = names.map((name) => {
      const at = moved.output(`first/${name}`)
      return [at, b.input(`d/${name}`, b.shape(at))] as const
    })
    addLoss(b, "slope", pairs)
  })
  return derivatives(weighted, "slope", "second", [...weighted.inputs.keys()])
}

/** Upload, compile, run and download once. */
const compute = Effect.fn("compute")(function* (program: Program, given: Numbers) {
  const backend = yield* TensorBackend
  const executable = yield* backend.compile(program)
  const inputs = new Map()
  for (const [name, { shape }] of program.inputs) inputs.set(name, yield* backend.upload(shape, given.get(name)!))
  const values = new Map<string, ArrayLike<number>>()
  for (const [name, tensor] of yield* executable.run(inputs)) values.set(name, yield* backend.download(tensor))
  return values
}, Effect.scoped)

/** The largest difference by the largest magnitude of the expected elements or 1; infinite for other sizes or no numbers. */
function distance(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  if (actual.length !== expected.length) return Number.POSITIVE_INFINITY
  let [error, top] = [0, 1]
  for (let i = 0; i < expected.length; i++) {
    const difference = Math.abs(actual[i]! - expected[i]!)
    error = Number.isNaN(difference) ? Number.POSITIVE_INFINITY : Math.max(error, difference)
    top = Math.max(top, Math.abs(expected[i]!))
  }
  return error / top
}

/** Numbers that single precision holds exactly, so that every backend sees the same ones. */
const singles = (numbers: ReadonlyMap<string, Float64Array>): Numbers =>
  new Map([...numbers].map(([name, data]) => [name, Float32Array.from(data)]))

const line = built((b) => {
  const x = b.input("x", [2])
  b.output("y", b.plus(b.times(x, b.input("a", [1])), b.constant(1, [2])))
  b.output("again", x)
  b.output("column", b.reshape(x, [2, 1]))
  b.output("column too", b.reshape(x, [2, 1]))
  b.output("one", b.constant(1, [3]))
})

const ties = derivatives(
  built((b) => {
    const x = b.input("x", [1, 1, 3, 3])
    const window = { kernel: [2, 2], stride: [1, 1], padding: { before: [1, 1], after: [0, 0] } } as const
    const sum = (at: NodeId) => b.reshape(b.sum(at, [0, 1, 2, 3]), [])
    b.output("pooled", sum(b.maxPool(x, window)))
    b.output("both", b.plus(b.unary("relu", sum(x)), sum(b.maxPool(x, window))))
  }),
  "both",
  "grad",
  ["x"]
)

/** A step of gradient descent through a convolution, a normalization and a pooling: what a leak check repeats. */
const step = (() => {
  const program = built((b) => {
    const y = b.maxPool(b.unary("relu", b.convolution(b.input("x", [2, 3, 6, 6]), b.input("w", [4, 3, 3, 3]))), {
      kernel: [2, 2],
      stride: [2, 2],
      padding: { before: [0, 0], after: [0, 0] }
    })
    const centered = b.minus(y, b.mean(y, [0, 2, 3]))
    b.output("loss", b.reshape(b.mean(b.times(centered, centered), [0, 1, 2, 3]), []))
  })
  const gradient = derivatives(program, "loss", "grad", ["w"])
  return built((b) => {
    const moved = copyNodes(b, gradient)
    const w = moved.input("w")
    b.output("w", b.minus(w, b.scale(moved.output("grad/w"), 0.1)))
    b.output("loss", moved.output("loss"))
  })
})()

/**
 * The suite that every backend passes: the contract of its port, then each operation with its first and second derivatives against
 * the reference in double precision.
 */
export function conformance(name: string, layer: Layer.Layer<TensorBackend, TensorError>, options: ConformanceOptions) {
  const test = suite(name)
  const runtime = ManagedRuntime.make(layer)
  const on = <A, E>(program: Effect.Effect<A, E, TensorBackend | Scope.Scope>): Promise<A> =>
    runtime.runPromise(Effect.scoped(program))
  test.after(() => runtime.dispose())

  test("results stay on the device for the next run, runs may overlap, and inputs stay as they are", async () => {
    const values = await on(
      Effect.gen(function* () {
        const backend = yield* TensorBackend
        const { run } = yield* backend.compile(line)
        const x = yield* backend.upload([2], [1, 2])
        const a = yield* backend.upload([1], [3])
        const start = run(
          new Map([
            ["x", x],
            ["a", a]
          ])
        )
        const runs = yield* Effect.all([start, start, start, start], { concurrency: 4 })
        const chained = yield* Effect.scoped(
          Effect.gen(function* () {
            const inner = yield* run(
              new Map([
                ["x", runs[0]!.get("y")!],
                ["a", a]
              ])
            )
            assert.equal(inner.get("column")!.shape, [2, 1])
            return yield* Effect.forEach(["y", "again", "column", "column too", "one"], (output) =>
              backend.download(inner.get(output)!)
            )
          })
        )
        const after = yield* Effect.forEach(
          [x, ...runs.flatMap((outputs) => [outputs.get("y")!, outputs.get("again")!])],
          backend.download
        )
        return [...chained, ...after].map((data) => Array.from(data))
      })
    )
    const each = [
      [4, 7],
      [1, 2]
    ]
    assert.equal(values, [[13, 22], [4, 7], [4, 7], [4, 7], [1, 1, 1], [1, 2], ...each, ...each, ...each, ...each])
  })

  test("missing inputs, wrong shapes and tensors of others are typed errors", async () => {
    const reasons = await on(
      Effect.gen(function* () {
        const backend = yield* TensorBackend
        const { run } = yield* backend.compile(line)
        const [x, a] = [yield* backend.upload([2], [1, 2]), yield* backend.upload([1], [3])]
        const given = (one: typeof x, other: typeof x) =>
          run(
            new Map([
              ["x", one],
              ["a", other]
            ])
          )
        return yield* Effect.forEach(
          [
            run(new Map([["x", x]])),
            given(a, a),
            backend.upload([2], [1]),
            given(x, { shape: [1] }),
            backend.download({ shape: [1] })
          ],
          (fails: Effect.Effect<unknown, TensorError, Scope.Scope>) =>
            Effect.map(Effect.flip(fails), ({ reason }) => reason)
        )
      })
    )
    assert.equal(reasons, ["missing_input", "wrong_shape", "wrong_shape", "unsupported", "unsupported"])
  })

  test("the first of equal maxima wins, padding never does, and relu has no slope at 0", async () => {
    for (const [x, grad] of [
      [0, [4, 2, 0, 2, 1, 0, 0, 0, 0]],
      [-1, [4, 2, 0, 2, 1, 0, 0, 0, 0]]
    ] as const) {
      const values = await on(compute(ties, new Map([["x", new Array<number>(9).fill(x)]])))
      assert.equal(Array.from(values.get("pooled")!), [9 * x])
      assert.equal(Array.from(values.get("grad/x")!), grad)
    }
  })

  test("zeros go between the elements of vectors, matrices and images", async () => {
    for (const shape of [[3], [2, 3], [1, 2, 2, 3]]) {
      const counts = shape.map((_, axis) => axis + 1)
      const spread = built((b) => {
        const x = b.input("x", shape)
        b.output("y", b.add({ _tag: "Pad", before: counts, after: counts.map(() => 0), between: counts }, x))
      })
      const numbers = singles(numbersFor(spread, "spread"))
      const [made, expected] = [await on(compute(spread, numbers)), evaluate(spread, numbers)]
      assert.equal(Array.from(made.get("y")!), Array.from(expected.get("y")!))
    }
  })

  test("fifty steps leave no tensor behind", async () => {
    const live = options.live ?? (() => 0)
    const before = live()
    const numbers = singles(numbersFor(step, "steps"))
    const losses = await on(
      Effect.gen(function* () {
        const backend = yield* TensorBackend
        const { run } = yield* backend.compile(step)
        let w = Array.from(numbers.get("w")!)
        const taken: Array<number> = []
        for (let i = 0; i < 50; i++) {
          yield* Effect.scoped(
            Effect.gen(function* () {
              const inputs = new Map([
                ["x", yield* backend.upload([2, 3, 6, 6], numbers.get("x")!)],
                ["w", yield* backend.upload([4, 3, 3, 3], w)]
              ])
              const outputs = yield* run(inputs)
              w = Array.from(yield* backend.download(outputs.get("w")!))
              taken.push((yield* backend.download(outputs.get("loss")!))[0]!)
            })
          )
        }
        return taken
      })
    )
    assert.is(live(), before)
    let w: ArrayLike<number> = numbers.get("w")!
    for (const [i, loss] of losses.entries()) {
      const expected = evaluate(step, new Map([...numbers, ["w", w]]))
      const error = distance([loss], expected.get("loss")!)
      assert.ok(error < 10 * options.tolerance, `the loss of step ${i} is off by ${error}`)
      w = expected.get("w")!
    }
  })

  for (const [operation, cases] of Object.entries(CASES)) {
    if (options.skip?.includes(operation) === true) continue
    test(`${operation}: results, first and second derivatives`, async () => {
      const property = FastCheck.asyncProperty(cases, FastCheck.nat().map(String), async (one, seed) => {
        const program = caseProgram(one)
        const numbers = singles(numbersFor(program, seed))
        const expected = evaluate(program, numbers)
        const before = options.live?.()
        for (const version of [program, simplify(program)]) {
          const values = await on(compute(version, numbers))
          for (const [output, data] of expected) {
            const error = distance(values.get(output)!, data)
            assert.ok(error < options.tolerance, `${output} is off by ${error} for ${JSON.stringify(one.shapes)}`)
          }
        }
        assert.is(options.live?.(), before)
      })
      await FastCheck.assert(property, { numRuns: options.cases * DEPTH, seed: 41 })
    })
  }

  test.run()
}
