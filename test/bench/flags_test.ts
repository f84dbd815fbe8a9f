import { spawnSync } from "node:child_process"
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join, resolve } from "node:path"
import { suite } from "uvu"
import * as assert from "uvu/assert"
import {
  choice,
  type Flags,
  many,
  positive,
  readFlags,
  rest,
  sizes,
  text,
  toggle,
  value,
  whole,
  wholes
} from "../../bench/_flags.ts"

const test = suite("bench/_flags.ts")

const SOURCE = `/**
 * Does it.
 *
 *     npx tsx does.ts [--steps 5]
 */
import "x"
/** Another one. */
`
const FLAGS = {
  steps: whole(5, 2),
  rate: positive(0.5),
  counts: wholes([0, 3], 0),
  config: sizes([8, 5, 32, 28]),
  name: choice(["one", "other"], "one"),
  names: many(choice(["one", "other"], "one"), ["other", "one"]),
  even: value(2, "an even number", (given) => (Number(given) % 2 === 0 ? Number(given) : undefined)),
  out: text(undefined),
  json: toggle
}
const read = <F extends Flags>(flags: F, ...args: ReadonlyArray<string>) => readFlags(SOURCE, flags, args)

test("absent flags have their fallbacks", () => {
  assert.equal(read(FLAGS), {
    _tag: "Values",
    values: {
      ...{ steps: 5, rate: 0.5, counts: [0, 3], config: [8, 5, 32, 28], name: "one", names: ["other", "one"] },
      ...{ even: 2, out: undefined, json: false }
    }
  })
})

test("flags mean what was typed; of a flag that is typed twice the last one counts, unless it may be", () => {
  const args = "--steps 9 --steps 7 --rate 1e-3 --counts 4,0 --config 1,2,3,4 --name other --names other --names one"
  assert.equal(read(FLAGS, ...args.split(" "), "--even=8", "--out", "a b", "--json"), {
    _tag: "Values",
    values: {
      ...{ steps: 7, rate: 0.001, counts: [4, 0], config: [1, 2, 3, 4], name: "other", names: ["other", "one"] },
      ...{ even: 8, out: "a b", json: true }
    }
  })
})

test("a wrong value, an unknown flag and what no flag takes are one line that names them", () => {
  for (const [args, problem] of [
    ["--steps 1", '--steps takes a whole number of at least 2, not "1"'],
    ["--steps 3.5", '--steps takes a whole number of at least 2, not "3.5"'],
    ["--steps many", '--steps takes a whole number of at least 2, not "many"'],
    ["--steps=", '--steps takes a whole number of at least 2, not ""'],
    ["--rate 0", '--rate takes a number above 0, not "0"'],
    ["--rate x", '--rate takes a number above 0, not "x"'],
    ["--counts 1,,2", '--counts takes whole numbers of at least 0, as 0,3, not "1,,2"'],
    ["--config 1,2,3", '--config takes channels,cells,batch,image size, as 8,5,32,28, not "1,2,3"'],
    ["--config 1,2,3,4,5", '--config takes channels,cells,batch,image size, as 8,5,32,28, not "1,2,3,4,5"'],
    ["--config 0,2,3,4", '--config takes channels,cells,batch,image size, as 8,5,32,28, not "0,2,3,4"'],
    ["--name two", '--name takes one|other, not "two"'],
    ["--names one --names two", '--names takes one|other, not "two"'],
    ["--even 3", '--even takes an even number, not "3"'],
    ["--nonsense", "Unknown option '--nonsense'"],
    ["-x", "Unknown option '-x'"],
    ["--json=yes", "Option '--json' does not take an argument"],
    ["--out", "Option '--out <value>' argument missing"],
    ["--out --json", "Option '--out' argument is ambiguous"],
    ["stray", "Unexpected argument 'stray'"]
  ] as const)
    assert.equal(read(FLAGS, ...args.split(" ")), { _tag: "Wrong", problem })
})

