import { spawn } from "node:child_process"
import { mkdtempSync, readdirSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { suite } from "uvu"
import * as assert from "uvu/assert"
import { cli, lastJson } from "./_cli.ts"
import { writeImages } from "./_images.ts"

const folder = mkdtempSync(join(tmpdir(), "na-nas-supernet-"))
const data = join(folder, "data.safetensors")
writeImages(data, { train: 48, test: 6 })
const small = [
  ...["--evaluator", "supernet", "--dataset", "tensor-file", "--data", data, "--batch-size", "4", "--channels", "2"],
  ...["--epochs", "3", "--samples", "4"]
]
const without = ({ seconds: _, run: __, ...rest }: Record<string, unknown>) => rest

const test = suite("search with a supernet")
test.after(() => rmSync(folder, { recursive: true, force: true }))

test("a killed run continues to the result of one that nobody killed", async () => {
  const args = ["na-rs", ...small, "--neighbors", "2", "--json"]
  const [whole, run] = [join(folder, "whole"), join(folder, "killed")]
  const begun = performance.now()
  const expected = lastJson(await cli("search", ...args, "--run", whole))
  const duration = performance.now() - begun
  assert.is(expected.evaluations, 12)
  const child = spawn(process.execPath, ["--import", "tsx", "bin/search.ts", ...args, "--run", run])
  const timer = setTimeout(() => child.kill("SIGKILL"), 0.7 * duration)
  await new Promise((resolve) => child.once("exit", resolve))
  clearTimeout(timer)
  assert.equal(without(lastJson(await cli("search", ...args, "--run", run))), without(expected))
  assert.equal(
    without(lastJson(await cli("search", "--run", run, "--json"))),
    without(expected),
    "the folder alone will do"
  )
  assert.ok(readdirSync(join(run, "supernet")).some((name) => name.endsWith(".safetensors")))
})

test("searches share a supernet, and refuse one of other settings", async () => {
  const shared = join(folder, "shared")
  assert.is((await cli("search", "rs", ...small, "--supernet-run", shared)).status, 0)
  const trained = readdirSync(shared)
  assert.is((await cli("search", "evolution", ...small, "--supernet-run", shared)).status, 0)
  assert.equal(readdirSync(shared), trained, "nothing is trained again")
  const other = await cli("search", "rs", ...small, "--supernet-run", shared, "--supernet-seed", "5")
  assert.is(other.status, 1)
  assert.match(other.stderr, "another --supernet-seed")
})

for (const [name, args, text] of [
  ["more batches than there are", ["rs", ...small, "--score-batches", "99"], "--score-batches"],
  ["a search by gradients", ["darts", ...small.slice(0, 2)], "--evaluator"],
  ["a constraint on a column", ["rs", ...small, "--constraint", "params<=5"], "count(choice)"]
] as const) {
  test(`${name} is one line of error that helps`, async () => {
    const ran = await cli("search", ...args)
    assert.is(ran.status, 2, ran.stderr)
    assert.match(ran.stderr, text)
    assert.is(ran.stderr.trim().split("\n").length, 1, ran.stderr)
  })
}

test("a diverged training is one line of error", async () => {
  const ran = await cli("search", "rs", ...small, "--learning-rate", "1e30")
  assert.is(ran.status, 1, ran.stderr)
  assert.match(ran.stderr, /training loss is NaN or infinite .*; give a lower --learning-rate \(it was 1e\+30\)/)
})

test.run()
