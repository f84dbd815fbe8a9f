import * as Either from "effect/Either"
import { suite } from "uvu"
import * as assert from "uvu/assert"
import { gradientProgram } from "../../../src/domain/darts/loss_program.ts"
import { dartsSearch, type Method, plain } from "../../../src/domain/darts/method.ts"
import { betaDarts, betaGradient } from "../../../src/domain/darts/methods/beta_darts.ts"
import { auxiliaryMaps, dartsMinus } from "../../../src/domain/darts/methods/darts_minus.ts"
import { runInputs } from "../../../src/domain/darts/run_inputs.ts"
import { planEpoch, planStep } from "../../../src/domain/darts/step_plan.ts"
import { probabilities, type RelaxedShape, relaxedShape } from "../../../src/domain/neighborhood/relaxed_shape.ts"
import { fullName } from "../../../src/domain/program/port.ts"
import { keyOf, uniformAt } from "../../../src/domain/random.ts"
import { field } from "../../../src/domain/setting/field.ts"
import { real } from "../../../src/domain/setting/kind.ts"
import { builtinSpace } from "../../../src/domain/space/spaces.ts"
import { applyMaps } from "../../_relaxed.ts"
import { evaluate } from "../program/_programs.ts"
import { cellNetwork, linearNetwork, loss, numbers, PLAIN, RAGGED, relativeError, smoothNetwork } from "./_networks.ts"
import { searched, searchOf } from "./_steps.ts"

const SKIPS: RelaxedShape = [
  { name: "normal", edges: [["none", "skip_connect"], ["none", "a", "skip_connect"], ["a"]], width: 3 },
  { name: "reduction", edges: [["a", "b"]], width: 2 }
]

/** Images of three classes, one feature apart. */
const data = {
  x: Array.from({ length: 24 }, (_, i) => [i % 3 === 0 ? 1 : -1, (i % 3) - 1 + 0.2 * uniformAt(keyOf("data"), i)]),
  targets: Array.from({ length: 24 }, (_, i) => [0, 1, 2].map((k) => (k === i % 3 ? 1 : 0)))
}
const quick = { batchSize: 3, epochs: 3, learningRate: 0.1, alphaLearningRate: 0.05 }

/** The inputs of alpha's update in an epoch. */
const inputsIn = (search: ReturnType<typeof searchOf>, shape: RelaxedShape, epoch: number) => {
  const step = planStep(search, shape, planEpoch(search, shape, 24, "0", epoch), 0)
  const update = step.updates.find(({ level }) => level === "alpha")!
  const zeros = new Map(shape.map(({ name, edges, width }) => [name, new Float64Array(edges.length * width)]))
  return runInputs(search, shape, step, update, 0, zeros)
}

const beta = suite("beta-darts")

beta("with the weight 0 it is DARTS, bit for bit, in every order", () => {
  for (const order of ["first", "second", "finite-difference"]) {
    const end = (name: string, given = {}) =>
      searched(searchOf(name, { ...quick, order, ...given }), smoothNetwork(RAGGED), data)
    assert.equal(end("beta-darts", { betaWeight: 0 }), end("darts"))
    assert.not.equal(end("beta-darts").state, end("darts").state)
  }
})

beta("adds to the gradient that of λ · mean of log Σ exp α, by finite differences, with rows of any length", () => {
  const own = loss(smoothNetwork(RAGGED), PLAIN)
  const first = gradientProgram(own, own.alphas)
  const program = betaGradient(first, own)
  const at = new Map<string, ArrayLike<number>>([...numbers(first), ["lambda", [3]]])
  const [before, after] = [evaluate(first, at), evaluate(program, at)]
  assert.equal(after.get("loss"), before.get("loss"))
  const penalty = (alphas: ReadonlyMap<string, ArrayLike<number>>) => {
    const rows = RAGGED.flatMap(({ name, edges, width }) =>
      edges.map((operations, e) =>
        Math.log(operations.reduce((sum, _, k) => sum + Math.exp(alphas.get(`alpha/${name}`)![e * width + k]!), 0))
      )
    )
    return (3 * rows.reduce((sum, x) => sum + x, 0)) / rows.length
  }
  for (const name of own.alphas.map(fullName)) {
    const values = Array.from(at.get(name)!)
    const slopes = values.map((value, i) => {
      const moved = (by: number) => penalty(new Map([...at, [name, values.with(i, value + by)]]))
      return (moved(1e-6) - moved(-1e-6)) / 2e-6
    })
    const added = Array.from(after.get(`gradient/${name}`)!, (x, i) => x - before.get(`gradient/${name}`)![i]!)
    assert.ok(relativeError(added, slopes) < 1e-7, name)
  }
})

