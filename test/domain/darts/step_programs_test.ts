import { suite } from "uvu"
import * as assert from "uvu/assert"
import { ascendedProgram, gradientProgram, type LossProgram } from "../../../src/domain/darts/loss_program.ts"
import type { LevelPrograms } from "../../../src/domain/darts/step_programs.ts"
import { finiteDifferenceProgram, unrolledProgram } from "../../../src/domain/darts/unrolled.ts"
import {
  alphaOptimizer,
  flatGradient,
  fusedProgram,
  GRADIENT,
  type Moving,
  ofRun,
  updateProgram,
  WEIGHTS,
  weightOptimizer
} from "../../../src/domain/darts/updates.ts"
import { identityMaps } from "../../../src/domain/neighborhood/relaxed_maps.ts"
import { withVector } from "../../../src/domain/program/layout.ts"
import { fullName } from "../../../src/domain/program/port.ts"
import type { Program } from "../../../src/domain/program/program.ts"
import { keyOf, uniformAt } from "../../../src/domain/random.ts"
import type { Given } from "../../../src/domain/setting/field.ts"
import { evaluate } from "../program/_programs.ts"
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
import { inputNames, programsOf, searched, searchOf } from "./_steps.ts"

/** Gradient and update of a level in one program, as a search has it. */
function fused(plain: LossProgram, gradient: Program, level: Moving["level"], optimizer: Moving["optimizer"]): Program {
  const layout = level === "alpha" ? plain.alphas : plain.weights
  return fusedProgram(withVector(gradient, WEIGHTS, plain.weights), { level, layout, optimizer })
}

const settingsOf = (name: string, settings: Given = {}) => searchOf(name, { batchSize: 3, ...settings })
const smooth = smoothNetwork(RAGGED)

/** Images of three classes, one feature apart. */
const data = {
  x: Array.from({ length: 24 }, (_, i) => [i % 3 === 0 ? 1 : -1, (i % 3) - 1 + 0.2 * uniformAt(keyOf("data"), i)]),
  targets: Array.from({ length: 24 }, (_, i) => [0, 1, 2].map((k) => (k === i % 3 ? 1 : 0)))
}

const step = (programs: LevelPrograms) => (programs._tag === "Fused" ? programs.step : programs.gradient)

const programs = suite("stepPrograms()")

programs("without neighbors NA-DARTS is DARTS, the very same programs", () => {
  const darts = programsOf(settingsOf("darts"), smooth)
  assert.equal(programsOf(settingsOf("na-darts", { neighbors: 0 }), smooth), darts)
  const alone = programsOf(settingsOf("na-darts", { steps: "alpha" }), smooth)
  assert.equal(alone.weights, darts.weights)
  assert.is(alone.alpha._tag, "Summed")
  assert.equal(programsOf(settingsOf("na-darts", { steps: "weights" }), smooth).alpha, darts.alpha)
})

programs("each method takes its own inputs, and no others", () => {
  const extras = (method: string, settings = {}) => {
    const made = programsOf(settingsOf(method, settings), smooth)
    const plain = new Set(["x", "targets", "learningRate", ...made.state.keys()])
    return [made.alpha, made.weights].map((level) => {
      const names = [...inputNames(step(level))].filter((name) => !plain.has(name))
      return [...new Set(names.map((name) => name.split("/")[0]))].sort().join()
    })
  }
  assert.equal(extras("darts"), ["", ""])
  assert.equal(extras("a2m"), ["", ""])
  assert.equal(extras("darts", { order: "second" }), ["train,xi", ""])
  assert.equal(extras("darts", { order: "finite-difference" }), ["train,xi", ""])
  assert.equal(extras("na-darts"), ["add,map", "add,map"])
  assert.equal(extras("na-darts", { neighbors: 1, center: false, steps: "weights" }), ["", "add,map"])
  assert.equal(extras("na-darts", { order: "second" }), ["add,map,train,xi", "add,map"])
  assert.equal(extras("sdarts-rs"), ["", "add,map"])
  assert.equal(extras("gdas"), ["gumbel,temperature", "gumbel,temperature"])
})

programs("the look-ahead takes momentum where it is asked for", () => {
  const moments = (unrolledMomentum: boolean) => {
    const { alpha } = programsOf(settingsOf("darts", { order: "second", unrolledMomentum }), smooth)
    return inputNames(step(alpha)).has("moment")
  }
  assert.not(moments(false))
  assert.ok(moments(true))
})

