import { suite } from "uvu"
import * as assert from "uvu/assert"
import { gradientProgram } from "../../../src/domain/darts/loss_program.ts"
import { finiteDifferenceProgram, unrolledProgram } from "../../../src/domain/darts/unrolled.ts"
import { identityMaps } from "../../../src/domain/neighborhood/relaxed_maps.ts"
import { fullName, gradientOf } from "../../../src/domain/program/port.ts"
import { evaluate, type Numbers } from "../program/_programs.ts"
import {
  cellNetwork,
  loss,
  MAPPED,
  mapInputs,
  numbers,
  PLAIN,
  RAGGED,
  relativeError,
  smoothNetwork
} from "./_networks.ts"

const UNROLLING = { weightDecay: 0.1, momentum: 0.9 }
const smooth = loss(smoothNetwork(RAGGED), PLAIN)

/** The validation loss after the training step, by its definition. */
function lossAhead(at: Numbers, { weightDecay, momentum }: typeof UNROLLING): number {
  const training = new Map([...at, ["x", at.get("train/x")!], ["targets", at.get("train/targets")!]] as const)
  const gradients = evaluate(gradientProgram(smooth, smooth.weights), training)
  const xi = at.get("xi")![0]!
  let start = 0
  const stepped = smooth.weights.map(fullName).map((name) => {
    const weights = at.get(name)!
    const moments = Array.from(at.get("moment") ?? []).slice(start)
    start += weights.length
    const gradient = gradients.get(fullName(gradientOf(name)))!
    const moved = Array.from(
      weights,
      (w, i) => w - xi * (gradient[i]! + weightDecay * w + momentum * (moments[i] ?? 0))
    )
    return [name, moved] as const
  })
  return evaluate(smooth.program, new Map([...at, ...stepped])).get("loss")![0]!
}

const exact = suite("unrolledProgram()")

for (const momentum of [0, 0.9]) {
  exact(`is the derivative of the loss after a training step with momentum ${momentum}`, () => {
    const unrolling = { ...UNROLLING, momentum }
    const program = unrolledProgram(smooth, unrolling)
    assert.is(program.inputs.has("moment"), momentum > 0)
    const at = numbers(program).set("xi", Float64Array.of(0.3))
    const values = evaluate(program, at)
    assert.ok(Math.abs(values.get("loss")![0]! - lossAhead(at, unrolling)) < 1e-12)
    for (const name of smooth.alphas.map(fullName)) {
      const finite = Array.from(at.get(name)!, (value, i) => {
        const moved = (by: number) => lossAhead(new Map([...at, [name, at.get(name)!.with(i, value + by)]]), unrolling)
        return (moved(1e-6) - moved(-1e-6)) / 2e-6
      })
      assert.ok(relativeError(values.get(fullName(gradientOf(name)))!, finite) < 1e-6, name)
    }
  })
}

for (const [kind, make] of [
  ["exact", unrolledProgram],
  ["by finite difference", finiteDifferenceProgram]
] as const) {
  exact(`with xi 0 second order is first order, ${kind}`, () => {
    const plain = loss(cellNetwork, PLAIN)
    const program = make(plain, { weightDecay: 3e-4, momentum: 0 })
    const at = numbers(program).set("xi", Float64Array.of(0))
    const first = evaluate(gradientProgram(plain, plain.alphas), at)
    const second = evaluate(program, at)
    assert.equal([...second.keys()].sort(), [...first.keys()].sort())
    for (const [name, values] of first) assert.ok(relativeError(second.get(name)!, values) < 1e-12, name)
  })

  exact(`an identity map changes nothing, ${kind}`, () => {
    const mapped = loss(smoothNetwork(RAGGED), MAPPED)
    const [plainProgram, program] = [make(smooth, UNROLLING), make(mapped, UNROLLING)]
    const at = numbers(plainProgram)
    const values = evaluate(program, new Map([...at, ...mapInputs(identityMaps(RAGGED))]))
    for (const [name, own] of evaluate(plainProgram, at)) assert.equal(values.get(name), own)
  })
}

exact.run()

const finite = suite("finiteDifferenceProgram()")

finite("comes close to the exact gradient, much closer than first order does", () => {
  const at = numbers(unrolledProgram(smooth, UNROLLING)).set("xi", Float64Array.of(0.3))
  const approximate = evaluate(finiteDifferenceProgram(smooth, UNROLLING), at)
  const values = evaluate(unrolledProgram(smooth, UNROLLING), at)
  assert.equal(approximate.get("loss"), values.get("loss"))
  for (const name of smooth.alphas.map(fullName)) {
    const error = relativeError(approximate.get(fullName(gradientOf(name)))!, values.get(fullName(gradientOf(name)))!)
    assert.ok(error > 0 && error < 1e-4, `${error}`)
  }
})

finite("is finite where the validation loss has no gradient", () => {
  const program = finiteDifferenceProgram(smooth, UNROLLING)
  const at = numbers(program)
  const zero = new Map([...at].map(([name, data]) => [name, name === "targets" ? data.map(() => 0) : data] as const))
  for (const name of smooth.alphas.map(fullName))
    assert.ok(Array.from(evaluate(program, zero).get(fullName(gradientOf(name)))!).every(Number.isFinite))
})

finite.run()
