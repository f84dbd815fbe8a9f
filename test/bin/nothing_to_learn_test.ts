import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { suite } from "uvu"
import * as assert from "uvu/assert"
import { cli, errorsIn } from "./_cli.ts"

const folder = mkdtempSync(join(tmpdir(), "na-nas-nothing-"))
const spaceOf = (...operations: ReadonlyArray<string>) => {
  const space = join(folder, `${operations.join("-")}.json`)
  const edges = [{ from: 0, to: 1, operations }]
  writeFileSync(space, JSON.stringify({ name: "own", cells: [{ name: "cell", inputs: 1, nodes: 1, edges }] }))
  return space
}
const single = ["--images", "10", "--batch-size", "1", "--image-size", "4", "--channels", "2", "--cells", "1"]
const cure = /1×1 pixels of images of 4×4, and a batch has one image: .*; give a larger --batch-size or --image-size$/

const test = suite("what leaves nothing to learn")
test.after(() => rmSync(folder, { recursive: true, force: true }))

for (const [name, command, args, text] of [
  ["a search on single pixels", "search", single, cure],
  ["trainings on single pixels", "search", ["rs", ...single, "--evaluator", "train"], cure],
  ["a supernet on single pixels", "search", ["rs", ...single, "--evaluator", "supernet"], cure],
  [
    "a training on single pixels",
    "evaluate",
    [...single, "--architecture", "333333", "--space", "nas-bench-201"],
    cure
  ],
  ["a space of none alone", "search", ["darts", "--space", spaceOf("none")], /--space: there is nothing/]
] as const)
  test(`${name} is told before the work, with the cure`, async () => {
    const ran = await cli(command, ...args)
    assert.is(ran.status, 2, ran.stderr)
    assert.is(errorsIn(ran), 1, ran.stderr)
    assert.match(ran.stderr.trim(), text)
  })

test.run()
