import * as Either from "effect/Either"
import { suite } from "uvu"
import * as assert from "uvu/assert"
import { identityMaps } from "../../../../src/domain/neighborhood/relaxed_maps.ts"
import { keyOf, uniformAt } from "../../../../src/domain/random.ts"
import { ascendedProgram, gradientOf, gradientProgram } from "../../../../src/domain/search/gradient/gradients.ts"
import { ofRun } from "../../../../src/domain/search/gradient/joint_loss.ts"
import { type GradientSearch, gradientSearch } from "../../../../src/domain/search/gradient/settings.ts"
import type { LevelPrograms } from "../../../../src/domain/search/gradient/step_programs.ts"
import { finiteDifferenceProgram, unrolledProgram } from "../../../../src/domain/search/gradient/unrolled.ts"
import {
  alphaOptimizer,
  fusedProgram,
  updateProgram,
  weightOptimizer
} from "../../../../src/domain/search/gradient/updates.ts"
import { evaluate } from "../../program/_programs.ts"
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
import { inputNames, programsOf, search } from "./_steps.ts"

const settingsOf = (method: GradientSearch["_tag"], settings: Record<string, unknown> = {}) =>
  Either.getOrThrow(gradientSearch(method, "darts", { batchSize: 3, ...settings }))
const smooth = smoothNetwork(RAGGED)

/** Images of three classes, one feature apart. */
const data = {
  x: Array.from({ length: 24 }, (_, i) => [i % 3 === 0 ? 1 : -1, (i % 3) - 1 + 0.2 * uniformAt(keyOf("data"), i)]),
  targets: Array.from({ length: 24 }, (_, i) => [0, 1, 2].map((k) => (k === i % 3 ? 1 : 0)))
}

const step = (programs: LevelPrograms) => (programs._tag === "Fused" ? programs.step : programs.gradient)

const programs = suite("stepPrograms()")

programs("without neighbors NA-DARTS is DARTS, the very same programs", () => {
  const darts = programsOf(settingsOf("Darts"), smooth)
  assert.equal(programsOf(settingsOf("NaDarts", { neighbors: 0 }), smooth), darts)
  const alone = programsOf(settingsOf("NaDarts", { steps: "alpha" }), smooth)
  assert.equal(alone.weights, darts.weights)
  assert.is(alone.alpha._tag, "Summed")
  assert.equal(programsOf(settingsOf("NaDarts", { steps: "weights" }), smooth).alpha, darts.alpha)
})

programs("each method takes its own inputs, and no others", () => {
  const extras = (method: GradientSearch["_tag"], settings = {}) => {
    const made = programsOf(settingsOf(method, settings), smooth)
    const plain = new Set(["x", "targets", "learningRate", ...made.state.keys()])
    return [made.alpha, made.weights].map((level) => {
      const names = [...inputNames(step(level))].filter((name) => !plain.has(name))
      return [...new Set(names.map((name) => name.split("/")[0]))].sort().join()
    })
  }
  assert.equal(extras("Darts"), ["", ""])
  assert.equal(extras("A2m"), ["", ""])
  assert.equal(extras("Darts", { order: "second" }), ["train,xi", ""])
  assert.equal(extras("Darts", { order: "finite-difference" }), ["train,xi", ""])
  assert.equal(extras("NaDarts"), ["add,map", "add,map"])
  assert.equal(extras("NaDarts", { neighbors: 1, center: false, steps: "weights" }), ["", "add,map"])
  assert.equal(extras("NaDarts", { order: "second" }), ["add,map,train,xi", "add,map"])
  assert.equal(extras("SdartsRs"), ["", "add,map"])
  assert.equal(extras("Gdas"), ["gumbel,temperature", "gumbel,temperature"])
})

programs("the look-ahead takes momentum where it is asked for", () => {
  const moments = (unrolledMomentum: boolean) => {
    const { alpha } = programsOf(settingsOf("Darts", { order: "second", unrolledMomentum }), smooth)
    return [...inputNames(step(alpha))].filter((name) => name.startsWith("moment/"))
  }
  assert.equal(moments(false), [])
  assert.ok(moments(true).includes("moment/param/first.bias"))
})

