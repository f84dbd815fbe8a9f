import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Reference from "../../../src/adapters/tensor/reference.ts"
import { buildProgram, type ProgramBuilder } from "../../../src/domain/program/builder.ts"
import { copyNodes } from "../../../src/domain/program/copy.ts"
import { differentiate } from "../../../src/domain/program/differentiate.ts"
import type { NodeId } from "../../../src/domain/program/node.ts"
import type { Shape } from "../../../src/domain/program/operation.ts"
import { elementCount, type Program } from "../../../src/domain/program/program.ts"
import { keyOf, shuffled, uniformAt } from "../../../src/domain/random.ts"
import { TensorBackend, type TensorError } from "../../../src/effects/ports/tensor_backend.ts"

export type Numbers = ReadonlyMap<string, ArrayLike<number>>

/** The outputs of a program in double precision, for inputs given by name. */
export function evaluate(
  program: Program,
  inputs: Numbers,
  precision: Reference.Precision = "f64"
): Map<string, ArrayLike<number>> {
  const run = Effect.gen(function* () {
    const backend = yield* TensorBackend
    const executable = yield* backend.compile(program)
    const tensors = new Map()
    for (const [name, data] of inputs) {
      const port = program.inputs.get(name)
      if (port !== undefined) tensors.set(name, yield* backend.upload(port.shape, data))
    }
    const values = new Map<string, ArrayLike<number>>()
    for (const [name, tensor] of yield* executable.run(tensors)) values.set(name, yield* backend.download(tensor))
    return values
  }).pipe(Effect.scoped, Effect.provide(Reference.layer(precision)))
  return Effect.runSync(run satisfies Effect.Effect<unknown, TensorError>)
}

/** Numbers between −1 and 1 for every input of a program; within a tensor all differ by more than a finite difference moves them. */
export function numbersFor(program: Program, seed: string): Map<string, Float64Array> {
  return new Map(
    [...program.inputs].map(([name, { shape }]) => {
      const count = elementCount(shape)
      const places = [...shuffled(keyOf(`${seed}/${name}`), count)]
      return [name, Float64Array.from(places, (place) => (2 * (place + 0.5)) / count - 1 + 1e-3)]
    })
  )
}

/** A program whose output `loss` is the sum of an operation's results times the input `c`. */
export function lossOf(
  shapes: Readonly<Record<string, Shape>>,
  make: (b: ProgramBuilder, inputs: ReadonlyArray<NodeId>) => NodeId
): Program {
  return Either.getOrThrow(
    buildProgram((b) => {
      const result = make(
        b,
        Object.entries(shapes).map(([name, shape]) => b.input(name, shape))
      )
      addLoss(b, [[result, b.input("c", b.shape(result))]])
    })
  )
}

function addLoss(b: ProgramBuilder, pairs: ReadonlyArray<readonly [NodeId, NodeId]>): void {
  const sums = pairs.map(([x, weights]) => {
    const product = b.times(x, weights)
    return b.reshape(
      b.sum(
        product,
        b.shape(product).map((_, axis) => axis)
      ),
      []
    )
  })
  b.output(
    "loss",
    sums.reduce((sum, term) => b.plus(sum, term))
  )
}

/** The program with the gradients of its loss by all its inputs, as outputs `grad/…`. */
export function withGradients(program: Program): Program {
  const gradients = new Map([...program.inputs.keys()].map((name) => [`grad/${name}`, name]))
  return Either.getOrThrow(differentiate(program, { loss: "loss", gradients }))
}

/** A program whose loss is the sum of another's gradients, each weighted by an input `d/…`. */
export function lossOfGradients(program: Program): Program {
  const first = withGradients(program)
  return Either.getOrThrow(
    buildProgram((b) => {
      const moved = copyNodes(b, first)
      const pairs = [...program.inputs.keys()].map((name) => {
        const at = moved.output(`grad/${name}`)
        return [at, b.input(`d/${name}`, b.shape(at))] as const
      })
      addLoss(b, pairs)
    })
  )
}

/** The largest difference between the derivative of a loss in a random direction and its finite difference, in double precision. */
export function derivativeError(program: Program, seed: string): number {
  const at = numbersFor(program, seed)
  const direction = new Map(
    [...at].map(([name, data]) => [name, data.map((_, i) => 2 * uniformAt(keyOf(`${seed}/v/${name}`), i) - 1)])
  )
  const moved = (step: number) =>
    new Map([...at].map(([name, data]) => [name, data.map((x, i) => x + step * direction.get(name)![i]!)]))
  const step = 1e-6
  const loss = (numbers: Numbers) => evaluate(program, numbers).get("loss")![0]!
  const finite = (loss(moved(step)) - loss(moved(-step))) / (2 * step)
  const gradients = evaluate(withGradients(program), at)
  let exact = 0
  for (const [name, data] of direction)
    for (const [i, v] of data.entries()) exact += v * gradients.get(`grad/${name}`)![i]!
  return Math.abs(exact - finite) / Math.max(1, Math.abs(finite))
}
