import * as FastCheck from "@effect/schema/FastCheck"
import * as Either from "effect/Either"
import { suite } from "uvu"
import * as assert from "uvu/assert"
import { arbitraryArchitecture } from "../../../src/domain/architecture/arbitrary.ts"
import { architectureKey } from "../../../src/domain/architecture/architecture.ts"
import { ordinalOf } from "../../../src/domain/architecture/ordinal.ts"
import { printArchitecture, TEXT_FORMS } from "../../../src/domain/architecture/text.ts"
import { makeBall } from "../../../src/domain/neighborhood/ball.ts"
import { sweep } from "../../../src/domain/objective/landscape.ts"
import { builtinSpace } from "../../../src/domain/space/spaces.ts"
import { kendallTau } from "../../../src/domain/statistics/kendall.ts"
import { summarize } from "../../../src/domain/statistics/summary.ts"
import {
  benchmarkColumn,
  benchmarkColumns,
  benchmarkIdentity,
  completeColumn,
  withNumbers
} from "../../../src/domain/table/benchmark.ts"
import { SYNTHETIC_COLUMNS, syntheticTable } from "../../../src/domain/table/synthetic_table.ts"
import { KEY_COLUMNS, makeTable, type RawTable, type Table } from "../../../src/domain/table/table.ts"
import { SMALL } from "../../effects/programs/_searches.ts"

const cells = builtinSpace("nas-bench-201")
const darts = builtinSpace("darts")
const raw = (header: ReadonlyArray<string>, ...rows: ReadonlyArray<ReadonlyArray<string>>): RawTable => ({
  name: "t",
  identity: "id",
  header,
  rows
})
const made = (text: RawTable): Table => Either.getOrThrow(makeTable(cells, text))

const test = suite("makeTable()")

test("a row is found by its architecture, in spaces that are numbered and in those too large for it", () => {
  for (const space of [cells, darts]) {
    const some = FastCheck.uniqueArray(arbitraryArchitecture(space), { selector: architectureKey, minLength: 2 })
    const check = FastCheck.property(some, FastCheck.constantFrom(...TEXT_FORMS), ([absent, ...present], form) => {
      const rows = present.map((one, i) => [printArchitecture(space, one, form), `${i}`])
      const table = Either.getOrThrow(makeTable(space, raw(["key", "n"], ...rows)))
      assert.equal(
        present.map(table.rowOf),
        present.map((_, i) => i)
      )
      assert.is(table.rowOf(absent!), -1)
      assert.equal(
        [...Either.getOrThrow(table.column("n"))],
        present.map((_, i) => i)
      )
    })
    FastCheck.assert(check, { seed: 70, numRuns: 40 })
  }
})

test("the same architecture in two text forms has one row, and two scores of it are an error that names both lines", () => {
  const text = printArchitecture(cells, [0, 1, 2, 3, 4, 0])
  const table = made(
    raw(["code", "same", "other", "gap"], ["012340", "5", "1", ""], ["000000", "6", "2", "7"], [text, "5", "3", "8"])
  )
  assert.is(table.architectures.length, 2)
  assert.equal([...Either.getOrThrow(table.column("same"))], [5, 6])
  assert.equal([...Either.getOrThrow(table.column("gap"))], [8, 7])
  const twice = table.column("other")
  assert.ok(Either.isLeft(twice))
  assert.is(
    twice.left.message,
    'Cannot use table "t", line 4: the column "other" has 3 here and 1 in line 2, the same network: remove one of the two rows'
  )
})

test("a network has one row, in whatever order the inputs of its nodes are written", () => {
  const check = FastCheck.property(arbitraryArchitecture(darts), FastCheck.nat(7), (one, node) => {
    const swapped = one.toSpliced(
      4 * node,
      4,
      ...one.slice(4 * node + 2, 4 * node + 4),
      ...one.slice(4 * node, 4 * node + 2)
    )
    assert.not.equal(one, swapped)
    const key = printArchitecture(darts, one)
    const table = Either.getOrThrow(makeTable(darts, raw(["key", "n"], [key, "3"])))
    assert.is(table.rowOf(swapped), 0)
    assert.equal(table.architectures, [one])
    const both = raw(["key", "n"], [key, "3"], [printArchitecture(darts, swapped), "2"])
    const column = Either.flatMap(makeTable(darts, both), (two) => two.column("n"))
    assert.ok(Either.isLeft(column))
    assert.match(column.left.message, 'line 3: the column "n" has 2 here and 3 in line 2, the same network')
  })
  FastCheck.assert(check, { seed: 71, numRuns: 30 })
})