programs("settings reach their programs", () => {
  const made = (settings: Record<string, unknown>, method: GradientSearch["_tag"] = "Darts") =>
    programsOf(settingsOf(method, settings), smooth)
  const plain = loss(smooth, PLAIN)
  const { alpha: adam, weights: sgd } = settingsOf("Darts")
  const unrolling = { weightDecay: sgd.weightDecay, momentum: 0 }
  for (const [order, gradient] of [
    ["first", gradientProgram(plain, plain.alphas)],
    ["second", unrolledProgram(plain, unrolling)],
    ["finite-difference", finiteDifferenceProgram(plain, unrolling)]
  ] as const)
    assert.equal(step(made({ order }).alpha), fusedProgram(gradient, plain.alphas, alphaOptimizer(adam)))
  for (const order of ["first", "second"] as const)
    assert.equal(
      step(made({ order, rho: 0.2 }, "A2m").alpha),
      fusedProgram(ascendedProgram(plain, 0.2, order), plain.alphas, alphaOptimizer(adam))
    )
  for (const weights of [{ nesterov: true }, { momentum: 0.5 }, { clip: 1 }, { weightDecay: 0.1 }])
    assert.equal(
      step(made({ weights }).weights),
      fusedProgram(gradientProgram(plain, plain.weights), plain.weights, weightOptimizer({ ...sgd, ...weights }))
    )
})

programs("where the number of neighbors changes there is an update for each number, also for one", () => {
  const two = smoothNetwork([
    {
      name: "c",
      edges: [
        ["a", "b"],
        ["a", "b"]
      ],
      width: 2
    }
  ])
  const settings = { neighbors: "all", center: false, radius: { from: 1, to: 2 }, epochs: 2 }
  const { alpha } = programsOf(settingsOf("NaDarts", settings), two)
  assert.ok(alpha._tag === "Summed")
  assert.equal([...alpha.update.keys()], [2, 1])
})

programs("the state is weights, alpha and what the optimizers keep", () => {
  const { state, loss: plain } = programsOf(settingsOf("NaDarts"), smooth)
  const expected = [
    ...plain.weights.flatMap((name) => [name, `moment/${name}`]),
    ...plain.alphas.flatMap((name) => [name, `first/${name}`, `second/${name}`]),
    "adam/step"
  ]
  assert.equal([...state.keys()].sort(), expected.sort())
  assert.equal(state.get("alpha/normal"), [3, 3])
  assert.equal(state.get("adam/step"), [])
})

programs.run()

const updates = suite("updateProgram(), fusedProgram()")
const { alpha, weights } = settingsOf("Darts")

