import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { gzipSync } from "node:zlib"
import * as NodeContext from "@effect/platform-node/NodeContext"
import * as Effect from "effect/Effect"
import { suite } from "uvu"
import * as assert from "uvu/assert"
import { readTable } from "../../../src/adapters/table/file.ts"
import { loadBenchmark } from "../../../src/adapters/table/load_benchmark.ts"
import { architectureKey } from "../../../src/domain/architecture/architecture.ts"
import { SettingsError } from "../../../src/domain/setting/settings_error.ts"
import { builtinSpace } from "../../../src/domain/space/spaces.ts"
import { TableError } from "../../../src/domain/table/table.ts"
import { failure, run } from "../../_effect.ts"
import { settingsOf } from "../../effects/programs/_searches.ts"

const space = builtinSpace("nas-bench-201")
const folder = mkdtempSync(join(tmpdir(), "na-nas-tables-"))
const file = (name: string, data: string | Uint8Array) => {
  const path = join(folder, name)
  writeFileSync(path, data)
  return path
}
const plain = file("a.csv", "code,score\n000000,1\n000001,2\n")
const packed = file("b.csv.gz", gzipSync("code,latency\n000001,7\n"))
const load = (given: Parameters<typeof settingsOf>[0], over = space) => {
  return loadBenchmark({ ...settingsOf(given), cost: given.cost }, over).pipe(Effect.provide(NodeContext.layer))
}

const test = suite("loadBenchmark(), readTable()")
test.after(() => rmSync(folder, { recursive: true }))

test("tables are joined in the order of the settings, plain and gzip alike", async () => {
  const loaded = await run(load({ table: [plain, packed], score: "score", report: ["latency"] }))
  assert.equal(
    loaded.benchmark.tables.map((table) => table.columns),
    [
      ["code", "score"],
      ["code", "latency"]
    ]
  )
  assert.equal([loaded.score, loaded.report, loaded.synthetic], ["score", ["latency"], false])
})

test("without a table one is made up, and says so", async () => {
  const loaded = await run(load({}))
  assert.equal([loaded.synthetic, loaded.score, loaded.cost], [true, "validation", "seconds"])
  assert.is(loaded.benchmark.tables[0].architectures.length, 15625)
})

test("architectures without a score or a cost are left out, counted, and the file and line at fault are named", async () => {
  const gaps = file("gaps.csv", "code,score,hours\n000000,1,1\n000001,,1\n000002,3,N/A\n000003,4,2\n")
  const times = file("times.csv", "code,late\n000003,1\n000000,\n000002,2\n")
  const own = await run(
    loadBenchmark(settingsOf({ table: [gaps], score: "score", cost: "hours" }), space).pipe(
      Effect.provide(NodeContext.layer)
    )
  )
  assert.equal(own.benchmark.tables[0].architectures.map(architectureKey), ["000000", "000003"])
  const { problem, ...place } = own.read!.missing!
  assert.equal(place, { count: 2, table: gaps, line: 3 })
  assert.match(problem, '"score" has no number')
  const joined = await run(load({ table: [gaps, times], score: "late" }))
  assert.equal(joined.benchmark.tables[0].architectures.map(architectureKey), ["000002", "000003"])
  assert.equal([joined.read!.missing!.count, joined.read!.missing!.table, joined.read!.missing!.line], [2, times, 3])
  assert.equal(
    joined.read!.tables.map((table) => table.architectures.length),
    [4, 3]
  )
  assert.is((await run(load({ table: [gaps], score: "score", report: ["hours"] }))).read!.missing!.count, 1)
})

test("a table in which no architecture has a score is an error that names its file and line", async () => {
  const empty = file("empty.csv", "code,score,late\n\n000000,1,\n000001,2,\n")
  const error = await failure(load({ table: [plain, empty], score: "late" }))
  assert.is(
    error.message,
    `Cannot use table "${empty}", line 3: the column "late" has no number, and no other architecture has one`
  )
})

test("a table without a score to search by is an error that lists the columns", async () => {
  const error = await failure(load({ table: [plain, packed] }))
  assert.instance(error, SettingsError)
  assert.match(error.message, "code, score, latency")
})

test("columns without a table, and a space too large to make one up, are errors", async () => {
  for (const given of [{ score: "x" }, { report: ["x"] }, { key: "x" }]) {
    assert.match((await failure(load(given))).message, "--table")
  }
  assert.match((await failure(load({}, builtinSpace("darts")))).message, "too large")
})

test("a file that is absent, a folder or damaged is an error that names it", async () => {
  const cases = [
    [join(folder, "nope.csv"), "does not exist"],
    [folder, "cannot be read"],
    [file("c.gz", gzipSync("code\n000000\n").subarray(0, 12)), "truncated"]
  ] as const
  for (const [path, problem] of cases) {
    const error = await failure(readTable(space, path).pipe(Effect.provide(NodeContext.layer)))
    assert.instance(error, TableError)
    assert.match(error.message, path)
    assert.match(error.message, problem)
  }
})

test.run()
