import { gzipSync } from "node:zlib"
import * as FastCheck from "@effect/schema/FastCheck"
import * as Either from "effect/Either"
import { suite } from "uvu"
import * as assert from "uvu/assert"
import { parseTable } from "../../../src/adapters/table/file.ts"
import { builtinSpace } from "../../../src/domain/space/spaces.ts"
import { benchmarkColumn, completeColumn } from "../../../src/domain/table/benchmark.ts"
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
  ["a row that is too short behind a blank line", bytes(`${CSV}\n|x,1\n`), undefined, 5, "2 fields instead of 4"],
  ["a key with an unquoted comma", bytes("code,score\n0,0,0,0,0,0,1\n"), undefined, 2, "into double quotes"],
  ["a fault behind a field of two lines", bytes('code,note,score\n000000,"a\nb",1\n000001,c,x\n'), undefined, 4, '"x"'],
  ["a key that is no architecture", bytes(CSV.replace("000001", "00000x")), "code", 3, "00000x"],
  ["a key twice", bytes("code,score\n000000,1.5\n000000,2.5\n"), undefined, 3, "2.5 here and 1.5 in line 2"],
  ["keys that disagree", bytes(CSV.replace("000001", "000000")), "code", 3, "two architectures of the space"],
  ["a column twice", bytes(CSV.replace("test", "score")), undefined, 0, "appears twice in the header"],
  ["no rows", bytes("code,score\n"), undefined, 0, "no rows"],
  ["an empty file", bytes(""), undefined, 0, "empty"],
  ["a score that is no number", bytes(CSV.replace("2.5", "high")), undefined, 3, '"high"'],
  ["a score that is infinite", bytes(CSV.replace("2.5", "Infinity")), undefined, 3, "not a finite number"],
  ["a score that is NaN", bytes(CSV.replace("2.5", "NaN")), undefined, 3, "has no number"],
  ["a score that is empty", bytes(CSV.replace("2.5", "")), undefined, 3, "has no number"],
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

const ARCH = [
  "|none~0|+|none~0|none~1|+|none~0|none~1|none~2|",
  "|none~0|+|none~0|none~1|+|none~0|none~1|skip_connect~2|"
]
const files: ReadonlyArray<readonly [string, string]> = [
  ["ends of lines are mixed", CSV.replace("\n", "\r\n")],
  ["ends of lines are those of old Macs", CSV.replaceAll("\n", "\r")],
  ["only the last line has another end", CSV.trimEnd().replaceAll("\n", "\r\n").concat("\n")],
  ["the last line has no end", CSV.trimEnd()],
  ["lines are blank, the first one too", `\n${CSV.replaceAll("\n", "\n , \n\n")}\n`],
  ["a blank stands before every field", CSV.replaceAll(",", ", ")],
  ["a blank stands before fields in quotes", `id, arch, score\n1, "${ARCH[0]}", "1.5"\n2, "${ARCH[1]}", 2.5\n`],
  [
    "tabs stand between fields and a comma in a name",
    `arch\tparams, M\tscore\n${ARCH[0]}\t1\t1.5\n${ARCH[1]}\t2\t2.5\n`
  ],
  ["semicolons stand between fields and commas in names", `arch;a, b, c;score\n${ARCH[0]};1;1.5\n${ARCH[1]};2;2.5\n`],
  ["commas in quotes stand in a name", `arch,"params, M",score\n${ARCH[0]},1,1.5\n${ARCH[1]},2,2.5\n`],
  [
    "files were joined with their headers",
    `${CSV.split("\n").slice(0, 2).join("\n")}\n${CSV.split("\n")[0]}\n${CSV.split("\n")[2]}\n`
  ],
  ["the key is the last column", `score,arch\n1.5,${ARCH[0]}\r\n2.5,${ARCH[1]}`],
  ["a row stands twice with one score", `${CSV}${CSV.split("\n")[1]}\n`]
]
for (const [name, text] of files) {
  test(`a table is read where ${name}`, () => {
    assert.equal(
      Either.getOrThrowWith(read(bytes(text)), (error) => error),
      Float64Array.of(1.5, 2.5)
    )
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
    assert.match(result.left.message, /^Cannot use table "t\.csv"(, line \d+)?: /)
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
