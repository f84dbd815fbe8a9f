import { spawnSync } from "node:child_process"
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join, resolve } from "node:path"
import { suite } from "uvu"
import * as assert from "uvu/assert"
import { cli } from "./bin/_cli.ts"
import { ABSENT, withWorker } from "./elsewhere/_hosts.ts"

const ROOT = resolve(".")
/** A user's folder: what the README tells to type runs here, and leaves its files here. */
const FOLDER = mkdtempSync(join(tmpdir(), "na-nas-docs-"))
const README = readFileSync("README.md", "utf8")

/** The fenced blocks of a document in one language. */
function blocks(document: string, language: string): ReadonlyArray<string> {
  return [...document.matchAll(new RegExp(`^(?:[ *]*)\`\`\`${language}\\n([\\s\\S]*?)^(?:[ *]*)\`\`\``, "gm"))].map(
    (match) => match[1]!
  )
}

function ran(file: string, ...args: ReadonlyArray<string>) {
  const env = { ...process.env, FORCE_COLOR: "0" }
  return spawnSync(process.execPath, ["--import", "tsx", file, ...args], { encoding: "utf8", env, cwd: FOLDER })
}

/** Run a command of `bin/` within this process, as if it were typed in the folder. */
async function typed(command: string, ...args: ReadonlyArray<string>) {
  process.chdir(FOLDER)
  try {
    return await cli(command, ...args)
  } finally {
    process.chdir(ROOT)
  }
}

const test = suite("README.md, mod.ts")
test.before(() => {
  const modules = join(FOLDER, "node_modules")
  mkdirSync(modules)
  for (const name of readdirSync("node_modules").filter((one) => !one.startsWith(".")))
    symlinkSync(join(ROOT, "node_modules", name), join(modules, name))
  symlinkSync(ROOT, join(modules, "na-nas"))
  writeFileSync(join(FOLDER, "package.json"), JSON.stringify({ type: "module" }))
})
test.after(() => rmSync(FOLDER, { recursive: true, force: true }))

test("the first screen shows what the search of a table prints", () => {
  const { stdout, stderr, status } = ran(join(ROOT, "bin/search.ts"), "--algorithm", "na-rs")
  assert.is(status, 0, stderr)
  assert.ok(blocks(README, "text").includes(stderr + stdout), stderr + stdout)
})

/** The search without settings takes half a minute; `.ci/run` runs it. */
const LONG = "npx tsx bin/search.ts"

const commands = blocks(README, "sh").flatMap((block) => block.trim().split("\n"))
for (const command of commands.map((line) => line.replace(/^npm ci && /, "")).filter((line) => line !== LONG)) {
  test(`this runs: ${command}`, async () => {
    const [, file, ...rest] = command.split(" ").slice(1)
    const args =
      rest
        .join(" ")
        .match(/'[^']*'|\S+/g)
        ?.map((word) => word.replace(/^'|'$/g, "")) ?? []
    const bin = file!.match(/^bin\/(.*)\.ts$/)?.[1]
    const { status, stderr } = bin === undefined ? ran(join(ROOT, file!), ...args) : await typed(bin, ...args)
    assert.is(status, 0, stderr)
  })
}

for (const [i, code] of blocks(README, "ts").entries()) {
  test(`TypeScript snippet ${i + 1} of the README runs`, () => {
    const file = join(FOLDER, `readme${i}.ts`)
    writeFileSync(file, code)
    const { status, stdout, stderr } = ran(file)
    assert.is(status, 0, stderr)
    assert.ok(stdout.length > 0)
  })
}

if (ABSENT.workerd !== undefined) console.log(`left out: the worker of the README; ${ABSENT.workerd}`)
else
  test("the worker of the README answers in workerd, bundled and configured as told", async () => {
    const [code, config] = [blocks(README, "ts worker.ts")[0]!, blocks(README, "capnp worker.capnp")[0]!]
    writeFileSync(join(FOLDER, "worker.ts"), code)
    const command = /^npx esbuild (.*)$/m.exec(blocks(README, "bash").join(""))![1]!.split(" ")
    const { status, stderr } = spawnSync(join(ROOT, "node_modules/.bin/esbuild"), command, {
      encoding: "utf8",
      cwd: FOLDER
    })
    assert.is(status, 0, stderr)
    const question = /^`curl 'http:\/\/localhost:8080(\/.*?)'`/m.exec(README)![1]!
    const answer = await withWorker(
      readFileSync(join(FOLDER, "worker.js"), "utf8"),
      async (address) => (await fetch(`${address}${question}`)).json(),
      config.replace("*:8080", "127.0.0.1:0")
    )
    const { loss, neighbors } = answer as { readonly loss: number; readonly neighbors: ReadonlyArray<object> }
    assert.ok(loss < 0)
    assert.is(neighbors.length, 24)
  })

/** The rows of a text's tables: their cells without padding and emphasis. */
const rowsOf = (text: string) =>
  text.split("\n").flatMap((line) => (line.startsWith("| ") ? [line.replaceAll("**", "").replace(/ +/g, " ")] : []))

test("the README's table of the study is a part of the summary on the study's page", () => {
  const page = readFileSync("bench/results/cifar10_study.md", "utf8")
  const summary = rowsOf(page.split("## Summary")[1]!.split("\n## ")[0]!)
  const rows = rowsOf(README.split("## What searches by gradients find")[1]!.split("\n## ")[0]!)
  assert.ok(rows.length > 10)
  for (const row of rows) if (!row.includes("---")) assert.ok(summary.includes(row), row)
})

test("every mean and deviation in the text on the study is one of the study's page", () => {
  const page = readFileSync("bench/results/cifar10_study.md", "utf8")
  const told = [...readFileSync("docs/study.md", "utf8").matchAll(/\d+\.\d+ ± \d+\.\d+/g)]
  assert.ok(told.length > 5)
  for (const [mean] of told) assert.ok(page.includes(mean), mean)
})

test("the spaces of the README are spaces", async () => {
  for (const [i, sizes] of ["18 architectures", "27 architectures"].entries()) {
    const file = join(FOLDER, `space${i}.json`)
    writeFileSync(file, blocks(README, "json")[i]!)
    assert.match((await cli("check_space", file)).stdout, sizes)
  }
})

test("a search by gradients runs in the cells of the README, and names the next commands", async () => {
  const small = ["--images", "64", "--image-size", "8", "--epochs", "1", "--batch-size", "16"]
  const { status, stdout, stderr } = await cli("search", "--space", join(FOLDER, "space1.json"), ...small)
  assert.is(status, 0, stderr)
  assert.match(stdout, /^na-darts in my-cells on mnist: 1 epoch in/)
  assert.match(stdout, "next: npx tsx bin/evaluate.ts --architecture")
})

test("the example of mod.ts prints what it says", () => {
  const code = blocks(readFileSync("mod.ts", "utf8"), "ts")[0]!.replace(/^ \* ?/gm, "")
  const file = join(FOLDER, "mod.ts")
  writeFileSync(file, code)
  assert.is(ran(file).stdout.trim(), code.match(/\/\/ (\d+)/)![1])
})

test.run()
