import * as Either from "effect/Either"
import { suite } from "uvu"
import * as assert from "uvu/assert"
import { checkGradientSearch } from "../../../src/domain/darts/check_settings.ts"
import { initialAlpha } from "../../../src/domain/darts/noise.ts"
import { readsAlpha, runInputs } from "../../../src/domain/darts/run_inputs.ts"
import { type GradientSearch, gradientSearch } from "../../../src/domain/darts/settings.ts"
import { planEpoch, planStep, runsOf } from "../../../src/domain/darts/step_plan.ts"
import { applyMaps, relaxedMaps } from "../../../src/domain/neighborhood/relaxed_maps.ts"
import { probabilities, relaxedShape } from "../../../src/domain/neighborhood/relaxed_shape.ts"
import { builtinSpace } from "../../../src/domain/space/spaces.ts"

const SHAPE = relaxedShape(builtinSpace("darts"))
const EXAMPLES = 1000

const settingsOf = (method: GradientSearch["_tag"], settings: Record<string, unknown> = {}) =>
  Either.getOrThrow(gradientSearch(method, "darts", { batchSize: 100, ...settings }))

const stepOf = (settings: GradientSearch, epoch: number, step: number, seed = "0") =>
  planStep(settings, SHAPE, planEpoch(settings, SHAPE, EXAMPLES, seed, epoch), step)

const levels = suite("planEpoch()")

levels("every image belongs to one level, the same in every epoch, in a new order", () => {
  const settings = settingsOf("Darts", { weightShare: 0.6 })
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
  const settings = settingsOf("Darts")
  const rates = [0, 25, 49].map((epoch) => planEpoch(settings, SHAPE, EXAMPLES, "0", epoch).learningRate)
  assert.is(rates[0]!.weights, 0.025)
  assert.ok(Math.abs(rates[1]!.weights - 0.013) < 1e-12)
  assert.ok(Math.abs(rates[2]!.weights - (0.001 + 0.012 * (1 + Math.cos((Math.PI * 49) / 50)))) < 1e-12)
  assert.ok(rates.every(({ alpha }) => alpha === 3e-4))
})

levels("epsilon, temperature and radius go in a straight line from the first epoch to the last", () => {
  const at = (settings: GradientSearch, epoch: number) => planEpoch(settings, SHAPE, EXAMPLES, "0", epoch)
  assert.equal(
    [0, 49].map((epoch) => at(settingsOf("SdartsRs"), epoch).epsilon),
    [0.03, 0.3]
  )
  assert.equal(
    [0, 49].map((epoch) => at(settingsOf("Gdas"), epoch).temperature),
    [10, 0.1]
  )
  assert.is(at(settingsOf("Darts"), 3).epsilon, undefined)
  const ramp = settingsOf("NaDarts", { radius: { from: 1, to: 5 }, exactRadius: true, epochs: 5 })
  assert.equal(
    [0, 1, 2, 3, 4].map((epoch) => stepOf(ramp, epoch, 0).updates[0].runs[1]!.length),
    [1, 2, 3, 4, 5]
  )
})

levels.run()

const steps = suite("planStep()")

steps("takes the batches of an epoch one after the other, alpha's from the start where they are fewer", () => {
  const settings = settingsOf("Darts", { weightShare: 0.8 })
  const epoch = planEpoch(settings, SHAPE, EXAMPLES, "0", 2)
  for (const step of [0, 1, 5, 7]) {
    const { batch, xi } = planStep(settings, SHAPE, epoch, step)
    assert.equal(batch.weights, epoch.images.weights.slice(100 * step, 100 * step + 100))
    assert.equal(batch.alpha, epoch.images.alpha.slice(100 * (step % 2), 100 * (step % 2) + 100))
    assert.is(xi, epoch.learningRate.weights)
  }
})

steps("alpha comes first, or the weights", () => {
  const order = (first: string) => stepOf(settingsOf("Darts", { first }), 0, 0).updates.map(({ level }) => level)
  assert.equal(order("alpha"), ["alpha", "weights"])
  assert.equal(order("weights"), ["weights", "alpha"])
})

const runs = (settings: GradientSearch, epoch = 0, step = 0) =>
  Object.fromEntries(stepOf(settings, epoch, step).updates.map((update) => [update.level, update.runs])) as Record<
    "alpha" | "weights",
    ReadonlyArray<ReadonlyArray<unknown>>
  >