test("two key columns that disagree are an error that shows the row and the order of digits", () => {
  const strings = [
    [4, 2, 1, 2, 1, 1],
    [3, 3, 4, 1, 3, 1]
  ].map((one) => printArchitecture(cells, one))
  const table = (...codes: ReadonlyArray<string>) =>
    makeTable(cells, raw(["code", "arch"], ...codes.map((code, i) => [code, strings[i]!])))
  assert.ok(Either.isRight(table("421211", "334131")))
  const refused = table("421211", "220420")
  assert.ok(Either.isLeft(refused))
  assert.is(refused.left.line, 3)
  assert.match(refused.left.message, `"${strings[1]}" in the column "arch" and "220420" in the column "code"`)
  assert.match(refused.left.message, "6 digits for 0->1, 0->2, 1->2, 0->3, 1->3, 2->3 (0 none, 1 skip_connect")
  assert.ok(Either.isRight(table("421211", "no code")))
})

test("the key column is the first known name, in the order of KEY_COLUMNS", () => {
  const header = [...KEY_COLUMNS].reverse()
  const table = made(
    raw(
      header,
      header.map((name) => (name === "arch" ? "111111" : "x"))
    )
  )
  assert.equal(table.architectures, [[1, 1, 1, 1, 1, 1]])
})

const numbers: ReadonlyArray<readonly [string, number | undefined]> = [
  [" 1.5 ", 1.5],
  ["-2e-3", -0.002],
  ["", Number.NaN],
  ["NaN", Number.NaN],
  ["NA", Number.NaN],
  ["N/A", Number.NaN],
  [" n/a", Number.NaN],
  ["null", Number.NaN],
  ["None", Number.NaN],
  ["1,5", undefined],
  ["1.5%", undefined],
  ["inf", undefined],
  ["-Infinity", undefined],
  ["1e999", undefined]
]
for (const [text, value] of numbers) {
  test(`the field "${text}" is ${value ?? "no number"}`, () => {
    const column = made(raw(["code", "n"], ["000000", "0"], ["000001", text])).column("n")
    if (value === undefined) {
      assert.ok(Either.isLeft(column))
      assert.is(column.left.line, 3)
    } else assert.ok(Object.is(Either.getOrThrow(column)[1], value))
  })
}

test("a bad field is no error before its column is asked for", () => {
  const table = made(raw(["code", "good", "bad"], ["000000", "1", "x"]))
  assert.ok(Either.isRight(table.column("good")))
  assert.ok(Either.isLeft(table.column("bad")))
  assert.ok(Either.isLeft(table.column("constructor")))
})

test.run()

const joined = suite("benchmarkColumn(), completeColumn()")

const first = made({ ...raw(["code", "score"], ["000000", "1"], ["000001", "2"]), name: "one" })
const second = made({ ...raw(["code", "score", "cost"], ["000001", "9", "5"], ["111111", "9", "6"]), name: "two" })
const benchmark = { tables: [first, second] } as const

joined("the first table that has a column owns it; its rows are those of the first table", () => {
  assert.equal([...Either.getOrThrow(benchmarkColumn(benchmark, "score"))], [1, 2])
  assert.equal([...Either.getOrThrow(benchmarkColumn(benchmark, "cost"))].map(String), ["NaN", "5"])
  assert.equal(benchmarkColumns(benchmark), ["code", "score", "cost"])
  assert.is(benchmarkIdentity(benchmark), "id+id")
})

joined("a column with a gap is complete nowhere, and the error names the table and line at fault", () => {
  const complete = completeColumn(benchmark, "cost")
  assert.ok(Either.isLeft(complete))
  assert.is(
    complete.left.message,
    'Cannot use table "one", line 2: its architecture has no row in "two", which has the column "cost"'
  )
  const missing = completeColumn(benchmark, "nope")
  assert.ok(Either.isLeft(missing))
  assert.match(missing.left.message, "code, score, cost")
  const gap = made({ ...raw(["code", "late"], ["000001", "1"], ["000000", "N/A"]), name: "three" })
  const incomplete = completeColumn({ tables: [first, gap] }, "late")
  assert.ok(Either.isLeft(incomplete))
  assert.is(incomplete.left.message, 'Cannot use table "three", line 3: the column "late" has no number')
})

