import * as FastCheck from "@effect/schema/FastCheck"
import { suite } from "uvu"
import * as assert from "uvu/assert"
import { hessianVectorProgram } from "../../../src/domain/darts/hessian.ts"
import { gradientProgram } from "../../../src/domain/darts/loss_program.ts"
import {
  type LanczosOptions,
  largestEigenvalue,
  observeProduct,
  proposeVector,
  startLanczos
} from "../../../src/domain/linear_algebra/lanczos.ts"
import { symmetricEigen } from "../../../src/domain/linear_algebra/symmetric_eigen.ts"
import { fullName } from "../../../src/domain/program/port.ts"
import { keyOf, uniformAt } from "../../../src/domain/random.ts"
import { cellNetwork, loss, numbers, PLAIN, RAGGED, relativeError, smoothNetwork } from "../darts/_networks.ts"
import { evaluate } from "../program/_programs.ts"

type Matrix = ReadonlyArray<ReadonlyArray<number>>

const symmetric = FastCheck.tuple(FastCheck.integer({ min: 1, max: 8 }), FastCheck.string()).map(([size, seed]) => {
  const key = keyOf(seed)
  return Array.from({ length: size }, (_, i) =>
    Array.from({ length: size }, (_, j) => 2 * uniformAt(key, Math.min(i, j) * size + Math.max(i, j)) - 1)
  )
})

const times = (matrix: Matrix, vector: ArrayLike<number>) =>
  matrix.map((row) => row.reduce((sum, entry, j) => sum + entry * vector[j]!, 0))

function lanczos(product: (vector: Float64Array) => ArrayLike<number>, options: LanczosOptions, seed: string) {
  let state = startLanczos(options, seed)
  let products = 0
  for (let vector = proposeVector(state); vector !== undefined; vector = proposeVector(state), products++)
    state = observeProduct(state, product(vector))
  return { ...largestEigenvalue(state)!, products, state }
}

const eigen = suite("symmetricEigen()")

eigen("gives vectors that the matrix only scales, orthonormal, and the trace", () => {
  const check = FastCheck.property(symmetric, (matrix) => {
    const { values, vectors } = symmetricEigen(matrix)
    for (const [i, value] of values.entries()) {
      const vector = vectors.map((row) => row[i]!)
      const image = times(matrix, vector)
      assert.ok(image.every((x, k) => Math.abs(x - value * vector[k]!) < 1e-12))
      for (let j = 0; j <= i; j++) {
        const inner = vectors.reduce((sum, row) => sum + row[i]! * row[j]!, 0)
        assert.ok(Math.abs(inner - (i === j ? 1 : 0)) < 1e-12)
      }
    }
    const trace = matrix.reduce((sum, row, i) => sum + row[i]!, 0)
    assert.ok(Math.abs(values.reduce((a, b) => a + b) - trace) < 1e-12)
  })
  FastCheck.assert(check, { seed: 57, numRuns: 60 })
})

eigen.run()

const iteration = suite("startLanczos(), proposeVector(), observeProduct()")

iteration("finds the largest eigenvalue of any symmetric matrix", () => {
  const check = FastCheck.property(symmetric, FastCheck.string(), (matrix, seed) => {
    const { values } = symmetricEigen(matrix)
    const found = lanczos((vector) => times(matrix, vector), { size: matrix.length, tolerance: 0 }, seed)
    assert.ok(Math.abs(found.value - Math.max(...values)) < 1e-9)
    assert.ok(found.products <= matrix.length)
  })
  FastCheck.assert(check, { seed: 58, numRuns: 60 })
})

iteration("ends early, within its error, where it is sure enough", () => {
  const matrix = Array.from({ length: 60 }, (_, i) => Array.from({ length: 60 }, (_, j) => (i === j ? 1 / (i + 1) : 0)))
  const rough = lanczos((vector) => times(matrix, vector), { size: 60, tolerance: 1e-2 }, "s")
  const fine = lanczos((vector) => times(matrix, vector), { size: 60, tolerance: 1e-9 }, "s")
  assert.ok(rough.products < fine.products && fine.products < 30)
  assert.ok(Math.abs(rough.value - 1) <= rough.error && rough.error <= 1e-2)
  assert.ok(Math.abs(fine.value - 1) < 1e-9)
  assert.is(lanczos((vector) => times(matrix, vector), { size: 60, iterations: 3, tolerance: 0 }, "s").products, 3)
})