steps("DARTS and its relatives, and NA-DARTS without neighbors, run the center alone", () => {
  for (const method of ["Darts", "SdartsRs", "Gdas", "A2m"] as const)
    assert.equal(runs(settingsOf(method)), { alpha: [[]], weights: [[]] })
  assert.equal(runs(settingsOf("NaDarts", { neighbors: 0, center: false })), { alpha: [[]], weights: [[]] })
})

steps("neighbors come after the center, in the asked-for updates", () => {
  const both = runs(settingsOf("NaDarts", { neighbors: 4 }))
  assert.equal([both.alpha.length, both.weights.length], [5, 5])
  assert.equal([both.alpha[0], both.weights[0]], [[], []])
  assert.not.equal(both.alpha, both.weights)
  assert.ok(both.alpha.slice(1).every((neighbor) => neighbor.length === 1))
  const alone = runs(
    settingsOf("NaDarts", { neighbors: 4, steps: "alpha", center: false, radius: 3, exactRadius: true })
  )
  assert.equal([alone.alpha.length, alone.weights.length], [4, 1])
  assert.ok(alone.alpha.every((neighbor) => neighbor.length === 3))
  const within = runs(settingsOf("NaDarts", { neighbors: 900, radius: 2 })).alpha.map((neighbor) => neighbor.length)
  assert.equal([...new Set(within)].sort(), [0, 1, 2])
  const weights = runs(settingsOf("NaDarts", { neighbors: 4, steps: "weights" }))
  assert.equal([weights.alpha.length, weights.weights.length], [1, 5])
  assert.is(runs(settingsOf("NaDarts", { neighbors: "all" })).alpha.length, 197)
  assert.is(runs(settingsOf("NaDarts", { neighbors: 500, neighborNone: false })).alpha.length, 169)
})

steps("without none no change goes further than the other operations", () => {
  const shifts = (none: boolean) =>
    [...Array(20).keys()].flatMap((step) =>
      stepOf(settingsOf("NaDarts", { neighborNone: none, neighbors: 9 }), 0, step % 5, `${step}`).updates.flatMap(
        ({ runs: own }) => own.flatMap((neighbor) => neighbor.map(({ shift }) => shift))
      )
    )
  assert.equal([Math.max(...shifts(true)), Math.max(...shifts(false))], [7, 6])
})

steps("neighbors are fresh per batch or per epoch", () => {
  const batch = settingsOf("NaDarts")
  assert.not.equal(runs(batch, 0, 0), runs(batch, 0, 1))
  assert.equal(runs(batch, 0, 1), runs(batch, 0, 1))
  const epoch = settingsOf("NaDarts", { fresh: "epoch" })
  assert.equal(runs(epoch, 0, 0), runs(epoch, 0, 1))
  assert.not.equal(runs(epoch, 0, 0), runs(epoch, 1, 0))
})

steps("no update has a number of runs that runsOf() does not name", () => {
  for (const extra of [
    {},
    { steps: "weights" },
    { center: false },
    { neighborNone: false, neighbors: 180 },
    { radius: { from: 1, to: 28 }, neighbors: 300 }
  ]) {
    const settings = settingsOf("NaDarts", { epochs: 6, ...extra })
    for (const level of ["alpha", "weights"] as const) {
      const seen = new Set([0, 1, 2, 3, 4, 5].map((epoch) => runs(settings, epoch)[level].length))
      assert.equal(runsOf(settings, SHAPE, level), seen)
    }
  }
})

steps.run()

const inputs = suite("runInputs()")
const alpha = initialAlpha(SHAPE, "alpha", 1)

const inputsOf = (settings: GradientSearch, level: "alpha" | "weights", run: number, number = 0) => {
  const step = stepOf(settings, 0, number)
  return runInputs(settings, SHAPE, step, step.updates.find((update) => update.level === level)!, run, alpha)
}

inputs("are the maps of the planned neighbor at the present alpha", () => {
  const settings = settingsOf("NaDarts", { representation: { _tag: "Swap" }, neighbors: 4 })
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
  const search = settingsOf("SdartsRs")
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
    settingsOf("Darts"),
    settingsOf("SdartsRs"),
    settingsOf("Gdas"),
    ...["Shift", "Swap", "Hard"].map((_tag) => settingsOf("NaDarts", { representation: { _tag } })),
    settingsOf("NaDarts", { representation: { _tag: "Mix", rho: 0.1 }, steps: "alpha" })
  ]) {
    const step = stepOf(search, 0, 0)
    for (const update of step.updates) {
      const run = update.runs.length - 1
      const [one, two] = [alpha, other].map((values) => runInputs(search, SHAPE, step, update, run, values))
      const same = [...one!].every(([name, { data }]) => data.every((x, i) => x === two!.get(name)!.data[i]))
      assert.is(readsAlpha(search, update.level), !same, `${search._tag} ${update.level}`)
    }
  }
})

