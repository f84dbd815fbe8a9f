import * as FastCheck from "@effect/schema/FastCheck"
import { suite } from "uvu"
import * as assert from "uvu/assert"
import { readOff, relaxedRows } from "../../../src/domain/architecture/relaxed.ts"
import { meanEntropy, neighborhoodGap, skipShare } from "../../../src/domain/darts/diagnosis.ts"
import { discretize } from "../../../src/domain/darts/discretize.ts"
import { canStop, endOf, STOP_RULE, stopOf } from "../../../src/domain/darts/stop_rule.ts"
import { builtinSpace } from "../../../src/domain/space/spaces.ts"

const cells = builtinSpace("nas-bench-201")
const darts = builtinSpace("darts")

const skips = suite("skipShare()")

skips("is the share of kept edges with a skip connection", () => {
  assert.is(skipShare(cells, [1, 1, 1, 1, 1, 1]), 1)
  assert.is(skipShare(cells, [1, 0, 2, 3, 4, 1]), 1 / 3)
  const rows = relaxedRows(darts).map((row, e) => row.map((_, k) => (k === (e % 2 === 0 ? 3 : 4) ? 1 : 0)))
  const read = readOff(darts, rows)
  const named = read.map((choice, i) => darts.decisions[i]!.choices[choice])
  assert.is(skipShare(darts, read), named.filter((operation) => operation === "skip_connect").length / 16)
  assert.ok(skipShare(darts, read) > 0 && skipShare(darts, read) < 1)
})

skips.run()

const entropy = suite("meanEntropy()")

entropy("is 0 at one-hot rows, ln K at equal ones, and the mean over rows", () => {
  assert.is(meanEntropy([[0, 1, 0]]), 0)
  assert.ok(Math.abs(meanEntropy([new Array(8).fill(1 / 8)]) - Math.log(8)) < 1e-12)
  assert.ok(
    Math.abs(
      meanEntropy([
        [1, 0],
        [0.5, 0.5]
      ]) -
        Math.log(2) / 2
    ) < 1e-12
  )
})

entropy.run()

const gap = suite("neighborhoodGap()")

gap("is the aggregate minus the own loss", () => {
  assert.is(neighborhoodGap({ _tag: "Mean" }, 1, [1, 2, 6]), 2)
  assert.is(neighborhoodGap({ _tag: "Worst" }, 1, [1, 2, 6]), 5)
  assert.is(neighborhoodGap({ _tag: "WeightedMean", decay: 0 }, 1, [1, 2, 6], [0, 1, 1]), 0)
})

gap.run()

const reading = suite("discretize()")

reading("is the plain argmax of NAS-Bench-201, and without none the best of the others", () => {
  const rows = cells.decisions.map((_, e) => (e === 2 ? [0.5, 0.1, 0.3, 0.05, 0.05] : [0.1, 0.1, 0.1, 0.6, 0.1]))
  assert.equal(discretize(cells, rows), [3, 3, 0, 3, 3, 3])
  assert.equal(discretize(cells, rows, false), [3, 3, 2, 3, 3, 3])
  const empty = cells.decisions.map(() => [1, 0, 0, 0, 0])
  assert.equal(discretize(cells, empty, false), [1, 1, 1, 1, 1, 1])
})

reading("of DARTS never has none, and does not depend on the switch", () => {
  const rows = relaxedRows(darts).map((row, e) => row.map((_, k) => (k === 0 ? 0.9 : ((e * 7 + k * 3) % 11) / 100)))
  assert.equal(discretize(darts, rows), discretize(darts, rows, false))
})

reading.run()

const stop = suite("stopOf()")
const byEpoch = (values: ReadonlyArray<number | null>) => values.map((eigenvalue, epoch) => ({ epoch, eigenvalue }))
const rule = STOP_RULE

stop("keeps the alpha of five epochs before the smoothed eigenvalue has grown by a third", () => {
  assert.equal(rule, { window: 5, ratio: 0.75, floor: 0.1 })
  const flat = new Array<number>(20).fill(0.2)
  assert.is(stopOf(rule, byEpoch(flat)), undefined)
  const jump = [...new Array<number>(12).fill(0.2), ...new Array<number>(8).fill(1)]
  assert.equal(stopOf(rule, byEpoch(jump)), { epoch: 12, kept: 7 })
  assert.is(stopOf(rule, byEpoch(jump.slice(0, 12))), undefined)
})

