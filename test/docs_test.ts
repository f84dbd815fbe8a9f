import { spawnSync } from "node:child_process"
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync
} from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join, resolve } from "node:path"
import { suite } from "uvu"
import * as assert from "uvu/assert"
import { cli } from "./bin/_cli.ts"
import { ABSENT, withWorker } from "./elsewhere/_hosts.ts"

const ROOT = resolve(".")
/** A user's folder: what the README tells to type runs here, and leaves its files here. */
const FOLDER = mkdtempSync(join(tmpdir(), "na-nas-docs-"))
const README = readFileSync("README.md", "utf8")
const PAGES = ["README.md", ...readdirSync("docs").flatMap((name) => (name.endsWith(".md") ? [`docs/${name}`] : []))]

/** A fenced block: its language, what stands behind it (a file's name, say), and its text. */
interface Block {
  readonly page: string
  readonly language: string
  readonly about: string
  readonly text: string
}

const BLOCKS: ReadonlyArray<Block> = PAGES.flatMap((page) =>
  [...readFileSync(page, "utf8").matchAll(/^```(\w+) ?(.*)\n([\s\S]*?)^```$/gm)].map(([, language, about, text]) => ({
    page,
    language: language!,
    about: about!,
    text: text!
  }))
)

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

const test = suite("README.md, docs, mod.ts")
test.before(() => {
  const modules = join(FOLDER, "node_modules")
  mkdirSync(modules)
  for (const name of readdirSync("node_modules").filter((one) => !one.startsWith(".")))
    symlinkSync(join(ROOT, "node_modules", name), join(modules, name))
  symlinkSync(ROOT, join(modules, "na-nas"))
  writeFileSync(join(FOLDER, "package.json"), JSON.stringify({ type: "module" }))
  for (const { about, text } of BLOCKS) if (/^[\w-]+\.\w+$/.test(about)) writeFileSync(join(FOLDER, about), text)
})
test.after(() => rmSync(FOLDER, { recursive: true, force: true }))

/** The search without settings takes half a minute; `.ci/run` runs it. */
const LONG = "npm ci && npx tsx bin/search.ts"

const typedBefore = new Set<string>([LONG])
for (const [i, { page, language, about, text }] of BLOCKS.entries()) {
  if (language !== "sh" || about.startsWith("no-run: ")) continue
  const commands = text.trim().split("\n")
  const after = BLOCKS[i + 1]
  const recorded = after?.page === page && after.language === "text" && commands.length === 1 ? after.text : undefined
  for (const command of commands) {
    if (typedBefore.has(command)) continue
    typedBefore.add(command)
    test(`${page}: this runs${recorded === undefined ? "" : ", and prints what is shown"}: ${command}`, async () => {
      const [, file, ...rest] = command.split(" ").slice(1)
      const args =
        rest
          .join(" ")
          .match(/'[^']*'|\S+/g)
          ?.map((word) => word.replace(/^'|'$/g, "")) ?? []
      const bin = file!.match(/^bin\/(.*)\.ts$/)?.[1]
      const { status, stdout, stderr } = bin === undefined ? ran(join(ROOT, file!), ...args) : await typed(bin, ...args)
      assert.is(status, 0, stderr)
      if (recorded !== undefined) assert.is(stderr + stdout, recorded)
    })
  }
}

const snippets = BLOCKS.filter(({ language, about }) => language === "ts" && about === "")
for (const [i, { page, text }] of snippets.entries()) {
  test(`${page}: TypeScript snippet ${i + 1} runs`, () => {
    const file = join(FOLDER, `snippet${i}.ts`)
    writeFileSync(file, text)
    const { status, stdout, stderr } = ran(file)
    assert.is(status, 0, stderr)
    assert.ok(stdout.length > 0)
  })
}

