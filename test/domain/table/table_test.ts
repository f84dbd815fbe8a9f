import * as FastCheck from "@effect/schema/FastCheck"
import * as Either from "effect/Either"
import { suite } from "uvu"
import * as assert from "uvu/assert"
import { architectureKey } from "../../../src/domain/architecture/architecture.ts"
import { printArchitecture, TEXT_FORMS } from "../../../src/domain/architecture/text.ts"
import { arbitraryArchitecture } from "../../../src/domain/space/arbitrary.ts"
import { builtinSpace } from "../../../src/domain/space/spaces.ts"
import {
  benchmarkColumn,
  benchmarkColumns,
  benchmarkIdentity,
  completeColumn
} from "../../../src/domain/table/benchmark.ts"
import { SYNTHETIC_COLUMNS, syntheticTable } from "../../../src/domain/table/synthetic_table.ts"
import { KEY_COLUMNS, makeTable, type RawTable, type Table } from "../../../src/domain/table/table.ts"
import { SMALL } from "../../effects/_searches.ts"

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

test("the same architecture in two text forms stands twice", () => {
  const text = printArchitecture(cells, [0, 1, 2, 3, 4, 0])
  const twice = makeTable(cells, raw(["code"], ["012340"], ["000000"], [text]))
  assert.ok(Either.isLeft(twice))
  assert.is(twice.left.line, 4)
  assert.match(twice.left.message, "line 2 already")
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

const first = made(raw(["code", "score"], ["000000", "1"], ["000001", "2"]))
const second = made(raw(["code", "score", "cost"], ["000001", "9", "5"], ["111111", "9", "6"]))
const benchmark = { tables: [first, second] } as const

joined("the first table that has a column owns it; its rows are those of the first table", () => {
  assert.equal([...Either.getOrThrow(benchmarkColumn(benchmark, "score"))], [1, 2])
  assert.equal([...Either.getOrThrow(benchmarkColumn(benchmark, "cost"))].map(String), ["NaN", "5"])
  assert.equal(benchmarkColumns(benchmark), ["code", "score", "cost"])
  assert.is(benchmarkIdentity(benchmark), "id+id")
})

joined("a column with a gap is complete nowhere, and the error names the line in the first table", () => {
  const complete = completeColumn(benchmark, "cost")
  assert.ok(Either.isLeft(complete))
  assert.is(complete.left.line, 2)
  const missing = completeColumn(benchmark, "nope")
  assert.ok(Either.isLeft(missing))
  assert.match(missing.left.message, "code, score, cost")
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
  const column = (seed: string, name: string) =>
    Either.getOrThrow(Either.getOrThrow(makeTable(SMALL.space, syntheticTable(SMALL.space, seed))).column(name))
  assert.not.equal(column("s", "seconds"), column("r", "seconds"))
  const noise = (seed: string) => column(seed, "validation").map((x, row) => Math.round(x - column(seed, "test")[row]!))
  assert.not.equal(noise("s"), noise("r"))
})

synthetic.run()