programs("settings reach their programs", () => {
  const made = (settings: Record<string, unknown>, method: string = "darts") =>
    programsOf(settingsOf(method, settings), smooth)
  const plain = loss(smooth, PLAIN)
  const { settings: own } = settingsOf("darts")
  const unrolling = { weightDecay: own.weightDecay, momentum: 0 }
  for (const [order, gradient] of [
    ["first", gradientProgram(plain, plain.alphas)],
    ["second", unrolledProgram(plain, unrolling)],
    ["finite-difference", finiteDifferenceProgram(plain, unrolling)]
  ] as const)
    assert.equal(step(made({ order }).alpha), fused(plain, gradient, "alpha", alphaOptimizer(own)))
  for (const order of ["first", "second"] as const)
    assert.equal(
      step(made({ order, rho: 0.2 }, "a2m").alpha),
      fused(plain, ascendedProgram(plain, 0.2, order), "alpha", alphaOptimizer(own))
    )
  for (const changed of [{ nesterov: true }, { momentum: 0.5 }, { clip: 1 }, { weightDecay: 0.1 }])
    assert.equal(
      step(made(changed).weights),
      fused(plain, gradientProgram(plain, plain.weights), "weights", weightOptimizer({ ...own, ...changed }))
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
  const settings = { neighbors: "all", center: false, radius: "1:2", exactRadius: true, epochs: 2 }
  const { alpha } = programsOf(settingsOf("na-darts", settings), two)
  assert.ok(alpha._tag === "Summed")
  assert.equal([...alpha.update.keys()], [2, 1])
})

programs("the state is weights, alpha and what the optimizers keep", () => {
  const { state, loss: plain } = programsOf(settingsOf("na-darts"), smooth)
  const expected = ["weights", "moment", ...plain.alphas.map(fullName), "first", "second", "adam/step"]
  assert.equal([...state.keys()].sort(), expected.sort())
  assert.equal(state.get("alpha/normal")!.shape, [3, 3])
  assert.equal(state.get("adam/step")!.shape, [])
})

programs.run()

const updates = suite("updateProgram(), fusedProgram()")
const { settings: own } = settingsOf("darts")

for (const [name, optimizer, level] of [
  ["Adam for alpha", alphaOptimizer(own), "alpha"],
  ["clipped SGD for the weights", weightOptimizer({ ...own, clip: 0.1 }), "weights"]
] as const) {
  const [plain, mapped] = [loss(cellNetwork, PLAIN), loss(cellNetwork, MAPPED)]
  const names = level === "alpha" ? plain.alphas : plain.weights
  const step = fused(plain, gradientProgram(plain, names), level, optimizer)
  const moving: Moving = { level, layout: names, optimizer }
  const at = new Map([...numbers(step)].map(([one, values]) => [one, values.map(Math.abs)] as const))
  at.set("learningRate", Float64Array.of(0.1))
  const apart = evaluate(
    flatGradient(withVector(gradientProgram(mapped, names), WEIGHTS, plain.weights), moving.layout),
    new Map([...at, ...mapInputs(identityMaps(cellNetwork.shape))])
  )
  const runs = (count: number) =>
    Array.from({ length: count }, (_, run) => [fullName(ofRun(run, GRADIENT)), apart.get(GRADIENT)!] as const)

  updates(`${name}: one run of the identity map is the fused step, bit for bit, and so are four that share`, () => {
    const expected = evaluate(step, at)
    assert.equal(expected.get("loss"), apart.get("loss"))
    for (const count of [1, 4]) {
      const shares = ["shares", new Array<number>(count).fill(1 / count)] as const
      const summed = evaluate(updateProgram(moving, count), new Map([...at, ...runs(count), shares]))
      for (const [one, values] of summed) assert.equal(values, expected.get(one), one)
      assert.is(summed.size, expected.size - 2)
    }
  })

  updates(`${name}: sums the runs by their shares`, () => {
    const other = apart.get(GRADIENT)!
    const zero = new Map([...runs(1)].map(([key, values]) => [key, Float64Array.from(values, () => 0)] as const))
    const second = new Map([...runs(2)].filter(([key]) => key.startsWith("run/1/")))
    const mixed = evaluate(
      updateProgram(moving, 2),
      new Map([...at, ...zero, ...second, ["shares", Float64Array.of(7, 0.25)] as const])
    )
    const quarter = new Map(
      [...runs(1)].map(([key, values]) => [key, Float64Array.from(values, (x) => x / 4)] as const)
    )
    const expected = evaluate(
      updateProgram(moving, 1),
      new Map([...at, ...quarter, ["shares", Float64Array.of(1)] as const])
    )
    assert.ok(Array.from(other).some((x) => x !== 0))
    for (const [key, values] of expected) assert.ok(relativeError(mixed.get(key)!, values) < 1e-14, key)
  })
}

updates("the weights move by momentum, decay and the clipped gradient", () => {
  const layout = [
    { role: "state", name: "a", shape: [2] },
    { role: "state", name: "b", shape: [1] }
  ] as const
  for (const nesterov of [false, true]) {
    const optimizer = weightOptimizer({ ...own, nesterov, momentum: 0.5, weightDecay: 0.1, clip: 6 })
    const given = {
      weights: [1, 2, 3],
      moment: [1, 0, -1],
      "run/0/gradient": [4, 4, 2],
      shares: [2],
      learningRate: [0.1]
    }
    const values = evaluate(updateProgram({ level: "weights", layout, optimizer }, 1), new Map(Object.entries(given)))
    // The gradient (8, 8, 4) of norm 12 is halved to (4, 4, 2).
    const decayed = [4.1, 4.2, 2.3]
    const moments = [4.6, 4.2, 1.8]
    const moved = decayed.map((x, i) => [1, 2, 3][i]! - 0.1 * (nesterov ? x + 0.5 * moments[i]! : moments[i]!))
    assert.ok(relativeError(values.get("weights")!, moved) < 1e-6)
    assert.ok(relativeError(values.get("moment")!, moments) < 1e-6)
  }
})

updates("alpha moves by Adam with decay, over two steps", () => {
  const [a, b] = [0.5, 0.999]
  const program = updateProgram(
    {
      level: "alpha",
      layout: [{ role: "state", name: "a", shape: [1] }],
      optimizer: alphaOptimizer({ ...own, alphaWeightDecay: 0.5 })
    },
    1
  )
  let state: ReadonlyMap<string, ArrayLike<number>> = new Map(
    ["first", "second", "adam/step"].map((name) => [name, [0]] as const)
  )
  let [x, first, second] = [2, 0, 0]
  state = new Map([...state, ["a", [x]]])
  for (const [step, given] of [
    [1, 3],
    [2, -4]
  ] as const) {
    const extra = { "run/0/gradient": [given], shares: [1], learningRate: [0.1] }
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
  const gradients = gradientProgram(plain, plain.alphas)
  const program = fusedProgram(gradients, {
    level: "alpha",
    layout: plain.alphas,
    optimizer: alphaOptimizer({ ...own, alphaWeightDecay: 0 })
  })
  const at = new Map(
    [...numbers(program)].map(([name, values]) => [
      name,
      /^(first|second|adam)/.test(name) ? values.map(() => 0) : values
    ])
  )
  at.set("learningRate", Float64Array.of(0.01))
  const gradient = evaluate(gradients, at).get("gradient/alpha/normal")!
  const moved = evaluate(program, at).get("alpha/normal")!
  for (const [i, before] of at.get("alpha/normal")!.entries())
    assert.ok(Math.abs(moved[i]! - before + 0.01 * Math.sign(gradient[i]!)) < 1e-5)
})

updates.run()

const steps = suite("a search, step by step")

for (const [method, extra] of [
  ["darts", {}],
  ["darts", { order: "second" }],
  ["darts", { order: "finite-difference", unrolledMomentum: true }],
  ["na-darts", {}],
  ["na-darts", { representation: "hard", radius: "1:3", neighbors: 9, fresh: "epoch" }],
  ["na-darts", { aggregate: "cvar:0.5", order: "second", center: false, steps: "alpha" }],
  ["na-darts", { representation: "shift", neighbors: 1, center: false }],
  ["sdarts-rs", {}],
  ["gdas", {}],
  ["a2m", {}],
  ["a2m", { order: "second", rho: 0.1 }]
] as const) {
  steps(`${method} ${JSON.stringify(extra)}: learns, and ends with the same bits again`, () => {
    const settings = settingsOf(method, {
      epochs: 6,
      ...extra,
      first: "weights",
      learningRate: 0.1,
      alphaLearningRate: 0.05
    })
    const { state, losses } = searched(settings, smooth, data)
    const trained = (rows: typeof losses) =>
      rows.flatMap(({ weights: mine }) => mine!).reduce((sum, x) => sum + x, 0) /
      rows.flatMap((row) => row["weights"]!).length
    assert.ok(trained(losses.slice(-4)) < 0.9 * trained(losses.slice(0, 4)), `${trained(losses.slice(-4))}`)
    assert.ok([...state.values()].every((values) => Array.from(values).every(Number.isFinite)))
    assert.equal(searched(settings, smooth, data).state, state)
  })
}

steps("with a learning rate of 0 for the weights, second order is first order", () => {
  const still = { epochs: 2, learningRate: 0, lastLearningRate: 0, alphaLearningRate: 0.1 }
  const first = searched(settingsOf("darts", still), smooth, data).state
  for (const order of ["second", "finite-difference"]) {
    const second = searched(settingsOf("darts", { ...still, order }), smooth, data).state
    for (const name of ["alpha/normal", "alpha/reduction"])
      assert.ok(relativeError(second.get(name)!, first.get(name)!) < 1e-9)
  }
})

steps("neighbors change where alpha goes", () => {
  const end = (method: string, extra = {}) =>
    searched(settingsOf(method, { epochs: 2, alphaLearningRate: 0.1, ...extra }), smooth, data).state
  const darts = end("darts")
  assert.equal(end("na-darts", { neighbors: 0 }), darts)
  for (const other of [
    end("na-darts"),
    end("na-darts", { steps: "weights" }),
    end("a2m"),
    end("gdas"),
    end("sdarts-rs")
  ])
    assert.ok(relativeError(other.get("alpha/normal")!, darts.get("alpha/normal")!) > 1e-6)
})

steps.run()
