import { spawnSync } from "node:child_process"
import { suite } from "uvu"
import * as assert from "uvu/assert"

const test = suite("bench/chain.ts")

test("a cell that was searched and trained classifies after its export as reported", () => {
  const sizes = ["--image-size", "8", "--channels", "2", "--cells", "1", "--batch-size", "16"]
  const amount = ["--search-images", "64", "--search-epochs", "1", "--images", "320", "--epochs", "2"]
  const args = ["--import", "tsx", "bench/chain.ts", "--space", "nas-bench-201", ...sizes, ...amount, "--json"]
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: "utf8" })
  assert.is(status, 0, stderr)
  const { reported, exported } = JSON.parse(stdout) as { reported: number; exported: number }
  assert.is(exported, reported)
  assert.ok(reported > 0.15, `${reported} is no better than chance`)
})

test.run()
