/** A linear model: what it predicts for a row of features. */
export type LinearModel = (row: ArrayLike<number>) => number

/**
 * The linear model, with an intercept, of the smallest sum of squares plus `penalty` times the sum
 * of its squared coefficients (ridge regression; the intercept is free). Features and values are
 * centered, then the normal equations solved. `rows` has at least one row; without a penalty the
 * features must be linearly independent.
 */
export function fitLinear(rows: ReadonlyArray<ArrayLike<number>>, values: ArrayLike<number>, penalty = 0): LinearModel {
  const [count, width] = [rows.length, rows[0]!.length]
  const means = Array.from({ length: width }, (_, j) => rows.reduce((sum, row) => sum + row[j]!, 0) / count)
  let mean = 0
  for (let i = 0; i < count; i++) mean += values[i]! / count
  const system = Array.from({ length: width }, (_, j) => {
    const equation = new Float64Array(width + 1)
    equation[j] = penalty
    return equation
  })
  for (const [i, row] of rows.entries())
    for (let j = 0; j < width; j++) {
      const own = row[j]! - means[j]!
      const equation = system[j]!
      for (let k = 0; k < width; k++) equation[k]! += own * (row[k]! - means[k]!)
      equation[width]! += own * (values[i]! - mean)
    }
  const coefficients = solve(system)
  const intercept = means.reduce((sum, one, j) => sum - coefficients[j]! * one, mean)
  return (row) => coefficients.reduce((sum, coefficient, j) => sum + coefficient * row[j]!, intercept)
}

/**
 * Solves equations, each with its right side behind its coefficients, by elimination with pivots.
 * Overwrites them.
 */
function solve(equations: Array<Float64Array>): ReadonlyArray<number> {
  const size = equations.length
  for (let j = 0; j < size; j++) {
    let pivot = j
    for (let i = j + 1; i < size; i++) if (Math.abs(equations[i]![j]!) > Math.abs(equations[pivot]![j]!)) pivot = i
    ;[equations[j], equations[pivot]] = [equations[pivot]!, equations[j]!]
    for (let i = 0; i < size; i++) {
      const factor = i === j ? 0 : equations[i]![j]! / equations[j]![j]!
      if (factor !== 0) for (let k = j; k <= size; k++) equations[i]![k]! -= factor * equations[j]![k]!
    }
  }
  return equations.map((equation, j) => equation[size]! / equation[j]!)
}

/**
 * The share of the values' variance that a model of the rows explains, on the rows that it was
 * fitted on.
 */
export function rSquared(rows: ReadonlyArray<ArrayLike<number>>, values: ReadonlyArray<number>): number {
  const model = fitLinear(rows, values)
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length
  const squares = (of: (i: number) => number) => values.reduce((sum, value, i) => sum + (value - of(i)) ** 2, 0)
  return 1 - squares((i) => model(rows[i]!)) / squares(() => mean)
}