test("what is typed beside the flags is theirs who ask for it, as many as they ask for", () => {
  const flags = { files: rest(1, 2), json: toggle }
  assert.equal(read(flags, "a", "--json", "b"), { _tag: "Values", values: { files: ["a", "b"], json: true } })
  assert.equal(read(flags, "--json"), { _tag: "Wrong", problem: "name at least 1 of the files" })
  assert.equal(read(flags, "a", "b", "c"), { _tag: "Wrong", problem: "name at most 2 of the files" })
})

test("--help is the first doc comment without its marks, whatever else is typed", () => {
  assert.equal(read(FLAGS, "--nonsense", "--help"), {
    _tag: "Help",
    text: "Does it.\n\n    npx tsx does.ts [--steps 5]"
  })
})

const scripts = ["bench", "scripts"].flatMap((folder) =>
  readdirSync(folder).flatMap((file) => (/^[^_]\w*\.ts$/.test(file) ? [`${folder}/${file}`] : []))
)
const KINDS = /([\w-]+)"?: (?:value|toggle|text|wholes?|positive|sizes|choice|many)\b/g
/** Flags that only a script's own processes are given. */
const OWN = ["worker", "cache", "trace", "peak"]

test("every script reads its flags so, and its help tells its command line and every flag", () => {
  assert.ok(scripts.length > 12)
  for (const script of scripts) {
    const source = readFileSync(script, "utf8")
    const declared = /\bscriptFlags\(\{([\s\S]*?)\}\)$/m.exec(source)
    assert.ok(declared !== null && !source.includes("parseArgs"), `${script} reads its flags by itself`)
    const help = readFlags(source, {}, ["--help"])
    const told = help._tag === "Help" ? help.text : ""
    assert.match(told, new RegExp(`npx tsx ${script}|npm run [a-z]+`), script)
    for (const [, name] of declared[1]!.matchAll(KINDS))
      if (!OWN.includes(name!)) assert.match(told, `--${name}`, `${script}: --${name}`)
  }
})

test("a script ends with 0 behind its help, 2 where it is used wrongly, 1 where it fails: one line, no stack trace", () => {
  const folder = mkdtempSync(join(tmpdir(), "na-nas-flags-"))
  try {
    const script = join(folder, "script.mts")
    const code = `import { choice, scriptFlags } from ${JSON.stringify(resolve("bench/_flags.ts"))}
      const { end } = scriptFlags({ end: choice(["well", "badly"], "well") })
      await (end === "well" ? undefined : Promise.reject(new TypeError("gone\\nwrong")))`
    writeFileSync(script, `${SOURCE.replace('import "x"\n', "")}${code}`)
    const ends = (...args: ReadonlyArray<string>) => {
      const ran = spawnSync(process.execPath, ["--import", "tsx", script, ...args], { encoding: "utf8" })
      return [ran.status, ran.stdout, ran.stderr]
    }
    assert.equal(ends("--help"), [0, "Does it.\n\n    npx tsx does.ts [--steps 5]\n", ""])
    const wrong = `error: --end takes well|badly, not "x"; to see how it is used: --help\n`
    assert.equal(ends("--end", "x"), [2, "", wrong])
    assert.equal(ends("--end", "badly"), [1, "", "error: gone\n"])
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})

test("bench/gpu.sh does the same before it does anything else", () => {
  const help = spawnSync("bench/gpu.sh", ["--help"], { encoding: "utf8" })
  assert.is(help.status, 0)
  assert.match(help.stdout, /^Everything that a machine with a GPU .*\n\n {4}bench\/gpu\.sh \[FOLDER\]/)
  for (const args of [["--nonsense"], ["one", "other"]]) {
    const { status, stdout, stderr } = spawnSync("bench/gpu.sh", args, { encoding: "utf8" })
    assert.equal([status, stdout], [2, ""])
    assert.match(stderr, /^error: Un.*--help\n$/)
  }
})

test.run()
