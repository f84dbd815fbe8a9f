import * as Either from "effect/Either"
import { suite } from "uvu"
import * as assert from "uvu/assert"
import { checkDartsSearch } from "../../../src/domain/darts/check_settings.ts"
import { type DartsSearch, dartsSearch, type Method } from "../../../src/domain/darts/method.ts"
import { darts } from "../../../src/domain/darts/methods/darts.ts"
import { gdas } from "../../../src/domain/darts/methods/gdas.ts"
import { naDarts } from "../../../src/domain/darts/methods/na_darts.ts"
import { initialAlpha } from "../../../src/domain/darts/noise.ts"
import { readsAlpha, runInputs } from "../../../src/domain/darts/run_inputs.ts"
import { planEpoch, planStep, runsOf } from "../../../src/domain/darts/step_plan.ts"
import { relaxedMaps } from "../../../src/domain/neighborhood/relaxed_maps.ts"
import { probabilities, relaxedShape, rowsOf } from "../../../src/domain/neighborhood/relaxed_shape.ts"
import type { Given } from "../../../src/domain/setting/field.ts"
import { builtinSpace } from "../../../src/domain/space/spaces.ts"
import { applyMaps } from "../../_relaxed.ts"
import { searchOf } from "./_steps.ts"

const SHAPE = relaxedShape(builtinSpace("darts"))
const EXAMPLES = 1000

const settingsOf = (name: string, settings: Given = {}) => searchOf(name, { batchSize: 100, ...settings })

const alpha = initialAlpha(SHAPE, "alpha", 1)

const stepOf = (settings: DartsSearch, epoch: number, step: number, seed = "0") =>
  planStep(settings, SHAPE, planEpoch(settings, SHAPE, EXAMPLES, seed, epoch), step)

const levels = suite("planEpoch()")

levels("every image belongs to one level, the same in every epoch, in a new order", () => {
  const settings = settingsOf("darts", { weightShare: 0.6 })
  const [first, second] = [0, 1].map((epoch) => planEpoch(settings, SHAPE, EXAMPLES, "0", epoch))
  const sorted = (data: Int32Array) => [...data].sort((a, b) => a - b)
  assert.equal(
    sorted(Int32Array.from([...first!.images.weights, ...first!.images.alpha])),
    Array.from({ length: EXAMPLES }, (_, i) => i)
  )
  assert.is(first!.images.weights.length, 600)
  assert.is(first!.steps, 6)
  for (const level of ["weights", "alpha"] as const) {
    assert.equal(sorted(first!.images[level]), sorted(second!.images[level]))
    assert.not.equal(first!.images[level], second!.images[level])
  }
  assert.not.equal(planEpoch(settings, SHAPE, EXAMPLES, "1", 0).images, first!.images)
  assert.equal(planEpoch(settings, SHAPE, EXAMPLES, "0", 0), first)
})

levels("the learning rate falls along a cosine, that of alpha stays", () => {
  const settings = settingsOf("darts")
  const rates = [0, 25, 49].map((epoch) => planEpoch(settings, SHAPE, EXAMPLES, "0", epoch).learningRate)
  assert.is(rates[0]!.weights, 0.025)
  assert.ok(Math.abs(rates[1]!.weights - 0.013) < 1e-12)
  assert.ok(Math.abs(rates[2]!.weights - (0.001 + 0.012 * (1 + Math.cos((Math.PI * 49) / 50)))) < 1e-12)
  assert.ok(rates.every(({ alpha }) => alpha === 3e-4))
})

levels("epsilon, temperature and radius go in a straight line from the first epoch to the last", () => {
  const temperature = (epoch: number) => {
    const search = settingsOf("gdas")
    const step = stepOf(search, epoch, 0)
    return runInputs(search, SHAPE, step, step.updates[0], 0, alpha).get("temperature")!.data[0]
  }
  assert.equal([0, 49].map(temperature), [10, 0.1])
  const furthest = (epoch: number) => {
    const search = settingsOf("sdarts-rs")
    const maps = search.method.relaxation(search.settings, "weights").mapped!.maps
    const center = rowsOf(SHAPE).map((row) => row.map(() => 1 / row.length))
    const moved = [...maps({ shape: SHAPE, epoch, neighbor: [], seed: "0", center }).values()]
    return Math.max(...moved.flatMap(({ add }) => [...add].map(Math.abs)))
  }
  assert.ok(furthest(0) < 0.04 && furthest(49) > 0.1)
  const ramp = settingsOf("na-darts", { radius: "1:5", exactRadius: true, epochs: 5 })
  assert.equal(
    [0, 1, 2, 3, 4].map((epoch) => stepOf(ramp, epoch, 0).updates[0].runs[1]!.length),
    [1, 2, 3, 4, 5]
  )
})

