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

test.run()
