import { keyOf, type Seed, uniformAt } from "../random.ts"
import { symmetricEigen } from "./symmetric_eigen.ts"

/** What is asked of a Lanczos iteration. */
export interface LanczosOptions {
  readonly size: number
  /** Most products with the matrix. @defaultValue the smaller of `size` and 30 */
  readonly iterations?: number
  /**
   * It ends when the bound on the error of the largest eigenvalue is below this share of it.
   * @defaultValue 1e-3
   */
  readonly tolerance?: number
}

/**
 * A Lanczos iteration for the largest eigenvalue of a symmetric matrix that is known by its
 * products alone.
 */
interface LanczosState {
  readonly iterations: number
  readonly tolerance: number
  /** Orthonormal vectors: those multiplied so far and, unless it is at its end, the next one. */
  readonly basis: ReadonlyArray<Float64Array>
  readonly diagonal: ReadonlyArray<number>
  readonly offDiagonal: ReadonlyArray<number>
}

/**
 * An estimate of the algebraically largest eigenvalue. A negative one of larger magnitude does not
 * count.
 */
interface LargestEigenvalue {
  readonly value: number
  /** At most this far from `value` there is an eigenvalue. */
  readonly error: number
}

/** An iteration from a random vector; the same seed gives the same. */
export function startLanczos({ size, iterations, tolerance = 1e-3 }: LanczosOptions, seed: Seed): LanczosState {
  const key = keyOf(seed)
  const start = Float64Array.from({ length: size }, (_, i) => 2 * uniformAt(key, i) - 1)
  const norm = Math.sqrt(dot(start, start))
  const basis = [start.map((x) => x / norm)]
  return { iterations: Math.min(iterations ?? 30, size), tolerance, basis, diagonal: [], offDiagonal: [] }
}

/** The vector whose product with the matrix comes next; none when the iteration is at its end. */
export function proposeVector(state: LanczosState): Float64Array | undefined {
  const { basis, diagonal, iterations, tolerance } = state
  if (diagonal.length >= Math.min(iterations, basis.length)) return undefined
  const known = largestEigenvalue(state)
  if (known !== undefined && known.error <= tolerance * Math.abs(known.value)) return undefined
  return basis[diagonal.length]
}

/**
 * The state after the product of the matrix with the proposed vector. Each new vector is made
 * orthogonal to all before, twice. Where nothing is left of it, the eigenvalues are exact on all
 * that the start can reach.
 *
 * Source: Lanczos 1950; full reorthogonalization as in Parlett 1998,
 * "The symmetric eigenvalue problem" 6.9.
 */
export function observeProduct(state: LanczosState, product: ArrayLike<number>): LanczosState {
  const { basis } = state
  const own = basis[state.diagonal.length]!
  const rest = Float64Array.from(product)
  const scale = Math.sqrt(dot(rest, rest))
  const diagonal = [...state.diagonal, dot(own, rest)]
  for (let pass = 0; pass < 2; pass++) {
    for (const vector of basis) {
      const share = dot(vector, rest)
      for (let i = 0; i < rest.length; i++) rest[i]! -= share * vector[i]!
    }
  }
  const left = Math.sqrt(dot(rest, rest))
  const exhausted = left <= 1e-12 * scale || scale === 0
  const offDiagonal = [...state.offDiagonal, exhausted ? 0 : left]
  return { ...state, basis: exhausted ? basis : [...basis, rest.map((x) => x / left)], diagonal, offDiagonal }
}

/**
 * What the products seen so far tell, if any has been. The error bound is β·|last component of the
 * eigenvector|.
 */
export function largestEigenvalue({ diagonal, offDiagonal }: LanczosState): LargestEigenvalue | undefined {
  const size = diagonal.length
  if (size === 0) return undefined
  const matrix = diagonal.map((entry, i) =>
    diagonal.map((_, j) => (i === j ? entry : Math.abs(i - j) === 1 ? offDiagonal[Math.min(i, j)]! : 0))
  )
  const { values, vectors } = symmetricEigen(matrix)
  const largest = values.reduce((best, value, i) => (value > values[best]! ? i : best), 0)
  return { value: values[largest]!, error: offDiagonal[size - 1]! * Math.abs(vectors[size - 1]![largest]!) }
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!
  return sum
}