levels.run()

const steps = suite("planStep()")

steps("takes the batches of an epoch one after the other, alpha's from the start where they are fewer", () => {
  const settings = settingsOf("darts", { weightShare: 0.8 })
  const epoch = planEpoch(settings, SHAPE, EXAMPLES, "0", 2)
  for (const step of [0, 1, 5, 7]) {
    const { batch, xi } = planStep(settings, SHAPE, epoch, step)
    assert.equal(batch.weights, epoch.images.weights.slice(100 * step, 100 * step + 100))
    assert.equal(batch.alpha, epoch.images.alpha.slice(100 * (step % 2), 100 * (step % 2) + 100))
    assert.is(xi, epoch.learningRate.weights)
  }
})

steps("alpha comes first, or the weights", () => {
  const order = (first: string) => stepOf(settingsOf("darts", { first }), 0, 0).updates.map(({ level }) => level)
  assert.equal(order("alpha"), ["alpha", "weights"])
  assert.equal(order("weights"), ["weights", "alpha"])
})

const runs = (settings: DartsSearch, epoch = 0, step = 0) =>
  Object.fromEntries(stepOf(settings, epoch, step).updates.map((update) => [update.level, update.runs])) as Record<
    "alpha" | "weights",
    ReadonlyArray<ReadonlyArray<unknown>>
  >

steps("DARTS and its relatives, and NA-DARTS without neighbors, run the center alone", () => {
  for (const method of ["darts", "sdarts-rs", "gdas", "a2m"] as const)
    assert.equal(runs(settingsOf(method)), { alpha: [[]], weights: [[]] })
  assert.equal(runs(settingsOf("na-darts", { neighbors: 0, center: false })), { alpha: [[]], weights: [[]] })
})

steps("neighbors come after the center, in the asked-for updates", () => {
  const both = runs(settingsOf("na-darts", { neighbors: 4 }))
  assert.equal([both.alpha.length, both.weights.length], [5, 5])
  assert.equal([both.alpha[0], both.weights[0]], [[], []])
  assert.not.equal(both.alpha, both.weights)
  assert.ok(both.alpha.slice(1).every((neighbor) => neighbor.length === 1))
  const alone = runs(
    settingsOf("na-darts", { neighbors: 4, steps: "alpha", center: false, radius: 3, exactRadius: true })
  )
  assert.equal([alone.alpha.length, alone.weights.length], [4, 1])
  assert.ok(alone.alpha.every((neighbor) => neighbor.length === 3))
  const within = runs(settingsOf("na-darts", { neighbors: 900, radius: 2 })).alpha.map((neighbor) => neighbor.length)
  assert.equal([...new Set(within)].sort(), [0, 1, 2])
  const weights = runs(settingsOf("na-darts", { neighbors: 4, steps: "weights" }))
  assert.equal([weights.alpha.length, weights.weights.length], [1, 5])
  assert.is(runs(settingsOf("na-darts", { neighbors: "all" })).alpha.length, 197)
  assert.is(runs(settingsOf("na-darts", { neighbors: 500, neighborNone: false })).alpha.length, 169)
})

steps("without none no change goes further than the other operations", () => {
  const shifts = (none: boolean) =>
    [...Array(20).keys()].flatMap((step) =>
      stepOf(settingsOf("na-darts", { neighborNone: none, neighbors: 9 }), 0, step % 5, `${step}`).updates.flatMap(
        ({ runs: own }) => own.flatMap((neighbor) => neighbor.map(({ shift }) => shift))
      )
    )
  assert.equal([Math.max(...shifts(true)), Math.max(...shifts(false))], [7, 6])
})

