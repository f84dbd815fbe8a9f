import * as Either from "effect/Either"
import { suite } from "uvu"
import * as assert from "uvu/assert"
import { gumbelNoise, initialAlpha, perturbationMaps } from "../../../src/domain/darts/noise.ts"
import { type Relaxation, relaxationNode } from "../../../src/domain/darts/relaxation.ts"
import {
  probabilities,
  type RelaxedShape,
  relaxedShape,
  rowsOfTensors,
  tensorsOfRows
} from "../../../src/domain/neighborhood/relaxed_shape.ts"
import type { Network } from "../../../src/domain/network/layers.ts"
import { buildProgram } from "../../../src/domain/program/builder.ts"
import { builtinSpace } from "../../../src/domain/space/spaces.ts"
import { applyMaps } from "../../_relaxed.ts"
import { evaluate, type Numbers, withGradients } from "../program/_programs.ts"
import { numbers, RAGGED, relativeError } from "./_networks.ts"

/** The probabilities of a shape's cells, and Σ p·c with inputs c as the loss. */
function relaxed(shape: RelaxedShape, relaxation: Relaxation) {
  return Either.getOrThrow(
    buildProgram((b) => {
      const net: Network = { b, statistics: "batch", tracked: false, parameters: new Map() }
      const terms = shape.map((cell) => {
        const p = relaxationNode(net, cell, relaxation)
        b.output(cell.name, p)
        return b.reshape(b.sum(b.times(p, b.input(`c/${cell.name}`, b.shape(p))), [0, 1]), [])
      })
      b.output(
        "loss",
        terms.reduce((sum, term) => b.plus(sum, term))
      )
    })
  )
}

const relaxation = suite("relaxationNode()")

relaxation("is the softmax of each row, and zero behind it", () => {
  const program = relaxed(RAGGED, { sampled: false, mapped: false })
  const at = numbers(program)
  const values = evaluate(program, at)
  const rows = probabilities(RAGGED, new Map(RAGGED.map(({ name }) => [name, at.get(`alpha/${name}`)!])))
  for (const [name, expected] of tensorsOfRows(RAGGED, rows))
    assert.ok(relativeError(values.get(name)!, expected) < 1e-15)
})

relaxation("sampled, it is one-hot at the largest of alpha plus noise, with the derivative of its softmax", () => {
  const program = relaxed(RAGGED, { sampled: true, mapped: false })
  const soft = relaxed(RAGGED, { sampled: false, mapped: false })
  for (const temperature of [10, 0.5]) {
    const noise = [...gumbelNoise(RAGGED, `${temperature}`)].map(([name, data]) => [`gumbel/${name}`, data] as const)
    const at: Numbers = new Map([...numbers(program), ...noise, ["temperature", Float64Array.of(temperature)]])
    const logits = (name: string) =>
      Array.from(at.get(`alpha/${name}`)!, (x, i) => (x + at.get(`gumbel/${name}`)![i]!) / temperature)
    const scaled = RAGGED.map(({ name }) => [`alpha/${name}`, logits(name)] as const)
    const values = evaluate(withGradients(program), at)
    const expected = evaluate(withGradients(soft), new Map([...at, ...scaled]))
    const tensors = new Map(RAGGED.map(({ name }) => [name, logits(name)]))
    const oneHot = rowsOfTensors(RAGGED, tensors).map((row) => row.map((x) => (x === Math.max(...row) ? 1 : 0)))
    for (const [name, hit] of tensorsOfRows(RAGGED, oneHot)) {
      assert.equal(Array.from(values.get(name)!), Array.from(hit))
      const slope = Array.from(expected.get(`grad/alpha/${name}`)!, (x) => x / temperature)
      assert.ok(relativeError(values.get(`grad/alpha/${name}`)!, slope) < 1e-12)
    }
  }
})

relaxation.run()

const DARTS = relaxedShape(builtinSpace("darts"))

const gumbel = suite("gumbelNoise()")