iteration("a negative eigenvalue of larger magnitude is not the largest, and does not end the iteration", () => {
  assert.ok(Math.abs(lanczos((v) => [-3 * v[0]!, 2 * v[1]!], { size: 2 }, "s").value - 2) < 1e-12)
  const spread = (v: Float64Array) => v.map((x, i) => (i === 0 ? -100 : i / 10) * x)
  const found = lanczos(spread, { size: 12, tolerance: 1e-3 }, "s")
  assert.ok(Math.abs(found.value - 1.1) <= 1.1e-3, `${found.value}`)
})

iteration("ends where the vectors it can reach are used up", () => {
  const found = lanczos((v) => v.map((x, i) => (i < 4 ? 2 : -0.3) * x), { size: 20, tolerance: 0 }, "s")
  assert.is(found.products, 2)
  assert.ok(Math.abs(found.value - 2) < 1e-12 && found.error === 0)
})

iteration("of a zero matrix there is nothing to find", () => {
  const { value, products } = lanczos((v) => v.map(() => 0), { size: 5 }, "s")
  assert.equal([value, products], [0, 1])
})

iteration.run()

const hessian = suite("hessianVectorProgram()")

for (const [name, network] of [
  ["of a smooth network with two cells", smoothNetwork(RAGGED)],
  ["of NAS-Bench-201's network", cellNetwork]
] as const) {
  const plain = loss(network, PLAIN)
  const program = hessianVectorProgram(plain)
  const gradient = gradientProgram(plain, plain.alphas)
  const at = numbers(gradient)
  const names = plain.alphas.map(fullName)
  const sizes = names.map((alpha) => at.get(alpha)!.length)
  const size = sizes.reduce((a, b) => a + b)
  const parts = (vector: ArrayLike<number>, prefix: string) => {
    const data = Float64Array.from(vector)
    return names.map((alpha, i) => {
      const first = sizes.slice(0, i).reduce((a, b) => a + b, 0)
      return [`${prefix}${alpha}`, data.slice(first, first + sizes[i]!)] as const
    })
  }
  const product = (vector: ArrayLike<number>) => {
    const values = evaluate(program, new Map([...at, ...parts(vector, "vector/")]))
    return names.flatMap((alpha) => Array.from(values.get(`product/${alpha}`)!))
  }
  const random = (seed: string) => Array.from({ length: size }, (_, i) => 2 * uniformAt(keyOf(seed), i) - 1)

  hessian(`${name}: is linear and symmetric`, () => {
    const [u, v] = [random("u"), random("v")]
    const [hu, hv] = [product(u), product(v)]
    const mixed = product(u.map((x, i) => 2 * x - 3 * v[i]!))
    const scale = Math.max(...hu.map(Math.abs), ...hv.map(Math.abs))
    assert.ok(mixed.every((x, i) => Math.abs(x - (2 * hu[i]! - 3 * hv[i]!)) < 1e-12 * scale))
    const inner = (a: ReadonlyArray<number>, b: ReadonlyArray<number>) => a.reduce((sum, x, i) => sum + x * b[i]!, 0)
    assert.ok(Math.abs(inner(u, hv) - inner(v, hu)) < 1e-11 * scale)
  })

  hessian(`${name}: is the finite difference of the gradient`, () => {
    const v = random("v")
    const moved = (by: number) => {
      const alphas = parts(
        v.map((x) => by * x),
        ""
      ).map(([alpha, step]) => [alpha, at.get(alpha)!.map((x, i) => x + step[i]!)] as const)
      const values = evaluate(gradient, new Map([...at, ...alphas]))
      return names.flatMap((alpha) => Array.from(values.get(`gradient/${alpha}`)!))
    }
    const [plus, minus] = [moved(1e-6), moved(-1e-6)]
    const finite = plus.map((x, i) => (x - minus[i]!) / 2e-6)
    assert.ok(relativeError(product(v), finite) < 1e-5)
  })

  hessian(`${name}: Lanczos finds the largest eigenvalue of the dense matrix`, () => {
    const dense = Array.from({ length: size }, (_, i) =>
      product(Array.from({ length: size }, (_, j) => (i === j ? 1 : 0)))
    )
    const { values } = symmetricEigen(dense)
    const found = lanczos(product, { size, tolerance: 1e-9 }, "s")
    const largest = Math.max(...values)
    assert.ok(Math.abs(found.value - largest) < 1e-8 * Math.abs(largest))
  })
}

hessian.run()