test("links between the documents lead to files and headings that are there", () => {
  for (const page of [...PAGES, "ARCHITECTURE.md", "CONTRIBUTING.md"]) {
    const links = readFileSync(page, "utf8").matchAll(/\]\((?!https?:)([^)#]*)(?:#([^)]*))?\)/g)
    for (const [link, target, heading] of links) {
      const file = target === "" ? page : join(dirname(page), target!)
      assert.ok(existsSync(file), `${page}: ${link}`)
      if (heading === undefined) continue
      const headings = [...readFileSync(file, "utf8").matchAll(/^#+ (.*)$/gm)].map(([, title]) =>
        title!
          .toLowerCase()
          .replace(/[^\p{L}\d -]/gu, "")
          .replaceAll(" ", "-")
      )
      assert.ok(headings.includes(heading), `${page}: ${link}`)
    }
  }
})

test("the README has at most 150 lines", () => assert.ok(README.split("\n").length <= 151))

/** The text of the block for a file, or of the first in a language. */
const blockOf = (language: string, about = "") =>
  BLOCKS.find((block) => block.language === language && block.about === about)!.text

if (ABSENT.workerd !== undefined) console.log(`left out: the worker of docs/library.md; ${ABSENT.workerd}`)
else
  test("the worker of docs/library.md answers in workerd, bundled and configured as shown", async () => {
    const command = /^npx esbuild (.*)$/m.exec(blockOf("bash"))![1]!.split(" ")
    const { status, stderr } = spawnSync(join(ROOT, "node_modules/.bin/esbuild"), command, {
      encoding: "utf8",
      cwd: FOLDER
    })
    assert.is(status, 0, stderr)
    const library = readFileSync("docs/library.md", "utf8")
    const question = /^curl 'http:\/\/localhost:8080(\/.*?)'/m.exec(library)![1]!
    const answer = await withWorker(
      readFileSync(join(FOLDER, "worker.js"), "utf8"),
      async (address) => (await fetch(`${address}${question}`)).json(),
      blockOf("capnp", "worker.capnp").replace("*:8080", "127.0.0.1:0")
    )
    const { loss, neighbors } = answer as { readonly loss: number; readonly neighbors: ReadonlyArray<object> }
    assert.ok(loss < 0)
    assert.is(neighbors.length, 24)
  })

/** The rows of a text's tables: their cells without padding and emphasis. */
const rowsOf = (text: string) =>
  text.split("\n").flatMap((line) => (line.startsWith("| ") ? [line.replaceAll("**", "").replace(/ +/g, " ")] : []))

test("the table of the text on the study is a part of the summary on the study's page", () => {
  const page = readFileSync("bench/results/cifar10_study.md", "utf8")
  const summary = rowsOf(page.split("## Summary")[1]!.split("\n## ")[0]!)
  const rows = rowsOf(readFileSync("docs/study.md", "utf8"))
  assert.ok(rows.length > 10)
  for (const row of rows) if (!row.includes("---")) assert.ok(summary.includes(row), row)
})

test("the README's table of the benchmark is a part of that in docs/search.md", () => {
  const cells = (text: string) => rowsOf(text).map((row) => row.split(" | "))
  const all = cells(readFileSync("docs/search.md", "utf8"))
  const rows = cells(README).slice(2)
  assert.is(rows.length, 6)
  for (const [, , ...numbers] of rows) {
    const found = all.some(([, , ...known]) => [known[0], known[1], known[3]].join() === numbers.join())
    assert.ok(found, numbers.join(" "))
  }
})

test("every mean and deviation in the text on the study is one of the study's page", () => {
  const page = readFileSync("bench/results/cifar10_study.md", "utf8")
  const told = [...readFileSync("docs/study.md", "utf8").matchAll(/\d+\.\d+ ± \d+\.\d+/g)]
  assert.ok(told.length > 5)
  for (const [mean] of told) assert.ok(page.includes(mean), mean)
})

test("the example of mod.ts prints what it says", () => {
  const code = /```ts\n([\s\S]*?) \* ```/.exec(readFileSync("mod.ts", "utf8"))![1]!.replace(/^ \* ?/gm, "")
  const file = join(FOLDER, "mod.ts")
  writeFileSync(file, code)
  assert.is(ran(file).stdout.trim(), code.match(/\/\/ (\d+)/)![1])
})

test.run()
