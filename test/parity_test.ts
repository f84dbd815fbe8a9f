import { spawnSync } from "node:child_process"
import { suite } from "uvu"
import * as assert from "uvu/assert"

/** Files with numbers of the reference networks, computed in float64; `.ci/run` compares that of DARTS's too, which takes longer. */
const FILES = ["nb201_eval_c4_n1", "nb201_search_c4_n1"]

const test = suite("bench/parity.ts")

function parity(...args: ReadonlyArray<string>) {
  return spawnSync(process.execPath, ["--import", "tsx", "bench/parity.ts", ...args], { encoding: "utf8" })
}

for (const name of FILES) {
  test(`${name}: logits, loss and every gradient are the reference's`, () => {
    const { status, stdout, stderr } = parity(`test/golden/${name}.safetensors`, "--json")
    assert.is(status, 0, stdout + stderr)
    const { comparisons, missing } = JSON.parse(stdout) as {
      comparisons: ReadonlyArray<{ group: string; error: number }>
      missing: ReadonlyArray<string>
    }
    assert.equal(missing, [])
    assert.ok(comparisons.every(({ error }) => error < 1e-4))
    const groups = comparisons.map(({ group }) => group)
    for (const needed of ["logits", "loss", "gradients of stem", "gradients of classifier"])
      assert.ok(groups.includes(needed))
  })
}

test("a file that is none is one line of error and exit code 1, no file is wrong usage", () => {
  const { status, stderr } = parity("package.json")
  assert.is(status, 1)
  assert.match(stderr, "Cannot read tensors")
  assert.is(parity().status, 2)
})

test.run()
