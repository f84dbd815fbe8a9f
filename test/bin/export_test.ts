import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { suite } from "uvu"
import * as assert from "uvu/assert"
import { cli, lastJson } from "./_cli.ts"

const test = suite("export")

test("writes a module and ends with one line of JSON; the second time it refuses", async () => {
  const folder = mkdtempSync(join(tmpdir(), "na-nas-"))
  const out = join(folder, "net.py")
  const args = [
    "--architecture",
    "DARTS_V2",
    "--channels",
    "4",
    "--cells",
    "3",
    "--format",
    "torch",
    "--out",
    out,
    "--json"
  ]
  const ran = await cli("export", ...args)
  assert.is(ran.status, 0, ran.stderr)
  const result = lastJson(ran)
  assert.is(result.file, out)
  assert.is(result.bytes, readFileSync(out).length)
  assert.match(result.sha256 as string, /^[0-9a-f]{64}$/)
  assert.match(ran.stderr, "this network is not trained")
  const again = await cli("export", ...args)
  assert.is(again.status, 1)
  assert.match(again.stderr, "add --force")
  rmSync(folder, { recursive: true, force: true })
})

test("describes without a file", async () => {
  const ran = await cli("export", "--architecture", "DARTS_V1", "--describe", "--json")
  assert.is(ran.status, 0, ran.stderr)
  assert.is(lastJson(ran).parameters, 3169414)
  assert.is(lastJson(ran).multiplyAdds, 500987520)
})

test("wrong usage is one line and exit code 2", async () => {
  for (const [args, pattern] of [
    [[], "add --out, or --describe"],
    [["--describe", "--out", "net.onnx"], "leave out --describe or --out"],
    [["--out", "net.bin"], "is a file *.onnx"]
  ] as const) {
    const ran = await cli("export", "--architecture", "DARTS_V1", ...args)
    assert.is(ran.status, 2)
    assert.is(ran.stderr.trim().split("\n").at(-1)?.includes(pattern), true, ran.stderr)
  }
  assert.not.ok(existsSync("net.onnx"))
})

test.run()