inputs("of GDAS are fresh noise for each update, and the temperature", () => {
  const settings = settingsOf("Gdas")
  const noise = (level: "alpha" | "weights", number: number) =>
    inputsOf(settings, level, 0, number).get("gumbel/normal")
  assert.not.equal(noise("alpha", 0), noise("weights", 0))
  assert.not.equal(noise("alpha", 0), noise("alpha", 1))
  assert.equal(noise("alpha", 0), noise("alpha", 0))
  assert.equal(inputsOf(settings, "alpha", 0).get("temperature"), { shape: [], data: Float64Array.of(10) })
  assert.not.ok(inputsOf(settingsOf("Darts"), "alpha", 0).has("temperature"))
})

inputs.run()

const settings = suite("gradientSearch(), checkGradientSearch()")

settings("the defaults are those of DARTS, and nas-bench-201 changes what differs", () => {
  const darts = Either.getOrThrow(gradientSearch("NaDarts", "darts"))
  assert.equal(darts, {
    _tag: "NaDarts",
    version: 1,
    representation: { _tag: "Mix", rho: 0.5 },
    neighbors: 2,
    radius: 1,
    exactRadius: false,
    aggregate: { _tag: "Mean" },
    center: true,
    steps: "both",
    fresh: "batch",
    neighborNone: true,
    order: "first",
    unrolledMomentum: false,
    epochs: 50,
    batchSize: 64,
    weightShare: 0.5,
    first: "alpha",
    weights: {
      learningRate: 0.025,
      lastLearningRate: 0.001,
      momentum: 0.9,
      nesterov: false,
      weightDecay: 3e-4,
      clip: 5
    },
    alpha: { learningRate: 3e-4, beta1: 0.5, beta2: 0.999, epsilon: 1e-8, weightDecay: 1e-3 },
    initialAlpha: 1e-3,
    readNone: true
  })
  const cell = Either.getOrThrow(gradientSearch("Darts", "nas-bench-201", { weights: { learningRate: 0.1 } }))
  assert.is(cell.first, "weights")
  assert.equal(
    [cell.weights.learningRate, cell.weights.nesterov, cell.weights.weightDecay, cell.weights.momentum],
    [0.1, true, 5e-4, 0.9]
  )
})

settings("nas-bench-201-small is nas-bench-201 with a faster alpha and fewer epochs", () => {
  const large = Either.getOrThrow(
    gradientSearch("Gdas", "nas-bench-201", { alpha: { learningRate: 3e-3 }, epochs: 25 })
  )
  assert.equal(Either.getOrThrow(gradientSearch("Gdas", "nas-bench-201-small")), large)
})

settings("a setting that the method does not have is an error", () => {
  assert.ok(Either.isLeft(gradientSearch("Darts", "darts", { neighbors: 3 })))
  assert.ok(Either.isLeft(gradientSearch("NaDarts", "darts", { neighbors: -1 })))
  assert.ok(Either.isLeft(gradientSearch("Gdas", "darts", { order: "second" })))
})

settings("what cannot be run is told, with the cure", () => {
  const problem = (search: GradientSearch, examples = EXAMPLES, shape = SHAPE) => {
    const checked = checkGradientSearch(search, shape, examples)
    return Either.isLeft(checked) ? checked.left.message : ""
  }
  assert.is(problem(settingsOf("NaDarts")), "")
  assert.is(problem(settingsOf("Darts", { batchSize: 500 })), "")
  assert.match(problem(settingsOf("Darts"), 150), "and 75 of 150 train the weights, 75 alpha; give 75 or less")
  assert.match(problem(settingsOf("Darts", { weightShare: 0.95 })), "give 50 or less, or more `images`")
  assert.is(problem(settingsOf("Darts", { readEpoch: 50 })), "")
  assert.match(problem(settingsOf("Darts", { readEpoch: 51 })), "expected one of the 50 epochs, actual 51")
  assert.match(problem(settingsOf("NaDarts", { neighbors: "all", radius: 2 })), "sum 18719 architectures")
  assert.match(problem(settingsOf("NaDarts"), EXAMPLES, [{ name: "c", edges: [["a"]], width: 1 }]), "second operation")
})

settings.run()