for (const [name, optimizer, pick] of [
  ["Adam for alpha", alphaOptimizer(alpha), "alphas"],
  ["clipped SGD for the weights", weightOptimizer({ ...weights, clip: 0.1 }), "weights"]
] as const) {
  const [plain, mapped] = [loss(cellNetwork, PLAIN), loss(cellNetwork, MAPPED)]
  const names = plain[pick]
  const gradient = gradientProgram(plain, names)
  const fused = fusedProgram(gradient, names, optimizer)
  const tensors = new Map(names.map((one) => [one, gradient.nodes[gradient.inputs.get(one)!]!.shape]))
  const at = new Map([...numbers(fused)].map(([one, values]) => [one, values.map(Math.abs)] as const))
  at.set("learningRate", Float64Array.of(0.1))
  const apart = evaluate(
    gradientProgram(mapped, names),
    new Map([...at, ...mapInputs(identityMaps(cellNetwork.shape))])
  )
  const runs = (count: number) =>
    Array.from({ length: count }, (_, run) =>
      names.map((one) => [ofRun(run, gradientOf(one)), apart.get(gradientOf(one))!] as const)
    ).flat()

  updates(`${name}: one run of the identity map is the fused step, bit for bit, and so are four that share`, () => {
    const expected = evaluate(fused, at)
    assert.equal(expected.get("loss"), apart.get("loss"))
    for (const count of [1, 4]) {
      const shares = ["shares", new Array<number>(count).fill(1 / count)] as const
      const summed = evaluate(updateProgram(tensors, count, optimizer), new Map([...at, ...runs(count), shares]))
      for (const [one, values] of summed) assert.equal(values, expected.get(one), one)
      assert.is(summed.size, expected.size - 2)
    }
  })

  updates(`${name}: sums the runs by their shares`, () => {
    const one = names[0]!
    const other = apart.get(gradientOf(one))!
    const zero = new Map([...runs(1)].map(([key, values]) => [key, Float64Array.from(values, () => 0)] as const))
    const second = new Map([...runs(2)].filter(([key]) => key.startsWith("run/1/")))
    const mixed = evaluate(
      updateProgram(tensors, 2, optimizer),
      new Map([...at, ...zero, ...second, ["shares", Float64Array.of(7, 0.25)] as const])
    )
    const quarter = new Map(
      [...runs(1)].map(([key, values]) => [key, Float64Array.from(values, (x) => x / 4)] as const)
    )
    const expected = evaluate(
      updateProgram(tensors, 1, optimizer),
      new Map([...at, ...quarter, ["shares", Float64Array.of(1)] as const])
    )
    assert.ok(Array.from(other).some((x) => x !== 0))
    for (const [key, values] of expected) assert.ok(relativeError(mixed.get(key)!, values) < 1e-14, key)
  })
}

updates("the weights move by momentum, decay and the clipped gradient", () => {
  const tensors = new Map([
    ["a", [2]],
    ["b", [1]]
  ])
  for (const nesterov of [false, true]) {
    const optimizer = weightOptimizer({ ...weights, nesterov, momentum: 0.5, weightDecay: 0.1, clip: 6 })
    const given = {
      a: [1, 2],
      b: [3],
      "moment/a": [1, 0],
      "moment/b": [-1],
      "run/0/gradient/a": [4, 4],
      "run/0/gradient/b": [2],
      shares: [2],
      learningRate: [0.1]
    }
    const values = evaluate(updateProgram(tensors, 1, optimizer), new Map(Object.entries(given)))
    // The gradient (8, 8, 4) of norm 12 is halved to (4, 4, 2).
    const decayed = [4.1, 4.2, 2.3]
    const moments = [4.6, 4.2, 1.8]
    const moved = decayed.map((x, i) => [1, 2, 3][i]! - 0.1 * (nesterov ? x + 0.5 * moments[i]! : moments[i]!))
    const joined = (a: string, b: string) => [...Array.from(values.get(a)!), ...Array.from(values.get(b)!)]
    assert.ok(relativeError(joined("a", "b"), moved) < 1e-6)
    assert.ok(relativeError(joined("moment/a", "moment/b"), moments) < 1e-6)
  }
})

updates("alpha moves by Adam with decay, over two steps", () => {
  const [a, b] = [0.5, 0.999]
  const program = updateProgram(new Map([["a", [1]]]), 1, alphaOptimizer({ ...alpha, weightDecay: 0.5 }))
  let state: ReadonlyMap<string, ArrayLike<number>> = new Map(
    ["first/a", "second/a", "adam/step"].map((name) => [name, [0]] as const)
  )
  let [x, first, second] = [2, 0, 0]
  state = new Map([...state, ["a", [x]]])
  for (const [step, given] of [
    [1, 3],
    [2, -4]
  ] as const) {
    const extra = { "run/0/gradient/a": [given], shares: [1], learningRate: [0.1] }
    state = evaluate(program, new Map([...state, ...Object.entries(extra)]))
    const gradient = given + 0.5 * x
    first = a * first + (1 - a) * gradient
    second = b * second + (1 - b) * gradient ** 2
    x -= (0.1 * (first / (1 - a ** step))) / (Math.sqrt(second / (1 - b ** step)) + 1e-8)
    assert.ok(Math.abs(state.get("a")![0]! - x) < 1e-10)
    assert.is(state.get("adam/step")![0], step)
  }
})

