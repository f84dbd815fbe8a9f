import * as FastCheck from "@effect/schema/FastCheck"
import { suite } from "uvu"
import * as assert from "uvu/assert"
import { alternate, isNoisy, type Runs, ratioOf, ratioText, spread, type Timed } from "../../bench/_rounds.ts"

const runsOf = (...ms: ReadonlyArray<number>): Runs<Timed> => ({
  first: { ms: Number.NaN, cpuMs: Number.NaN },
  rounds: ms.map((each) => ({ ms: each, cpuMs: 2 * each }))
})

const statistics = suite("spread()")

statistics("median and quartiles are those of small lists worked out by hand", () => {
  assert.equal(spread([7]), { lower: 7, median: 7, upper: 7 })
  assert.equal(spread([4, 2]), { lower: 2.5, median: 3, upper: 3.5 })
  assert.equal(spread([4, 1, 3, 2]), { lower: 1.75, median: 2.5, upper: 3.25 })
  assert.equal(spread([9, 1, 5, 3, 7]), { lower: 3, median: 5, upper: 7 })
})

statistics("a quarter of the values lies at or below a quartile, whatever their order", () => {
  FastCheck.assert(
    FastCheck.property(FastCheck.array(FastCheck.integer({ min: 0, max: 50 }), { minLength: 1 }), (values) => {
      const { lower, median, upper } = spread(values)
      assert.ok(lower <= median && median <= upper)
      for (const [share, quantile] of [
        [0.25, lower],
        [0.5, median],
        [0.75, upper]
      ] as const) {
        const [below, reached] = [values.filter((x) => x < quantile).length, values.filter((x) => x <= quantile).length]
        assert.ok(below <= share * (values.length - 1) + 1 && reached >= share * (values.length - 1))
      }
      assert.equal(spread([...values].reverse()), { lower, median, upper })
    }),
    { seed: 1 }
  )
})

statistics("quartiles more than a quarter of the median apart are noisy, and a text says so", () => {
  assert.not(isNoisy({ lower: 3.5, median: 4, upper: 4.5 }))
  assert.ok(isNoisy({ lower: 3.5, median: 4, upper: 4.51 }))
  assert.is(ratioText({ lower: 3.9, median: 4, upper: 4.1 }), "4.00 (quartiles 3.90 to 4.10)")
  assert.is(ratioText({ lower: 1.5, median: 2, upper: 3.2 }), "2.00 (noisy: quartiles 1.50 to 3.20)")
})

statistics("a ratio is that of the rounds: a machine that gets slower for both sides does not move it", () => {
  const drifting = [ratioOf(runsOf(2, 20, 6), runsOf(1, 10, 3)), ratioOf(runsOf(2, 20, 6), runsOf(1, 10, 3), "cpuMs")]
  for (const ratio of drifting) assert.equal(ratio, { lower: 2, median: 2, upper: 2 })
  assert.is(ratioOf(runsOf(6, 12), runsOf(1, 2), "ms", 3).median, 2)
  assert.equal(ratioOf(runsOf(1, 4), runsOf(1, 2)), { lower: 1.25, median: 1.5, upper: 1.75 })
})

const rounds = suite("alternate()")

/** Sides that note when they run; those that are named fail in their given run. */
function noting(names: ReadonlyArray<string>, failing: Readonly<Record<string, number>> = {}) {
  const log: Array<string> = []
  const side = (name: string) => async () => {
    log.push(name)
    const count = log.filter((one) => one === name).length
    if (failing[name] === count) throw new Error(`${name} is missing`)
    return count
  }
  return { log, sides: Object.fromEntries(names.map((name) => [name, side(name)])) }
}
const nothing = () => assert.unreachable()

rounds("sides take turns, in reverse order every other round, behind one run each that no round counts", async () => {
  const { log, sides } = noting(["a", "b", "c"])
  const runs = await alternate(sides, 3, nothing)
  assert.is(log.join(""), "abc" + "abc" + "cba" + "abc")
  for (const own of Object.values(runs)) assert.equal([own!.first, ...own!.rounds], [1, 2, 3, 4])
})

rounds("a side that cannot run is told once and left out; the others go on", async () => {
  const { log, sides } = noting(["a", "b"], { b: 1 })
  const told: Array<string> = []
  const runs = await alternate(sides, 2, (name, problem) => told.push(`${name}: ${problem}`))
  assert.equal([told, Object.keys(runs), log.join("")], [["b: b is missing"], ["a"], "abaa"])
})

rounds("a side that fails in a round is an error", async () => {
  const { sides } = noting(["a", "b"], { b: 2 })
  const failed = await alternate(sides, 2, nothing).then(nothing, (error: Error) => error.message)
  assert.is(failed, "b is missing")
})

statistics.run()
rounds.run()
