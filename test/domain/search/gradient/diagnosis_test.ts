import * as Schema from "@effect/schema/Schema"
import { suite } from "uvu"
import * as assert from "uvu/assert"
import { readOff, relaxedRows } from "../../../../src/domain/architecture/relaxed.ts"
import { meanEntropy, neighborhoodGap, skipShare } from "../../../../src/domain/search/gradient/diagnosis.ts"
import { discretize } from "../../../../src/domain/search/gradient/discretize.ts"
import { canStop, StopRule, stopOf } from "../../../../src/domain/search/gradient/stop_rule.ts"
import { builtinSpace } from "../../../../src/domain/space/spaces.ts"

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
const rule = Schema.decodeSync(StopRule)({})

stop("keeps the alpha of five epochs before the smoothed eigenvalue has grown by a third", () => {
  assert.equal(rule, { window: 5, ratio: 0.75 })
  const flat = new Array<number>(20).fill(0.2)
  assert.is(stopOf(rule, flat), undefined)
  const jump = [...new Array<number>(12).fill(0.2), ...new Array<number>(8).fill(1)]
  assert.equal(stopOf(rule, jump), { epoch: 12, kept: 7 })
  assert.is(stopOf(rule, jump.slice(0, 12)), undefined)
})

stop("comes only behind two windows, so a shorter search cannot stop", () => {
  assert.not.ok(canStop(rule, 9))
  assert.ok(canStop(rule, 10))
  const growing = Array.from({ length: 10 }, (_, i) => 2 ** i)
  assert.is(stopOf(rule, growing.slice(0, 9)), undefined)
  assert.equal(stopOf(rule, growing), { epoch: 9, kept: 4 })
})

stop("compares means of whole windows, and a ratio that is just reached is no stop", () => {
  const two = { window: 2, ratio: 0.5 }
  assert.is(stopOf(two, [1, 1, 2, 2]), undefined)
  assert.equal(stopOf(two, [1, 1, 2, 2.1]), { epoch: 3, kept: 1 })
  assert.is(stopOf(two, [1, 1, 9]), undefined)
  assert.is(stopOf(two, [-1, -1, -1, -1]), undefined)
})

stop.run()