steps("neighbors are fresh per batch or per epoch", () => {
  const batch = settingsOf("na-darts")
  assert.not.equal(runs(batch, 0, 0), runs(batch, 0, 1))
  assert.equal(runs(batch, 0, 1), runs(batch, 0, 1))
  const epoch = settingsOf("na-darts", { fresh: "epoch" })
  assert.equal(runs(epoch, 0, 0), runs(epoch, 0, 1))
  assert.not.equal(runs(epoch, 0, 0), runs(epoch, 1, 0))
})

steps("no update has a number of runs that runsOf() does not name", () => {
  for (const extra of [
    {},
    { steps: "weights" },
    { center: false },
    { neighborNone: false, neighbors: 180 },
    { radius: "1:28", neighbors: 300 }
  ]) {
    const settings = settingsOf("na-darts", { epochs: 6, ...extra })
    for (const level of ["alpha", "weights"] as const) {
      const seen = new Set([0, 1, 2, 3, 4, 5].map((epoch) => runs(settings, epoch)[level].length))
      assert.equal(runsOf(settings, SHAPE, level), seen)
    }
  }
})

steps.run()

const inputs = suite("runInputs()")

const inputsOf = (settings: DartsSearch, level: "alpha" | "weights", run: number, number = 0) => {
  const step = stepOf(settings, 0, number)
  return runInputs(settings, SHAPE, step, step.updates.find((update) => update.level === level)!, run, alpha)
}

inputs("are the maps of the planned neighbor at the present alpha", () => {
  const settings = settingsOf("na-darts", { representation: "swap", neighbors: 4 })
  const step = stepOf(settings, 0, 0)
  for (const run of [0, 1, 4]) {
    const made = inputsOf(settings, "alpha", run)
    const swap = { representation: { _tag: "Swap" }, neighborNone: true } as const
    const expected = relaxedMaps(SHAPE, swap, step.updates[0].runs[run]!, probabilities(SHAPE, alpha))
    for (const [name, { map, add }] of expected) {
      assert.equal(made.get(`map/${name}`), { shape: [14, 8, 8], data: map })
      assert.equal(made.get(`add/${name}`), { shape: [14, 8], data: add })
    }
    assert.equal(made.get("xi"), { shape: [], data: Float64Array.of(0.025) })
  }
})

inputs("of SDARTS-RS move the weights' update alone, anew in every step", () => {
  const search = settingsOf("sdarts-rs")
  const maps = (number: number) => {
    const made = inputsOf(search, "weights", 0, number)
    return new Map(
      SHAPE.map(
        ({ name }) => [name, { map: made.get(`map/${name}`)!.data, add: made.get(`add/${name}`)!.data }] as const
      )
    )
  }
  assert.equal([...inputsOf(search, "alpha", 0).keys()], ["xi"])
  assert.not.equal(maps(0), maps(1))
  const rows = probabilities(SHAPE, alpha)
  const moved = applyMaps(SHAPE, maps(0), rows)
  const furthest = Math.max(...moved.flatMap((row, e) => row.map((share, k) => Math.abs(share - rows[e]![k]!))))
  assert.ok(furthest > 0.01 && furthest < 0.2)
})

inputs("depend on alpha exactly where readsAlpha() says so", () => {
  const other = initialAlpha(SHAPE, "other", 1)
  for (const search of [
    settingsOf("darts"),
    settingsOf("sdarts-rs"),
    settingsOf("gdas"),
    ...["shift", "swap", "hard"].map((representation) => settingsOf("na-darts", { representation })),
    settingsOf("na-darts", { representation: "mix:0.1", steps: "alpha" })
  ]) {
    const step = stepOf(search, 0, 0)
    for (const update of step.updates) {
      const run = update.runs.length - 1
      const [one, two] = [alpha, other].map((values) => runInputs(search, SHAPE, step, update, run, values))
      const same = [...one!].every(([name, { data }]) => data.every((x, i) => x === two!.get(name)!.data[i]))
      assert.is(readsAlpha(search, update.level), !same, `${search.method.name} ${update.level}`)
    }
  }
})

inputs("of GDAS are fresh noise for each update, and the temperature", () => {
  const settings = settingsOf("gdas")
  const noise = (level: "alpha" | "weights", number: number) =>
    inputsOf(settings, level, 0, number).get("gumbel/normal")
  assert.not.equal(noise("alpha", 0), noise("weights", 0))
  assert.not.equal(noise("alpha", 0), noise("alpha", 1))
  assert.equal(noise("alpha", 0), noise("alpha", 0))
  assert.equal(inputsOf(settings, "alpha", 0).get("temperature"), { shape: [], data: Float64Array.of(10) })
  assert.not.ok(inputsOf(settingsOf("darts"), "alpha", 0).has("temperature"))
})