beta("λ grows from 0 in a straight line, to 49.5 in the last of 100 epochs", () => {
  const lambda = (epoch: number) =>
    inputsIn(searchOf("beta-darts", { batchSize: 3, epochs: 100 }), RAGGED, epoch).get("lambda")!.data[0]
  assert.equal([0, 50, 99].map(lambda), [0, 25, 49.5])
  assert.is(Either.getOrThrow(dartsSearch(betaDarts)).settings.betaWeight, 50)
})

beta.run()

const minus = suite("darts-minus")

minus("with the weight 0 it is DARTS, bit for bit", () => {
  const end = (name: string, given = {}) => searched(searchOf(name, { ...quick, ...given }), smoothNetwork(SKIPS), data)
  assert.equal(end("darts-minus", { auxiliarySkip: 0 }), end("darts"))
  assert.not.equal(end("darts-minus").state, end("darts").state)
})

minus("adds β to the skip of each row, and to nothing else", () => {
  const { shape } = cellNetwork
  const rows = probabilities(shape, new Map([["cell", Float64Array.from({ length: 30 }, (_, i) => Math.sin(i))]]))
  const moved = applyMaps(shape, auxiliaryMaps(shape, 0.25), rows)
  for (const [e, operations] of shape[0]!.edges.entries())
    for (const [k, operation] of operations.entries())
      assert.ok(Math.abs(moved[e]![k]! - rows[e]![k]! - (operation === "skip_connect" ? 0.25 : 0)) < 1e-15)
  const [normal, reduction] = [...auxiliaryMaps(SKIPS, 1).values()]
  assert.equal([...normal!.add], [0, 1, 0, 0, 0, 1, 0, 0, 0])
  assert.equal([...reduction!.add], [0, 0])
})

minus("a loss that is linear in the probabilities grows by β times the skips' slopes", () => {
  const network = linearNetwork(SKIPS)
  const search = searchOf("darts-minus", { batchSize: 1, epochs: 4 })
  const mapped = loss(network, { sampled: false, mapped: true }).program
  const plainLoss = loss(network, PLAIN).program
  const at = numbers(mapped)
  const inputs = [...inputsIn(search, SKIPS, 1)].map(([name, { data: values }]) => [name, values] as const)
  const difference =
    evaluate(mapped, new Map([...at, ...inputs])).get("loss")![0]! - evaluate(plainLoss, at).get("loss")![0]!
  const slopes = at.get("param/normal")!
  const weight = (1 + Math.cos(Math.PI / 4)) / 2
  assert.ok(Math.abs(difference - weight * (slopes[1]! + slopes[5]!)) < 1e-12)
})

minus("β falls along a cosine or a line, the same for both levels", () => {
  const weights = (auxiliaryDecay: string) =>
    [0, 2, 3].map((epoch) => {
      const search = searchOf("darts-minus", { batchSize: 3, epochs: 4, auxiliaryDecay })
      return inputsIn(search, SKIPS, epoch).get("add/normal")!.data[1]!
    })
  const cosine = [1, 0.5, (1 - Math.SQRT1_2) / 2]
  assert.ok(weights("cosine").every((weight, i) => Math.abs(weight - cosine[i]!) < 1e-15))
  assert.equal(weights("linear"), [1, 0.5, 0.25])
  const { method, settings } = searchOf("darts-minus")
  for (const level of ["alpha", "weights"] as const) assert.ok(method.relaxation(settings, level).mapped)
})

minus("a space without a skip is refused, one with a few is not", () => {
  const { settings } = Either.getOrThrow(dartsSearch(dartsMinus))
  assert.match(dartsMinus.problem(settings, RAGGED)!, "no edge of the space offers skip_connect")
  for (const shape of [SKIPS, relaxedShape(builtinSpace("darts"))])
    assert.is(dartsMinus.problem(settings, shape), undefined)
})

minus.run()

const own = suite("a method of one's own")

own("needs its name, fields, relaxation and gradient alone, and its scalars reach its program", () => {
  const fields = { strength: field(real({ from: 0 }), 2, "what alpha's gradient is multiplied with") }
  const mine: Method<typeof fields> = {
    ...plain,
    name: "mine",
    summary: "DARTS",
    source: "this test",
    fields,
    relaxation: () => ({}),
    alphaGradient: (_, lossOf) => betaGradient(gradientProgram(lossOf, lossOf.alphas), lossOf),
    scalars: ({ strength }, epoch) => ({ lambda: strength * epoch })
  }
  const end = (strength: number) =>
    searched(Either.getOrThrow(dartsSearch(mine, { ...quick, strength })), smoothNetwork(RAGGED), data).state
  assert.equal(end(0), searched(searchOf("darts", quick), smoothNetwork(RAGGED), data).state)
  assert.not.equal(end(1), end(2))
})

own.run()
