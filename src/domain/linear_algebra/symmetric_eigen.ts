/**
 * Eigenvalues and, in the columns of `vectors`, orthonormal eigenvectors of a symmetric matrix, in
 * no order.
 */
interface SymmetricEigen {
  readonly values: ReadonlyArray<number>
  readonly vectors: ReadonlyArray<ReadonlyArray<number>>
}

/**
 * All eigenvalues of a small symmetric matrix by cyclic Jacobi rotations, to rounding. O(n³) a
 * sweep, some ten sweeps.
 *
 * Source: Golub and Van Loan 2013, "Matrix computations" 8.5.
 */
export function symmetricEigen(matrix: ReadonlyArray<ReadonlyArray<number>>): SymmetricEigen {
  const size = matrix.length
  const a = matrix.map((row) => [...row])
  const vectors = a.map((_, i) => a.map((_, j) => (i === j ? 1 : 0)))
  const norm = Math.hypot(...a.flat())
  for (let sweep = 0; sweep < 50; sweep++) {
    const off = Math.hypot(...a.flatMap((row, i) => row.filter((_, j) => j !== i)))
    if (off <= 1e-15 * norm) break
    for (let p = 0; p < size; p++) for (let q = p + 1; q < size; q++) rotate(a, vectors, p, q)
  }
  return { values: a.map((row, i) => row[i]!), vectors }
}

/** Make a[p][q] zero by a rotation of the axes p and q. */
function rotate(a: Array<Array<number>>, vectors: Array<Array<number>>, p: number, q: number): void {
  if (a[p]![q] === 0) return
  const tau = (a[q]![q]! - a[p]![p]!) / (2 * a[p]![q]!)
  const tangent = (tau >= 0 ? 1 : -1) / (Math.abs(tau) + Math.sqrt(1 + tau * tau))
  const cosine = 1 / Math.sqrt(1 + tangent * tangent)
  const sine = tangent * cosine
  const turn = (row: Array<number>) => {
    const [x, y] = [row[p]!, row[q]!]
    row[p] = cosine * x - sine * y
    row[q] = sine * x + cosine * y
  }
  for (const row of a) turn(row)
  const [first, second] = [a[p]!, a[q]!]
  for (let k = 0; k < a.length; k++) {
    const [x, y] = [first[k]!, second[k]!]
    first[k] = cosine * x - sine * y
    second[k] = sine * x + cosine * y
  }
  for (const row of vectors) turn(row)
}