inputs.run()

const settings = suite("dartsSearch(), checkDartsSearch()")

settings("the defaults are those of DARTS, and nas-bench-201 changes what differs", () => {
  assert.equal(searchOf("na-darts").settings, {
    ...{ representation: { _tag: "Mix", rho: 0.5 }, neighbors: 2, radius: 1, exactRadius: false },
    ...{ aggregate: { _tag: "Mean" }, center: true, steps: "both", fresh: "batch", neighborNone: true },
    ...{ order: "first", unrolledMomentum: false, epochs: 50, batchSize: 64, weightShare: 0.5, first: "alpha" },
    ...{ learningRate: 0.025, lastLearningRate: 0.001, momentum: 0.9, nesterov: false, weightDecay: 3e-4, clip: 5 },
    ...{ alphaLearningRate: 3e-4, alphaBeta1: 0.5, alphaBeta2: 0.999, alphaEpsilon: 1e-8, alphaWeightDecay: 1e-3 },
    ...{ initialAlpha: 1e-3, readNone: true, readEpoch: undefined },
    ...{ stopRule: undefined, stopWindow: 5, stopRatio: 0.75, stopFloor: 0.1 },
    ...{ eigenvalue: false, eigenvalueEvery: 1, eigenvalueBatches: 4 }
  })
  const { settings: cell } = searchOf("darts", { learningRate: 0.1 }, "nas-bench-201")
  assert.equal(
    [cell.first, cell.learningRate, cell.nesterov, cell.weightDecay, cell.momentum],
    ["weights", 0.1, true, 5e-4, 0.9]
  )
})

settings("nas-bench-201-small is nas-bench-201 with a faster alpha and fewer epochs", () => {
  const large = searchOf("gdas", { alphaLearningRate: 3e-3, epochs: 25 }, "nas-bench-201")
  assert.equal(searchOf("gdas", {}, "nas-bench-201-small"), large)
})

settings("a setting that the method does not have is an error that names both", () => {
  const problem = (method: Method, given: Given) => {
    const made = dartsSearch(method, given)
    return Either.isLeft(made) ? made.left.message : ""
  }
  assert.match(problem(darts, { neighbors: 3 }), "`neighbors`: is no setting of darts")
  assert.match(problem(naDarts, { neighbors: -1 }), "`neighbors`: expected a whole number from 0 on, or all, not -1")
  assert.match(problem(gdas, { order: "second" }), "`order`: is no setting of gdas")
  assert.match(problem(gdas, { temperature: "10:0" }), "`temperature`: expected two numbers above 0")
})

settings("what cannot be run is told, with the cure", () => {
  const problem = (search: DartsSearch, examples = EXAMPLES, shape = SHAPE) => {
    const checked = checkDartsSearch(search, shape, examples)
    return Either.isLeft(checked) ? checked.left.message : ""
  }
  assert.is(problem(settingsOf("na-darts")), "")
  assert.is(problem(settingsOf("darts", { batchSize: 500 })), "")
  assert.match(problem(settingsOf("darts"), 150), "and 75 of 150 train the weights, 75 alpha; give 75 or less")
  assert.match(problem(settingsOf("darts", { weightShare: 0.95 })), "give 50 or less, or more `images`")
  assert.is(problem(settingsOf("darts", { readEpoch: 50 })), "")
  assert.match(problem(settingsOf("darts", { readEpoch: 51 })), "expected one of the 50 epochs, actual 51")
  assert.match(problem(settingsOf("darts", { readEpoch: 5, stopRule: true })), "leave `stopRule` out")
  assert.match(problem(settingsOf("darts", { eigenvalueEvery: 5 })), "`eigenvalueEvery` needs `eigenvalue`")
  assert.match(problem(settingsOf("darts", { nesterov: true, momentum: 0 })), "needs a `momentum` above 0")
  assert.match(problem(settingsOf("na-darts", { neighbors: "all", radius: 2 })), "sum 18719 architectures")
  assert.match(problem(settingsOf("na-darts"), EXAMPLES, [{ name: "c", edges: [["a"]], width: 1 }]), "second operation")
})

settings.run()
