import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { suite } from "uvu"
import * as assert from "uvu/assert"
import { cli, errorsIn, lastJson } from "./_cli.ts"

const folder = mkdtempSync(join(tmpdir(), "na-nas-trained-"))
const data = ["--images", "96", "--image-size", "8", "--cache", join(folder, "cache")]
const small = [...data, "--batch-size", "16", "--channels", "2", "--cells", "1", "--crop", "0", "--epochs", "2"]

const test = suite("search by training")
test.after(() => rmSync(folder, { recursive: true, force: true }))

test("halves its candidates, knows them again, and is told again by its folder alone", async () => {
  const run = join(folder, "run")
  const args = ["halving", ...small, "--samples", "4", "--eta", "2", "--run", run, "--json"]
  const ran = await cli("search", ...args)
  assert.is(ran.status, 0, ran.stderr)
  const { seconds: _, ...result } = lastJson(ran)
  assert.equal([result.samples, result.evaluations, result.stop], [4, 6, "samples"])
  assert.ok(Number(result.score) > 0 && Number(result.score) <= 1)
  assert.match(ran.stderr, "validation error")
  const { seconds: __, ...again } = lastJson(await cli("search", "--run", run, "--json"))
  assert.equal(again, result)
  const whole = await cli(
    "search",
    "na-rs",
    "--evaluator",
    "train",
    ...small,
    "--samples",
    "1",
    "--neighbors",
    "1",
    "--json"
  )
  assert.is(whole.status, 0, whole.stderr)
  assert.is(lastJson(whole).evaluations, 2)
})

test("candidates that diverge are the worst; where all do, the error names the cure", async () => {
  const wild = ["--batch-size", "16", "--channels", "2", "--cells", "1", "--crop", "0", "--epochs", "1"]
  const run = join(folder, "wild")
  const args = [
    "rs",
    "--evaluator",
    "train",
    ...data,
    ...wild,
    "--samples",
    "3",
    "--learning-rate",
    "1e30",
    "--run",
    run,
    "--backend",
    "onnx"
  ]
  const lost = await cli("search", ...args)
  assert.is(lost.status, 1, lost.stderr)
  assert.match(lost.stderr, /no candidate has a score: (\d) of \1 evaluations diverged; give a lower --learning-rate/)
  assert.match(lost.stderr, "a smaller --clip;")
  assert.is(errorsIn(lost), 1, lost.stderr)
})

for (const [name, args, text] of [
  ["a setting of trainings alone", ["rs", "--channels", "2"], /--channels: is no setting.*--evaluator "train" has it/],
  [
    "a setting of tables alone",
    ["rs", "--evaluator", "train", ...small, "--score", "acc"],
    /--score: is no setting.*"table" has it/
  ],
  ["a searcher that has no rungs", ["evolution", "--eta", "2"], /--eta'.*halving has it/]
] as const) {
  test(`${name} is one line of error that helps`, async () => {
    const ran = await cli("search", ...args)
    assert.is(ran.status, 2, ran.stderr)
    assert.match(ran.stderr, text)
    assert.is(ran.stderr.trim().split("\n").length, 1, ran.stderr)
  })
}

test.run()
