import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { suite } from "uvu"
import * as assert from "uvu/assert"
import { cli, lastJson } from "./_cli.ts"

const test = suite("check_space")

test("all invariants hold for a space that comes with the library", async () => {
  const ran = await cli("check_space", "s1", "--runs", "50", "--json")
  assert.is(ran.status, 0, ran.stderr)
  const report = lastJson(ran)
  assert.is(report.failed, 0)
  assert.ok((report.passed as number) >= 15)
})

test("a faulty space is one line of error that names the place", async () => {
  const folder = mkdtempSync(join(tmpdir(), "na-nas-"))
  const path = join(folder, "space.json")
  const edges = [
    { from: 0, to: 1, operations: ["a", "b"] },
    { from: 2, to: 1, operations: ["a", "b"] }
  ]
  writeFileSync(path, JSON.stringify({ name: "bad", cells: [{ name: "c", inputs: 1, nodes: 2, edges }] }))
  const ran = await cli("check_space", path)
  rmSync(folder, { recursive: true, force: true })
  assert.is(ran.status, 1)
  assert.match(ran.stderr, "cells[0].edges[1]")
  assert.is(ran.stderr.trim().split("\n").length, 1)
})

test.run()
