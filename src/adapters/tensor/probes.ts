import { readFileSync } from "node:fs"
import { createRequire } from "node:module"
import { join } from "node:path"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import type { BackendName } from "../../domain/data/names.ts"
import { buildProgram } from "../../domain/program/builder.ts"
import { copyNodes } from "../../domain/program/copy.ts"
import { differentiate } from "../../domain/program/differentiate.ts"
import { elementCount, type Program } from "../../domain/program/program.ts"
import { simplify } from "../../domain/program/rewrite.ts"
import { keyOf, uniformAt } from "../../domain/random.ts"
import { TensorBackend } from "../../effects/ports/tensor_backend.ts"
import type { Finding } from "../../effects/programs/finding.ts"
import { BACKENDS } from "./backends.ts"
import * as Reference from "./reference.ts"

/** Look at a backend: load it, compare it with the reference, and let it compute for `seconds`. */
export const examine = Effect.fn("examine")(function* (backend: BackendName, seconds: number) {
  const { layer, packages, cure, describe, composed } = BACKENDS[backend]
  const installed = packages.flatMap((name) => {
    const version = installedVersion(name)
    return version === undefined ? [] : [[name, version] as const]
  })
  const versions = Object.fromEntries(installed)
  const looked = Effect.gen(function* () {
    const described = yield* describe
    const error = yield* parityError(parityProgram())
    const milliseconds = yield* medianTime(speedProgram(), seconds)
    const all = { ...versions, ...described.versions }
    return { ...described, versions: all, parityError: error, milliseconds, problem: null, cure: null, available: true }
  }).pipe(Effect.provide(layer({ precision: "f64" })))
  return yield* Effect.match(looked, {
    onSuccess: (found): Finding => ({ backend, ...found, composed }),
    onFailure: (error): Finding => ({
      ...{ backend, available: false, problem: error.detail, cure, device: null },
      ...{ versions, milliseconds: null, parityError: null, composed }
    })
  })
})

/** The version of an installed package; it need not load. */
function installedVersion(name: string): string | undefined {
  for (const folder of createRequire(import.meta.url).resolve.paths(name) ?? []) {
    try {
      const { version } = JSON.parse(readFileSync(join(folder, name, "package.json"), "utf8")) as { version: string }
      return version
    } catch {}
  }
  return undefined
}

const inputsOf = (program: Program): ReadonlyMap<string, Float32Array> =>
  new Map(
    [...program.inputs].map(([name, { shape }]) => {
      const key = keyOf(`probe/${name}`)
      const count = elementCount(shape)
      return [name, Float32Array.from({ length: count }, (_, i) => 2 * uniformAt(key, i) - 1)]
    })
  )

/** The outputs of a program on the backend. */
const compute = Effect.fn("compute")(function* (program: Program) {
  const backend = yield* TensorBackend
  const { run } = yield* backend.compile(program)
  const inputs = new Map()
  const numbers = inputsOf(program)
  for (const [name, { shape }] of program.inputs) inputs.set(name, yield* backend.upload(shape, numbers.get(name)!))
  const values = new Map<string, ArrayLike<number>>()
  for (const [name, tensor] of yield* run(inputs)) values.set(name, yield* backend.download(tensor))
  return values
}, Effect.scoped)

const parityError = Effect.fn("parityError")(function* (program: Program) {
  const expected = yield* Effect.provide(compute(program), Reference.layer("f64"))
  const actual = yield* compute(program)
  let worst = 0
  for (const [name, data] of expected) {
    let [error, top] = [0, 1e-3]
    for (let i = 0; i < data.length; i++) {
      error = Math.max(error, Math.abs(actual.get(name)![i]! - data[i]!))
      top = Math.max(top, Math.abs(data[i]!))
    }
    worst = Math.max(worst, error / top)
  }
  return worst
})

const medianTime = Effect.fn("medianTime")(function* (program: Program, seconds: number) {
  const end = (yield* Clock.currentTimeMillis) + 1000 * seconds
  const times: Array<number> = []
  yield* compute(program)
  while (times.length === 0 || (yield* Clock.currentTimeMillis) < end) {
    const begun = yield* Clock.currentTimeNanos
    yield* compute(program)
    times.push(Number((yield* Clock.currentTimeNanos) - begun) / 1e6)
  }
  return times.sort((a, b) => a - b)[Math.floor(times.length / 2)]!
})

const WINDOW = { kernel: [3, 3], stride: [2, 2], padding: { before: [1, 1], after: [1, 1] } } as const

/** Convolutions, pools and a normalization, with first and second derivatives. */
function parityProgram(): Program {
  const network = buildProgram((b) => {
    const x = b.input("x", [2, 6, 9, 9])
    const dense = b.convolution(x, b.input("dense", [6, 6, 3, 3]), { stride: [2, 2], padding: WINDOW.padding })
    const depthwise = b.convolution(x, b.input("depthwise", [6, 1, 3, 3]), {
      stride: [2, 2],
      dilation: [2, 2],
      padding: { before: [2, 2], after: [2, 2] },
      groups: 6
    })
    const sum = b.plus(b.plus(dense, depthwise), b.plus(b.maxPool(x, WINDOW), b.averagePool(x, WINDOW, false)))
    const centered = b.minus(sum, b.mean(sum, [0, 2, 3]))
    const variance = b.plus(b.mean(b.times(centered, centered), [0, 2, 3]), b.constant(1e-5, [1, 6, 1, 1]))
    const normal = b.unary("relu", b.over(centered, b.unary("sqrt", variance)))
    b.output("loss", b.reshape(b.mean(b.unary("exp", normal), [0, 1, 2, 3]), []))
  })
  const first = withGradients(Either.getOrThrow(network), "loss", "first")
  const slope = buildProgram((b) => {
    const gradient = copyNodes(b, first).output("first/x")
    b.output("slope", b.reshape(b.sum(b.times(gradient, gradient), [0, 1, 2, 3]), []))
  })
  return withGradients(Either.getOrThrow(slope), "slope", "second")
}

/** A dense convolution of a small batch with both gradients: about 5 million multiply-adds each. */
function speedProgram(): Program {
  const program = buildProgram((b) => {
    const y = b.convolution(b.input("x", [8, 16, 16, 16]), b.input("w", [16, 16, 3, 3]), {
      padding: { before: [1, 1], after: [1, 1] }
    })
    b.output("loss", b.reshape(b.mean(b.unary("relu", y), [0, 1, 2, 3]), []))
  })
  return simplify(withGradients(Either.getOrThrow(program), "loss", "gradient"))
}

/** The program with the gradients of a loss by all inputs. */
function withGradients(program: Program, loss: string, prefix: string): Program {
  const gradients = new Map([...program.inputs.keys()].map((name) => [`${prefix}/${name}`, name]))
  return Either.getOrThrow(differentiate(program, { loss, gradients }))
}
