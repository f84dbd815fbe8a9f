import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import { dartsSearch } from "../src/domain/darts/method.ts"
import { darts } from "../src/domain/darts/methods/darts.ts"
import { stepPrograms } from "../src/domain/darts/step_programs.ts"
import { cellSize, spaceSearchNetwork } from "../src/domain/network/cell_networks.ts"
import { buildProgram } from "../src/domain/program/builder.ts"
import type { Shape } from "../src/domain/program/operation.ts"
import { elementCount, type Program } from "../src/domain/program/program.ts"
import { keyOf, uniformAt } from "../src/domain/random.ts"
import { builtinSpace } from "../src/domain/space/spaces.ts"
import type { HostValues } from "../src/effects/ports/tensor_backend.ts"
import { TensorBackend } from "../src/effects/ports/tensor_backend.ts"

/** Channels, cells, batch and height of the images of a step's network. */
export type StepSizes = readonly [channels: number, cells: number, batch: number, size: number]

/** Uniform numbers for an input of a program, smaller for weights. */
export function noise(name: string, shape: Shape): HostValues {
  const key = keyOf(name)
  const scale = name === "weights" ? 0.2 : 1
  const data = Float32Array.from({ length: elementCount(shape) }, (_, i) => scale * (uniformAt(key, i) - 0.5))
  return { shape, data }
}

/** A space whose search step is timed, which is the name of its protocol too. */
export type StepSpace = "darts" | "nas-bench-201"

/**
 * The first-order DARTS step of a search in a space: its two programs, of alpha and of the weights,
 * and tensors for all of their inputs. In NAS-Bench-201 the sizes count the cells of a stage.
 */
export const searchStep = Effect.fn("searchStep")(function* (name: StepSpace, sizes: StepSizes) {
  const [channels, cells, batch, size] = sizes
  const space = builtinSpace(name)
  const network = yield* spaceSearchNetwork(space, {
    ...cellSize(space, cells),
    channels,
    classes: 10,
    image: [batch, 3, size, size]
  })
  const programs = yield* stepPrograms(yield* dartsSearch(darts, {}, name), network)
  const levels = [programs.alpha, programs.weights].map((level) => {
    if (level._tag === "Summed") throw new RangeError("DARTS has one run a step")
    return level.step
  })
  const inputs = new Map<string, HostValues>()
  for (const program of levels) for (const [name, port] of program.inputs) inputs.set(name, noise(name, port.shape))
  const { length } = inputs.get("targets")!.data
  inputs.set("targets", { shape: [batch, 10], data: Float32Array.from({ length }, (_, i) => (i % 11 === 0 ? 1 : 0)) })
  inputs.set("learningRate", { shape: [], data: [0.0003] })
  for (const [name, { shape }] of programs.state)
    if (!/^(weights$|alpha)/.test(name)) inputs.set(name, { shape, data: new Float32Array(elementCount(shape)) })
  return { levels, inputs }
})

/**
 * Multiply-adds and bytes per second that a backend reaches on a large matrix product and on
 * additions.
 */
export const backendRates = Effect.fn("backendRates")(function* ({
  side = 1536,
  elements = 1 << 25
}: {
  readonly side?: number
  readonly elements?: number
} = {}) {
  const backend = yield* TensorBackend
  const rate = Effect.fnUntraced(function* (program: Program, work: number) {
    const executable = yield* backend.compile(program)
    const inputs = new Map()
    for (const [name, port] of program.inputs) {
      const { shape, data } = noise(name, port.shape)
      inputs.set(name, yield* backend.upload(shape, data))
    }
    const run = Effect.flatMap(executable.run(inputs), (outputs) => backend.download(outputs.get("y")!))
    const times: Array<number> = []
    for (let i = 0; i < 5; i++) {
      const start = performance.now()
      yield* Effect.scoped(run)
      times.push(performance.now() - start)
    }
    return (work / Math.min(...times)) * 1000
  }, Effect.scoped)
  const product = Either.getOrThrow(
    buildProgram((b) => {
      const y = b.matMul(b.input("a", [side, side]), b.input("b", [side, side]))
      b.output("y", b.slice(y, [{ end: 1 }]))
    })
  )
  const passes = 8
  const sums = Either.getOrThrow(
    buildProgram((b) => {
      let x = b.input("x", [elements])
      for (let i = 0; i < passes; i++) x = b.plus(x, b.input(`b${i % 2}`, [elements]))
      b.output("y", b.slice(x, [{ end: 1 }]))
    })
  )
  return {
    multiplyAdds: yield* rate(product, side ** 3),
    bytes: yield* rate(sums, passes * 12 * elements)
  }
})
