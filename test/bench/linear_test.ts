import * as FastCheck from "@effect/schema/FastCheck"
import { suite } from "uvu"
import * as assert from "uvu/assert"
import { fitLinear, rSquared } from "../../bench/_linear.ts"
import { keyOf, uniformAt } from "../../src/domain/random.ts"

const key = keyOf("linear")
const rows = Array.from({ length: 40 }, (_, i) => [0, 1, 2].map((j) => uniformAt(key, 3 * i + j)))
const noisy = rows.map(([a, b, c], i) => 3 + 2 * a! - b! + 0.5 * c! + 0.1 * uniformAt(key, 1000 + i))
const close = (a: number, b: number) => assert.ok(Math.abs(a - b) < 1e-9, `${a} ${b}`)

const fit = suite("fitLinear()")

fit("a linear function of the features is found again", () => {
  const numbers = FastCheck.array(FastCheck.integer({ min: -9, max: 9 }), { minLength: 4, maxLength: 4 })
  FastCheck.assert(
    FastCheck.property(numbers, ([free, ...slopes]) => {
      const value = (row: ReadonlyArray<number>) => row.reduce((sum, x, j) => sum + x * slopes[j]!, free!)
      const model = fitLinear(rows, rows.map(value))
      for (const row of [[0, 0, 0], [5, -4, 3], rows[7]!]) close(model(row), value(row))
    }),
    { seed: 1 }
  )
})

for (const penalty of [0, 0.5, 20])
  fit(`with the penalty ${penalty} no step of a coefficient, or of the intercept, lowers the penalized squares`, () => {
    const model = fitLinear(rows, noisy, penalty)
    const free = model([0, 0, 0])
    const found = [free, ...[0, 1, 2].map((j) => model([0, 1, 2].map((k) => (k === j ? 1 : 0))) - free)]
    const cost = ([start, ...slopes]: ReadonlyArray<number>) =>
      rows.reduce(
        (sum, row, i) => sum + (noisy[i]! - row.reduce((all, x, j) => all + x * slopes[j]!, start!)) ** 2,
        penalty * slopes.reduce((sum, slope) => sum + slope ** 2, 0)
      )
    for (const at of found.keys())
      for (const step of [-1e-3, 1e-3])
        assert.ok(cost(found.map((x, j) => (j === at ? x + step : x))) > cost(found), `${at} ${step}`)
  })

fit("features that sum to one, as choices do, have a model with a penalty", () => {
  const choices = [0, 1, 1, 2].map((choice) => [0, 1, 2].map((k) => (k === choice ? 1 : 0)))
  const model = fitLinear(choices, [1, 2, 4, 6], 1e-6)
  const [first, second, third] = [model([1, 0, 0]), model([0, 1, 0]), model([0, 0, 1])]
  assert.ok(Math.abs(first - 1) < 1e-4 && Math.abs(second - 3) < 1e-4 && Math.abs(third - 6) < 1e-4)
})

const share = suite("rSquared()")

share("is 1 where a model is exact, 0 where it knows nothing, and the squared correlation with one feature", () => {
  close(rSquared([[1], [2], [4]], [3, 5, 9]), 1)
  close(rSquared([[1], [-1], [-1], [1]], [1, 1, 2, 2]), 0)
  const [x, y] = [rows.map(([a]) => a!), noisy]
  const mean = (of: ReadonlyArray<number>) => of.reduce((a, b) => a + b) / of.length
  const product = (a: ReadonlyArray<number>, b: ReadonlyArray<number>) =>
    a.reduce((sum, value, i) => sum + (value - mean(a)) * (b[i]! - mean(b)), 0)
  close(
    rSquared(
      x.map((value) => [value]),
      y
    ),
    product(x, y) ** 2 / product(x, x) / product(y, y)
  )
})

fit.run()
share.run()
