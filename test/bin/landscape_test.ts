import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { suite } from "uvu"
import * as assert from "uvu/assert"
import { cli, lastJson } from "./_cli.ts"

const test = suite("landscape")

test("lists the best objectives, and how well own score and objective rank a reported column", async () => {
  const json = lastJson(await cli("landscape", "--top", "3", "--json")) as {
    count: number
    top: ReadonlyArray<{ objective: number; own: number; reported: { test: number } }>
    kendall: { test: { own: number; objective: number } }
  }
  assert.is(json.count, 15625)
  assert.is(json.top.length, 3)
  assert.ok(json.top[0]!.objective >= json.top[1]!.objective && json.top[1]!.objective >= json.top[2]!.objective)
  assert.ok(json.kendall.test.objective > 0 && json.kendall.test.objective < 1)
})

test("reports the flatness of one architecture, in any text form, as numbers and as text", async () => {
  const json = lastJson(await cli("landscape", "--architecture", "000000", "--json")) as {
    neighbors: number
    own: number
    best: { score: number }
    worst: { score: number }
    histogram: { counts: ReadonlyArray<number> }
    sensitivity: ReadonlyArray<{ replacements: Record<string, number> }>
  }
  assert.is(json.neighbors, 24)
  assert.is(
    json.histogram.counts.reduce((a, b) => a + b),
    24
  )
  assert.is(json.sensitivity.length, 6)
  const changes = json.sensitivity.flatMap(({ replacements }) => Object.values(replacements))
  assert.is(changes.length, 24)
  assert.ok(Math.abs(Math.max(...changes) - (json.best.score - json.own)) < 1e-9)
  assert.ok(Math.abs(Math.min(...changes) - (json.worst.score - json.own)) < 1e-9)
  const text = await cli("landscape", "--architecture", "|none~0|+|none~0|none~1|+|none~0|none~1|none~2|")
  assert.match(text.stdout, "worst neighbor")
})

test("an architecture that is none is one line of error that points at the place", async () => {
  const ran = await cli("landscape", "--architecture", "|none~0|+|nome~0|")
  assert.is(ran.status, 2)
  assert.match(ran.stderr, '"nome"')
  assert.match(ran.stderr, "character 11")
})

const folder = mkdtempSync(join(tmpdir(), "na-nas-landscape-"))
test.after(() => rmSync(folder, { recursive: true }))
const file = (name: string, text: string) => {
  const path = join(folder, name)
  writeFileSync(path, text)
  return path
}

test("says what was read of a table: rows, the first code as an architecture, and what was left out", async () => {
  const table = file("codes.csv", "arch,acc\n433000,90\n\n433001,\n433002,92\n")
  const args = ["--table", table, "--score", "acc"]
  const text = await cli("landscape", ...args)
  assert.match(text.stdout, /3 architectures of .*codes\.csv by "arch", where 433000 is \|avg_pool_3x3~0\|/)
  assert.match(text.stdout, /left out {2}1 architecture in .*codes\.csv, line 4: the column "acc" has no number/)
  const json = lastJson(await cli("landscape", ...args, "--json")) as {
    count: number
    read: { tables: ReadonlyArray<{ architectures: number; first: object }>; leftOut: { count: number; line: number } }
  }
  assert.is(json.count, 2)
  assert.is(json.read.tables[0]!.architectures, 3)
  assert.equal([json.read.leftOut.count, json.read.leftOut.line], [1, 4])
})

test("knows a network in whatever order its inputs are written, in tables and as the architecture asked for", async () => {
  const cell = (edges: string) =>
    `Genotype(normal=[${edges}, ('skip_connect', 0), ('skip_connect', 1), ('skip_connect', 0), ('skip_connect', 1), ('skip_connect', 0), ('skip_connect', 1)], normal_concat=range(2, 6), reduce=[('max_pool_3x3', 0), ('max_pool_3x3', 1), ('skip_connect', 0), ('skip_connect', 1), ('skip_connect', 0), ('skip_connect', 1), ('skip_connect', 0), ('skip_connect', 1)], reduce_concat=range(2, 6))`
  const center = cell("('sep_conv_3x3', 1), ('sep_conv_5x5', 0)")
  const swapped = cell("('sep_conv_5x5', 0), ('sep_conv_3x3', 1)")
  const neighbor = cell("('skip_connect', 0), ('sep_conv_3x3', 1)")
  const table = file("genotypes.csv", `genotype,error\n"${center}",3\n"${neighbor}",5\n`)
  for (const text of [center, swapped, `genotype = ${swapped}`]) {
    const args = [
      "--space",
      "darts",
      "--goal",
      "minimize",
      "--table",
      table,
      "--score",
      "error",
      "--architecture",
      text
    ]
    const json = lastJson(await cli("landscape", ...args, "--json")) as { objective: number; neighbors: number }
    assert.equal([json.objective, json.neighbors], [4, 1])
  }
  const both = file("both.csv", `genotype,error\n"${center}",3\n"${swapped}",2\n`)
  const ran = await cli("landscape", "--space", "darts", "--table", both, "--score", "error")
  assert.is(ran.status, 1)
  assert.match(ran.stderr, /both\.csv", line 3: the column "error" has 2 here and 3 in line 2, the same network/)
})

test("takes a published name, and shows the forms of the space for what it cannot read", async () => {
  const known = await cli("landscape", "--architecture", "000000")
  assert.is(known.status, 0)
  const refused = await cli("landscape", "--architecture", "DARTS_V1")
  assert.is(refused.status, 2)
  assert.match(refused.stderr, "6 digits for 0->1, 0->2, 1->2, 0->3, 1->3, 2->3 (0 none, 1 skip_connect")
  assert.is(refused.stderr.trim().split("\n").length, 2)
})

test.run()