updates("alpha moves by Adam at the learning rate, against the sign of its gradient", () => {
  const plain = loss(smooth, PLAIN)
  const program = fusedProgram(
    gradientProgram(plain, plain.alphas),
    plain.alphas,
    alphaOptimizer({ ...alpha, weightDecay: 0 })
  )
  const at = new Map(
    [...numbers(program)].map(([name, values]) => [
      name,
      /^(first|second|adam)/.test(name) ? values.map(() => 0) : values
    ])
  )
  at.set("learningRate", Float64Array.of(0.01))
  const gradient = evaluate(gradientProgram(plain, plain.alphas), at).get("gradient/alpha/normal")!
  const moved = evaluate(program, at).get("alpha/normal")!
  for (const [i, before] of at.get("alpha/normal")!.entries())
    assert.ok(Math.abs(moved[i]! - before + 0.01 * Math.sign(gradient[i]!)) < 1e-5)
})

updates.run()

const steps = suite("a search, step by step")

for (const [method, extra] of [
  ["Darts", {}],
  ["Darts", { order: "second" }],
  ["Darts", { order: "finite-difference", unrolledMomentum: true }],
  ["NaDarts", {}],
  ["NaDarts", { representation: { _tag: "Hard" }, radius: { from: 1, to: 3 }, neighbors: 9, fresh: "epoch" }],
  ["NaDarts", { aggregate: { _tag: "Cvar", fraction: 0.5 }, order: "second", center: false, steps: "alpha" }],
  ["NaDarts", { representation: { _tag: "Mix", rho: 0.3 }, neighbors: 1, center: false }],
  ["SdartsRs", {}],
  ["Gdas", {}],
  ["A2m", {}],
  ["A2m", { order: "second", rho: 0.1 }]
] as const) {
  steps(`${method} ${JSON.stringify(extra)}: learns, and ends with the same bits again`, () => {
    const settings = settingsOf(method, {
      epochs: 6,
      ...extra,
      first: "weights",
      weights: { learningRate: 0.1 },
      alpha: { learningRate: 0.05 }
    })
    const { state, losses } = search(settings, smooth, data)
    const trained = (rows: typeof losses) =>
      rows.flatMap(({ weights: own }) => own!).reduce((sum, x) => sum + x, 0) /
      rows.flatMap((row) => row["weights"]!).length
    assert.ok(trained(losses.slice(-4)) < 0.9 * trained(losses.slice(0, 4)), `${trained(losses.slice(-4))}`)
    assert.ok([...state.values()].every((values) => Array.from(values).every(Number.isFinite)))
    assert.equal(search(settings, smooth, data).state, state)
  })
}

steps("with a learning rate of 0 for the weights, second order is first order", () => {
  const still = { epochs: 2, weights: { learningRate: 0, lastLearningRate: 0 }, alpha: { learningRate: 0.1 } }
  const first = search(settingsOf("Darts", still), smooth, data).state
  for (const order of ["second", "finite-difference"]) {
    const second = search(settingsOf("Darts", { ...still, order }), smooth, data).state
    for (const name of ["alpha/normal", "alpha/reduction"])
      assert.ok(relativeError(second.get(name)!, first.get(name)!) < 1e-9)
  }
})

steps("neighbors change where alpha goes", () => {
  const end = (method: GradientSearch["_tag"], extra = {}) =>
    search(settingsOf(method, { epochs: 2, alpha: { learningRate: 0.1 }, ...extra }), smooth, data).state
  const darts = end("Darts")
  assert.equal(end("NaDarts", { neighbors: 0 }), darts)
  for (const other of [end("NaDarts"), end("NaDarts", { steps: "weights" }), end("A2m"), end("Gdas"), end("SdartsRs")])
    assert.ok(relativeError(other.get("alpha/normal")!, darts.get("alpha/normal")!) > 1e-6)
})

steps.run()
