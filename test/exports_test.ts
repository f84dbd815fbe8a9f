import { spawnSync } from "node:child_process"
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join, resolve } from "node:path"
import { suite } from "uvu"
import * as assert from "uvu/assert"

const ENTRIES = ["mod.ts", "darts.ts", "program.ts", "http.ts"]
const FOLDER = mkdtempSync(join(tmpdir(), "na-nas-exports-"))

/** The examples of an entry's own text and of the modules that it lists. */
function examplesOf(entry: string): ReadonlyArray<string> {
  const text = readFileSync(entry, "utf8")
  const modules = [...text.matchAll(/from "(\.\/src\/[^"]+)"/g)].map(([, path]) => path!)
  return [entry, ...new Set(modules)].flatMap((path) =>
    [...readFileSync(path, "utf8").matchAll(/@example\n \* ```ts\n([\s\S]*?) \* ```/g)].map(([, code]) =>
      code!.replace(/^ \* ?/gm, "")
    )
  )
}

/** What an example says that it prints: the comments behind its `console.log`s. */
const told = (code: string) => [...code.matchAll(/console\.log\(.*\) \/\/ (.*)$/gm)].map(([, text]) => text!)

/** Every example, by its file in a user's folder. */
const codes = new Map<string, string>()
for (const entry of ENTRIES) for (const code of examplesOf(entry)) codes.set(`${codes.size}.ts`, code)
for (const name of readdirSync("examples")) codes.set(name, readFileSync(join("examples", name), "utf8"))

const test = suite("exports, examples")
let printed = new Map<string, ReadonlyArray<string>>()
let errors = ""

test.before(() => {
  mkdirSync(join(FOLDER, "node_modules/@effect"), { recursive: true })
  for (const name of ["effect", "@effect/schema"])
    symlinkSync(resolve("node_modules", name), join(FOLDER, "node_modules", name))
  symlinkSync(resolve("."), join(FOLDER, "node_modules/na-nas"))
  writeFileSync(join(FOLDER, "package.json"), JSON.stringify({ type: "module" }))
  for (const [name, code] of codes) writeFileSync(join(FOLDER, name), code)
  // One process runs them all: the modules are loaded once.
  const all = [...codes.keys()].map(
    (name) => `console.log("\\f${name}"); await import("./${name}").catch(console.error)`
  )
  writeFileSync(join(FOLDER, "all.mjs"), all.join("\n"))
  const tsx = resolve("node_modules/tsx/dist/loader.mjs")
  const env = { ...process.env, FORCE_COLOR: "0" }
  const { stdout, stderr } = spawnSync(process.execPath, ["--import", tsx, "all.mjs"], {
    encoding: "utf8",
    env,
    cwd: FOLDER
  })
  errors = stderr
  printed = new Map(
    stdout
      .split("\f")
      .slice(1)
      .map((part) => part.trim().split("\n"))
      .map(([name, ...lines]) => [name!, lines])
  )
})
test.after(() => rmSync(FOLDER, { recursive: true, force: true }))

for (const [name, code] of codes) {
  const title = /^\d/.test(name) ? /import \{.*?(\w+) \} from "na-nas\S*"(?![\s\S]*import)/.exec(code)?.[1] : name
  test(`the example ${title} (${name}) prints what it says`, () => {
    const lines = printed.get(name)
    assert.ok(lines !== undefined && lines.length > 0, errors)
    const expected = told(code)
    assert.equal(
      lines.filter((line) => expected.includes(line)),
      expected,
      lines.join("\n")
    )
  })
}

test("every example ran without an error", () => {
  assert.is(errors, "")
})

test("each main function has an example", () => {
  const all = ENTRIES.flatMap(examplesOf).join("\n")
  for (const name of [
    ...["searchArchitectures", "scoreArchitecture", "searchDarts", "readSpace", "readArchitecture", "runPromise"],
    ...["differentiate", "fetchHandler", "neighbors"]
  ])
    assert.ok(all.includes(`${name}(`), name)
})

test("the entries are explicit lists, and each is an export of the package", () => {
  const { exports } = JSON.parse(readFileSync("package.json", "utf8"))
  assert.equal(Object.values(exports).sort(), ENTRIES.map((entry) => `./${entry}`).sort())
  for (const entry of ENTRIES) assert.not.match(readFileSync(entry, "utf8"), /export \*(?! as)/)
})

test.run()