stop("comes only behind two windows, so a shorter search cannot stop", () => {
  assert.not.ok(canStop(rule, 9))
  assert.ok(canStop(rule, 10))
  const growing = Array.from({ length: 10 }, (_, i) => 2 ** i)
  assert.is(stopOf(rule, byEpoch(growing.slice(0, 9))), undefined)
  assert.equal(stopOf(rule, byEpoch(growing)), { epoch: 9, kept: 4 })
})

stop("compares means of whole windows, and a ratio that is just reached is no stop", () => {
  const two = { window: 2, ratio: 0.5, floor: 0 }
  assert.is(stopOf(two, byEpoch([1, 1, 2, 2])), undefined)
  assert.equal(stopOf(two, byEpoch([1, 1, 2, 2.1])), { epoch: 3, kept: 1 })
  assert.is(stopOf(two, byEpoch([1, 1, 9])), undefined)
  assert.is(stopOf(two, byEpoch([-1, -1, -1, -1])), undefined)
})

stop("does not come below the floor, however fast the eigenvalue grows", () => {
  const growth = byEpoch([0, 0, 0, 0, 0, 1e-9, 1e-9, 1e-9, 1e-9, 1e-9, 0.0999, 0.2])
  assert.equal(stopOf({ ...rule, floor: 0 }, growth), { epoch: 9, kept: 4 })
  assert.is(stopOf(rule, growth), undefined)
  const one = { window: 1, ratio: 0.75, floor: 0.1 }
  assert.is(stopOf(one, byEpoch([0.01, 0.0999])), undefined)
  assert.equal(stopOf(one, byEpoch([0.01, 0.1])), { epoch: 1, kept: 0 })
})

stop("goes by the numbers of epochs, also where an eigenvalue is missing", () => {
  const one = { window: 1, ratio: 0.75, floor: 0 }
  assert.equal(stopOf(one, byEpoch([null, 1, null, 1, 2])), { epoch: 4, kept: 3 })
  assert.is(stopOf(one, byEpoch([1, null, 2])), undefined, "epoch 2 has no epoch right before it")
  assert.is(stopOf(one, [{ epoch: 4, eigenvalue: 1 }]), undefined)
  const fifth = Array.from({ length: 25 }, (_, i) => (i % 5 === 4 ? [0.2, 0.2, 0.5, 0.5, 0.9][(i - 4) / 5]! : null))
  assert.equal(stopOf({ ...rule, window: 5 }, byEpoch(fifth)), { epoch: 14, kept: 9 })
  const property = FastCheck.property(
    FastCheck.array(FastCheck.option(FastCheck.double({ min: 0, max: 1, noNaN: true })), { maxLength: 25 }),
    FastCheck.integer({ min: 1, max: 4 }),
    (values, window) => {
      const found = stopOf({ window, ratio: 0.75, floor: 0.05 }, byEpoch(values))
      assert.equal(stopOf({ window, ratio: 0.75, floor: 0.05 }, byEpoch(values).toReversed()), found)
      if (found === undefined) return
      assert.is(found.kept, found.epoch - window)
      const mean = (last: number) => {
        const own = values.slice(last - window + 1, last + 1).filter((value) => value !== null)
        return own.reduce((a, b) => a + b) / own.length
      }
      assert.ok(mean(found.epoch) >= 0.05 && mean(found.kept) < 0.75 * mean(found.epoch))
    }
  )
  FastCheck.assert(property, { seed: 61, numRuns: 300 })
})

const ends = suite("endOf()")

ends("is the last epoch, or what the rule keeps, or the asked-for epoch whatever the rule says", () => {
  const growing = byEpoch(Array.from({ length: 12 }, (_, i) => 0.1 * 2 ** i))
  const settings = { epochs: 12, stop: rule }
  assert.is(endOf(settings, growing.slice(0, 9)), undefined)
  assert.equal(endOf(settings, growing), { kept: 4, stopped: true })
  assert.equal(endOf({ epochs: 12 }, growing), { kept: 11, stopped: false })
  assert.is(endOf({ epochs: 12 }, growing.slice(0, 11)), undefined)
  for (const readEpoch of [1, 7, 12]) {
    assert.is(endOf({ ...settings, readEpoch }, growing.slice(0, readEpoch - 1)), undefined)
    const found = endOf({ ...settings, readEpoch }, growing.slice(0, readEpoch))
    assert.equal(found, { kept: readEpoch - 1, stopped: false })
  }
})

ends("at ten epochs the rule may come with the last one, and reads the fifth off", () => {
  const growing = byEpoch(Array.from({ length: 10 }, (_, i) => 0.1 * 2 ** i))
  assert.equal(endOf({ epochs: 10, stop: rule }, growing), { kept: 4, stopped: true })
})

ends.run()

stop.run()
