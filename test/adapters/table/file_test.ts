import { gzipSync } from "node:zlib"
import * as FastCheck from "@effect/schema/FastCheck"
import * as Either from "effect/Either"
import { suite } from "uvu"
import * as assert from "uvu/assert"
import { parseTable } from "../../../src/adapters/table/file.ts"
import { builtinSpace } from "../../../src/domain/space/spaces.ts"
import { benchmarkColumn, completeColumn } from "../../../src/domain/table/benchmark.ts"
import { syntheticTable } from "../../../src/domain/table/synthetic_table.ts"
import { makeTable, type Table, TableError } from "../../../src/domain/table/table.ts"

const space = builtinSpace("nas-bench-201")
const CSV =
  "arch,code,score,test\n|none~0|+|none~0|none~1|+|none~0|none~1|none~2|,000000,1.5,2\n|none~0|+|none~0|none~1|+|none~0|none~1|skip_connect~2|,000001,2.5,\n"
const bytes = (text: string) => new TextEncoder().encode(text)

/** Everything a search reads of a table: its rows and the score of each. */
function read(data: Uint8Array, key?: string, column = "score"): Either.Either<Float64Array, TableError> {
  return Either.flatMap(parseTable("t.csv", data), (raw) =>
    Either.flatMap(makeTable(space, raw, key), (table) => completeColumn({ tables: [table] }, column))
  )
}

const test = suite("parseTable(), makeTable(), completeColumn()")

test("a plain and a gzip table hold the same", () => {
  assert.equal(Either.getOrThrow(read(bytes(CSV))), Float64Array.of(1.5, 2.5))
  assert.equal(Either.getOrThrow(read(gzipSync(bytes(CSV)))), Float64Array.of(1.5, 2.5))
  assert.equal(Either.getOrThrow(read(bytes(CSV.replaceAll(",", "\t")), "code")), Float64Array.of(1.5, 2.5))
  assert.equal(
    Either.getOrThrow(read(bytes(`\uFEFF${CSV.replaceAll("\n", "\r\n")}`), "code")),
    Float64Array.of(1.5, 2.5)
  )
})

const faults: ReadonlyArray<readonly [string, Uint8Array, string | undefined, number, string]> = [
  ["a missing key column", bytes("a,b\n1,2\n"), undefined, 0, "name the key column"],
  ["a key column that does not exist", bytes(CSV), "nope", 0, '"nope"'],
  ["a missing score", bytes(CSV.replace("score", "skore")), undefined, 0, '"score"'],
  ["a row that is too short", bytes(`${CSV}|x,1\n`), undefined, 4, "2 fields instead of 4"],
  ["a blank row in between", bytes(CSV.replace("\n|", "\n\n|")), undefined, 2, "1 fields instead of 4"],
  ["a key that is no architecture", bytes(CSV.replace("000001", "00000x")), "code", 3, "00000x"],
  ["a key twice", bytes(CSV.replace("000001", "000000")), "code", 3, "line 2 already"],
  ["a column twice", bytes(CSV.replace("test", "score")), undefined, 1, "stands twice"],
  ["no rows", bytes("code,score\n"), undefined, 0, "no rows"],
  ["an empty file", bytes(""), undefined, 0, "empty"],
  ["a score that is no number", bytes(CSV.replace("2.5", "high")), undefined, 3, '"high"'],
  ["a score that is infinite", bytes(CSV.replace("2.5", "Infinity")), undefined, 3, "no finite number"],
  ["a score that is NaN", bytes(CSV.replace("2.5", "NaN")), undefined, 3, "no number"],
  ["a score that is empty", bytes(CSV.replace("2.5", "")), undefined, 3, "no number"],
  ["a gzip file that is cut off", gzipSync(bytes(CSV)).subarray(0, 60), undefined, 0, "truncated"],
  ["a file that is no text", Uint8Array.of(0xff, 0xfe, 0x00, 0x41), undefined, 0, "UTF-8"],
  ["a file in Latin-1", Uint8Array.from([...bytes(CSV), 0x7c, 0xe9, 0x2c, 0x31]), undefined, 0, "UTF-8"],
  ["a quote that is not closed", bytes(`${CSV}"|x,1,2,3\n`), undefined, 4, "quote"]
]
for (const [name, data, key, line, problem] of faults) {
  test(`${name} is an error that names the place`, () => {
    const result = read(data, key)
    assert.ok(Either.isLeft(result))
    assert.match(result.left.message, problem)
    assert.is(result.left.line, line, result.left.message)
  })
}

test("500 damaged tables, plain and gzip, are tables or one clear error, never exceptions", () => {
  const whole = [bytes(CSV), gzipSync(bytes(CSV))] as const
  const damage = FastCheck.tuple(
    FastCheck.constantFrom(...whole),
    FastCheck.nat(500),
    FastCheck.nat(30),
    FastCheck.uint8Array({ maxLength: 6 })
  )
  let refused = 0
  const check = FastCheck.property(damage, ([data, at, removed, inserted]) => {
    const start = at % data.length
    const result = read(Uint8Array.from([...data.subarray(0, start), ...inserted, ...data.subarray(start + removed)]))
    if (Either.isRight(result)) return
    refused += 1
    assert.instance(result.left, TableError)
    assert.ok(result.left.message.startsWith('Cannot use table "t.csv": '))
  })
  FastCheck.assert(check, { seed: 24, numRuns: 500 })
  assert.ok(refused > 300, `${refused} refused`)
})

test.run()

const joined = suite("benchmarkColumn()")

joined("a second table adds its columns to the first's rows, by architecture", () => {
  const table = (text: string): Table =>
    Either.getOrThrow(makeTable(space, Either.getOrThrow(parseTable("t", bytes(text)))))
  const benchmark = { tables: [table(CSV), table("code,latency,score\n000001,7,9\n111111,8,9\n")] } as const
  assert.equal([...Either.getOrThrow(benchmarkColumn(benchmark, "latency"))].map(String), ["NaN", "7"])
  assert.equal(Either.getOrThrow(benchmarkColumn(benchmark, "score")), Float64Array.of(1.5, 2.5))
  assert.ok(Either.isLeft(completeColumn(benchmark, "latency")))
  assert.ok(Either.isLeft(benchmarkColumn(benchmark, "nope")))
})

joined.run()

const synthetic = suite("syntheticTable()")

synthetic(
  "covers the space, is the same for the same seed, and rewards flat neighborhoods with its test column",
  () => {
    const raw = syntheticTable(space, "0")
    assert.is(raw.rows.length, 15625)
    assert.equal(syntheticTable(space, "0"), raw)
    assert.not.equal(syntheticTable(space, "1").rows[0], raw.rows[0])
  }
)

synthetic.run()
