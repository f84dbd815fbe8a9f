import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { suite } from "uvu"
import * as assert from "uvu/assert"
import { filesBelow, leftovers } from "../../scripts/_leftovers.ts"

const folder = mkdtempSync(join(tmpdir(), "na-nas-leftovers-"))
const put = (path: string, text: string) => {
  mkdirSync(join(folder, path, ".."), { recursive: true })
  writeFileSync(join(folder, path), text)
}

const test = suite("filesBelow(), leftovers()")
test.after(() => rmSync(folder, { recursive: true, force: true }))

test("tell files that were made, removed and changed, but none of node_modules and .git", () => {
  for (const path of ["kept", "runs/first/run.json", "changed"]) put(path, "1")
  const before = filesBelow(folder)
  assert.equal(leftovers(before, filesBelow(folder)), [])
  rmSync(join(folder, "runs"), { recursive: true })
  put("changed", "22")
  put("new/file", "3")
  put("node_modules/.cache/bundle", "4")
  put(".git/index", "5")
  assert.equal(leftovers(before, filesBelow(folder)), [
    "changed changed",
    `made ${join("new", "file")}`,
    `removed ${join("runs", "first", "run.json")}`
  ])
})

test.run()