gumbel("has the mean and variance of a standard Gumbel, and differs from seed to seed", () => {
  const draws = Array.from({ length: 200 }, (_, i) => [...gumbelNoise(DARTS, `g/${i}`).values()]).flatMap((cells) =>
    cells.flatMap((cell) => [...cell])
  )
  const mean = draws.reduce((a, b) => a + b) / draws.length
  const variance = draws.reduce((sum, x) => sum + (x - mean) ** 2, 0) / draws.length
  assert.ok(Math.abs(mean - 0.5772) < 0.03 && Math.abs(variance - Math.PI ** 2 / 6) < 0.08, `${mean} ${variance}`)
  assert.not.equal(gumbelNoise(DARTS, "a"), gumbelNoise(DARTS, "b"))
  assert.equal(gumbelNoise(DARTS, "a"), gumbelNoise(DARTS, "a"))
})

gumbel.run()

const alpha = suite("initialAlpha()")

alpha("is normal with the asked-for deviation", () => {
  const draws = Array.from({ length: 200 }, (_, i) => [...initialAlpha(DARTS, `a/${i}`, 1e-3).values()]).flatMap(
    (cells) => cells.flatMap((cell) => [...cell])
  )
  const moment = (power: number) => draws.reduce((sum, x) => sum + (x / 1e-3) ** power, 0) / draws.length
  assert.ok(Math.abs(moment(1)) < 0.02 && Math.abs(moment(2) - 1) < 0.03 && Math.abs(moment(4) - 3) < 0.2)
})

alpha.run()

const perturbation = suite("perturbationMaps()")

perturbation("leads to distributions, no further than epsilon before they are normalized", () => {
  const rows = probabilities(DARTS, initialAlpha(DARTS, "rows", 2))
  for (const epsilon of [0.03, 0.3]) {
    const moved = applyMaps(DARTS, perturbationMaps(DARTS, rows, epsilon, "seed"), rows)
    for (const [e, row] of moved.entries()) {
      assert.ok(Math.abs(row.reduce((a, b) => a + b) - 1) < 1e-12 && row.every((share) => share >= -1e-15))
      const scale = row.map((share, k) => [(rows[e]![k]! - epsilon) / share, (rows[e]![k]! + epsilon) / share] as const)
      const [low, high] = [Math.max(...scale.map(([x]) => x)), Math.min(...scale.map(([, x]) => x))]
      assert.ok(low <= high, "one factor brings every entry within epsilon")
    }
    assert.not.equal(moved, rows)
  }
  assert.ok(
    applyMaps(DARTS, perturbationMaps(DARTS, rows, 1e-12, "seed"), rows).every((row, e) =>
      row.every((share, k) => Math.abs(share - rows[e]![k]!) < 1e-10)
    )
  )
})

perturbation("a row of which nothing is left is one-hot at its largest entry, any other is what is left of it", () => {
  const shape: RelaxedShape = [{ name: "c", edges: [["a", "b"]], width: 2 }]
  const moved = (row: readonly [number, number], epsilon: number, seed: string) =>
    applyMaps(shape, perturbationMaps(shape, [row], epsilon, seed), [row])[0]!
  /**
   * The noise of an entry within ±1, told by a row whose other entry stays at 1: its share is (0.5
   * + n / 4) / (1.5 + n / 4).
   */
  const noise = (seed: string, k: 0 | 1) => {
    const share = moved(k === 0 ? [0.5, 2] : [2, 0.5], 0.25, seed)[k]!
    return 4 * (share / (1 - share) - 0.5)
  }
  const close = (row: ReadonlyArray<number>, expected: ReadonlyArray<number>) =>
    row.every((share, k) => Math.abs(share - expected[k]!) < 1e-9)
  let [emptied, largest] = [0, 0]
  for (let i = 0; i < 200; i++) {
    const [first, second] = [0.01 + noise(`${i}`, 0), 0.02 + noise(`${i}`, 1)]
    const row = moved([0.01, 0.02], 1, `${i}`)
    const [one, other] = [first, second].map((left) => Math.min(1, Math.max(0, left)))
    if (one! + other! > 0) {
      assert.ok(close(row, [one! / (one! + other!), other! / (one! + other!)]), `${i}: ${row}`)
      continue
    }
    assert.ok(close(row, first > second ? [1, 0] : [0, 1]), `${i}: ${row}`)
    emptied += 1
    largest += first > second ? 1 : 0
  }
  assert.ok(emptied > 30 && largest > 10 && emptied - largest > 10, `${emptied} emptied, ${largest} at the first`)
})

perturbation.run()