joined("architectures without a number are left out and counted, with the first place that lacks one", () => {
  const whole = Either.getOrThrow(withNumbers(benchmark, ["score"]))
  assert.is(whole.benchmark, benchmark)
  assert.is(whole.missing, undefined)
  const some = Either.getOrThrow(withNumbers(benchmark, ["score", "cost"]))
  const [table] = some.benchmark.tables
  assert.equal(
    [table.architectures.length, table.rowOf([0, 0, 0, 0, 0, 0]), table.rowOf([0, 0, 0, 0, 0, 1])],
    [1, -1, 0]
  )
  assert.is(table.rowOf([1, 1, 1, 1, 1, 1]), -1)
  assert.is(table.lineOf(0), 3)
  assert.equal(
    ["score", "cost"].map((name) => [...Either.getOrThrow(completeColumn(some.benchmark, name))]),
    [[2], [5]]
  )
  assert.equal([some.missing?.count, some.missing?.table, some.missing?.line], [1, "one", 2])
  assert.is(benchmarkIdentity(some.benchmark), benchmarkIdentity(benchmark))
  const none = withNumbers({ tables: [made(raw(["code", "score"], ["000000", ""], ["000001", "NaN"]))] }, ["score"])
  assert.ok(Either.isLeft(none))
  assert.is(
    none.left.message,
    'Cannot use table "t", line 2: the column "score" has no number, and no other architecture has one'
  )
})

joined.run()

const synthetic = suite("syntheticTable()")

synthetic("has every architecture once, with numbers in their ranges, and only the seed decides them", () => {
  const { space } = SMALL
  const made = (seed: string) => Either.getOrThrow(makeTable(space, syntheticTable(space, seed)))
  const table = made("s")
  assert.equal(table.columns, SYNTHETIC_COLUMNS)
  assert.is(table.architectures.length, 81)
  const [test_, seconds] = ["test", "seconds"].map((name) => [...Either.getOrThrow(table.column(name))])
  assert.ok(test_!.every((x) => x >= 0 && x < 100))
  assert.ok(seconds!.every((x) => x >= 60 && x <= 180))
  assert.equal(Either.getOrThrow(made("s").column("validation")), Either.getOrThrow(table.column("validation")))
  assert.not.equal(Either.getOrThrow(made("r").column("validation")), Either.getOrThrow(table.column("validation")))
})

synthetic("the seed decides the noise and the cost too, not the landscape alone", () => {
  const columns = (seed: string) => {
    const table = Either.getOrThrow(makeTable(SMALL.space, syntheticTable(SMALL.space, seed)))
    const [validation, test_, seconds] = ["validation", "test", "seconds"].map((name) => [
      ...Either.getOrThrow(table.column(name))
    ])
    return { noise: validation!.map((x, row) => x - test_![row]!), seconds: seconds! }
  }
  const [s, r] = [columns("s"), columns("r")]
  const apart = (a: ReadonlyArray<number>, b: ReadonlyArray<number>, by: number) =>
    a.filter((x, row) => Math.abs(x - b[row]!) > by).length
  assert.ok(apart(s.noise, r.noise, 0.01) >= 80, "the noise of all but one row differs by more than rounding")
  assert.ok(apart(s.seconds, r.seconds, 0.1) >= 79)
})

const table = Either.getOrThrow(makeTable(cells, syntheticTable(cells, "0")))
const column = (name: string) => Either.getOrThrow(table.column(name))

synthetic("validation is test and noise of deviation 5, and for one row in eight 10 points of luck", () => {
  const [validation, test_] = [column("validation"), column("test")]
  const noise = [...validation].map((x, row) => x - test_[row]!)
  const { mean, sd } = summarize(noise)
  assert.ok(Math.abs(mean - 10 / 8) < 0.15, `${mean}`)
  assert.ok(Math.abs(sd - Math.sqrt(25 + (100 * 7) / 64)) < 0.1, `${sd}`)
})

synthetic("its neighborhoods tell more of the test column than own scores do", () => {
  const [validation, test_] = [column("validation"), column("test")]
  const losses = validation.map((x) => -x)
  const byOrdinal = new Float64Array(losses.length)
  for (const [row, one] of table.architectures.entries()) byOrdinal[ordinalOf(cells, one)] = losses[row]!
  const swept = sweep(makeBall(cells), { _tag: "Mean" }, byOrdinal, { center: true })
  const around = table.architectures.map((one) => -swept[ordinalOf(cells, one)]!)
  const [own, objective] = [[...validation], around].map((scores) => kendallTau(scores, [...test_]))
  assert.ok(objective! > own! + 0.05, `${objective} ${own}`)
})

synthetic.run()
