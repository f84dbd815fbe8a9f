import { spawn } from "node:child_process"
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { suite } from "uvu"
import * as assert from "uvu/assert"
import { cli, lastJson, type Ran } from "./_cli.ts"

const folder = mkdtempSync(join(tmpdir(), "na-nas-"))
const file = (name: string, text: string) => {
  writeFileSync(join(folder, name), text)
  return join(folder, name)
}
const space = file(
  "space.json",
  JSON.stringify({ name: "mine", decisions: [1, 2, 3].map((i) => ({ name: `d${i}`, choices: ["x", "y"] })) })
)
const rows = Array.from({ length: 8 }, (_, i) => `${i.toString(2).padStart(3, "0")},${i},${10 - i},${i / 2}`)
const table = file("table.csv", ["code,score,test,cost", ...rows].join("\n"))
const own = ["--space", space, "--table", table, "--score", "score"]

const test = suite("search")
test.after(() => rmSync(folder, { recursive: true, force: true }))

test("without a table it searches a made-up one and says so", async () => {
  const ran = await cli("search", "na-rs")
  assert.is(ran.status, 0, ran.stderr)
  assert.match(ran.stderr, "made-up")
  assert.match(ran.stdout, /architecture +\|/)
})

test("with --json the last line of stdout is the result, and progress stays off it", async () => {
  const ran = await cli("search", "exhaustive", ...own, "--report", "test,cost", "--json")
  assert.is(ran.stdout.trim().split("\n").length, 1)
  const { seconds, settings, ...result } = lastJson(ran)
  assert.type(seconds, "number")
  assert.is((settings as { algorithm: string }).algorithm, "exhaustive")
  assert.equal(result, {
    architecture: "111",
    score: 7,
    ownScore: 7,
    ownDiverged: false,
    samples: 8,
    evaluations: 8,
    uniqueEvaluations: 8,
    diverged: 0,
    simulatedSeconds: 0,
    stop: "exhausted",
    reported: { test: 3, cost: 3.5 },
    seed: "0",
    run: null,
    read: {
      tables: [{ name: table, architectures: 8, key: "code", first: { text: "000", architecture: "000" } }],
      leftOut: null
    }
  })
})

test("architectures without a score are left out of the search and counted in its report", async () => {
  const gaps = file(
    "gaps.csv",
    ["code,score", ...rows.slice(0, 7).map((row) => row.split(",").slice(0, 2).join(",")), "111,"].join("\n")
  )
  const ran = await cli("search", "exhaustive", "--space", space, "--table", gaps, "--score", "score")
  assert.is(ran.status, 0, ran.stderr)
  assert.match(ran.stdout, "8 architectures of")
  assert.match(ran.stdout, /left out +1 architecture in .*gaps\.csv, line 9: the column "score" has no number/)
  assert.match(ran.stdout, / architecture +110\n/)
})

test("a smaller score is better where that is the goal", async () => {
  const result = lastJson(await cli("search", "exhaustive", ...own, "--goal", "minimize", "--json"))
  assert.is(result.architecture, "000")
  assert.is(result.score, 0)
})

test("the neighborhood objective is the mean of the scores within distance 1", async () => {
  const result = lastJson(await cli("search", "exhaustive", ...own, "--objective", "neighborhood", "--json"))
  assert.is(result.architecture, "111")
  assert.is(result.score, (7 + 6 + 5 + 3) / 4)
})

test("--repeat gives mean and deviation, and each repetition can be run alone", async () => {
  const repeated = lastJson(
    await cli("search", "na-rs", ...own, "--report", "test", "--samples", "3", "--repeat", "20", "--json")
  )
  const reported = repeated.reported as { test: { mean: number; sd: number } }
  assert.ok(reported.test.sd > 0)
  assert.is(repeated.repeat, 20)
  const alone = lastJson(
    await cli(
      "search",
      "na-rs",
      ...own,
      "--report",
      "test",
      "--samples",
      "3",
      "--seed",
      String(repeated.seed),
      "--json"
    )
  )
  assert.is(alone.architecture, repeated.architecture)
  assert.is(alone.score, repeated.score)
})

test("settings come from a config file, flags win, and unknown ones are refused", async () => {
  const config = file("config.json", JSON.stringify({ space, table: [table], score: "score", samples: 5, seed: "c" }))
  const result = lastJson(await cli("search", "na-rs", "--config", config, "--samples", "4", "--json"))
  assert.is(result.samples, 4)
  assert.is(result.seed, "c")
  const wrong = await cli("search", "na-rs", "--config", file("wrong.json", JSON.stringify({ sample: 5 })))
  assert.is(wrong.status, 2)
  assert.match(wrong.stderr, "sample")
})

test("a run is kept, shown again by its folder alone, and refuses other settings", async () => {
  const run = join(folder, "run")
  const without = ({ seconds: _, ...rest }: Record<string, unknown>) => rest
  const first = lastJson(await cli("search", "na-rs", ...own, "--run", run, "--json"))
  assert.is(first.run, run)
  assert.equal(without(lastJson(await cli("search", "na-rs", ...own, "--run", run, "--json"))), without(first))
  assert.equal(without(lastJson(await cli("search", "--run", run, "--json"))), without(first))
  const other = await cli("search", "na-rs", ...own, "--seed", "1", "--run", run)
  assert.is(other.status, 1)
  assert.match(other.stderr, "another --seed")
  const typed = await cli("search", "--seed", "1", "--run", run)
  assert.match(typed.stderr, /begun with another --seed; /)
  const mistyped = join(folder, "mistyped")
  assert.is((await cli("search", "na-rs", ...own, "--report", "nope", "--run", mistyped)).status, 1)
  assert.is((await cli("search", "na-rs", ...own, "--report", "test", "--run", mistyped)).status, 0)
  const changed = file("changed.csv", "code,score\n000,1\n")
  const moved = join(folder, "moved")
  await cli("search", "na-rs", "--space", space, "--table", changed, "--score", "score", "--run", moved)
  file("changed.csv", "code,score\n000,2\n")
  assert.match((await cli("search", "--run", moved)).stderr, "its table has changed")
})

test("Ctrl-C ends a kept run with 130 and says how to go on; the same command then ends as if never stopped", async () => {
  const [run, whole] = [join(folder, "stopped"), join(folder, "whole")]
  const args = ["na-rs", "--samples", "30000", "--neighbors", "4", "--json"]
  const child = spawn(process.execPath, ["--import", "tsx", "bin/search.ts", ...args, "--run", run])
  let stderr = ""
  child.stderr.on("data", (text) => {
    stderr += text
  })
  const ended = new Promise((resolve) => child.once("exit", resolve))
  while (!existsSync(join(run, "run.sqlite"))) await new Promise((resolve) => setTimeout(resolve, 10))
  setTimeout(() => child.kill("SIGINT"), 300)
  const code = await ended
  assert.is(code, 130, stderr)
  assert.match(stderr, "the same command continues")
  const comparable = ({ seconds: _, run: __, ...rest }: Record<string, unknown>) => rest
  const continued = lastJson(await cli("search", ...args, "--run", run))
  assert.equal(comparable(continued), comparable(lastJson(await cli("search", ...args, "--run", whole))))
})

test("--help lists the algorithms, that of one its flags, in few lines", async () => {
  const all = await cli("search", "--help")
  assert.is(all.status, 0)
  assert.ok(all.stdout.trimEnd().split("\n").length <= 40, all.stdout)
  for (const name of ["na-darts", "na-rs", "halving", "Examples"]) assert.match(all.stdout, name)
  const ran = await cli("search", "na-rs", "--help")
  assert.is(ran.status, 0)
  assert.ok(ran.stdout.trimEnd().split("\n").length <= 120, ran.stdout)
  for (const flag of ["--aggregate", "--table", "--unique-evaluations", "--run", "Examples"])
    assert.match(ran.stdout, flag)
})

test("--help is plain text, a line or two for each flag, with its default", async () => {
  const { stdout } = await cli("search", "na-rs", "--help")
  assert.not.match(stdout, String.fromCharCode(27))
  assert.match(stdout, /^ {2}--\[no-\]json +end with one JSON object on standard output \(no\)$/m)
  assert.match((await cli("check_space", "-h")).stdout, /^Usage: check_space \[flags\] <space>\n/)
})

const wrong: ReadonlyArray<readonly [string, ReadonlyArray<string>, number, string | RegExp]> = [
  ["an unknown flag", ["--bogus"], 2, /unknown option '--bogus'; --help/],
  ["a number that is none", ["--samples", "many"], 2, "--samples"],
  ["a negative budget", ["--evaluations", "-1"], 2, "--evaluations"],
  ["an unknown algorithm", ["magic"], 2, /no such algorithm: na-darts, darts.*local-search/],
  ["an unknown aggregate", ["na-rs", "--aggregate", "avg"], 2, "median"],
  ["an aggregate out of range", ["na-rs", "--aggregate", "cvar:2"], 2, "out of range"],
  ["na-rs with the own score", ["na-rs", "--objective", "own"], 2, "--objective"],
  ["nothing to aggregate", ["na-rs", "--neighbors", "0", "--center", "no"], 2, "nothing to aggregate"],
  ["a table without a score", ["na-rs", "--table", table, "--space", space], 2, "--score"],
  ["a score without a table", ["na-rs", "--score", "x"], 2, "--table"],
  ["a column that is missing", ["na-rs", ...own, "--report", "nope"], 1, '"nope"'],
  ["a table that is missing", ["na-rs", "--table", "nope.csv", "--score", "x"], 1, "does not exist"],
  ["a table of another space", ["na-rs", "--table", table, "--score", "score"], 1, "line 2"],
  ["a space that is missing", ["na-rs", "--space", "nope.json"], 1, "nas-bench-201"],
  ["a constraint that none meets", ["na-rs", ...own, "--constraint", "score>100"], 2, "score>100"],
  ["a constraint that is none", ["na-rs", ...own, "--constraint", "score"], 2, "count(choice)"],
  [
    "simulated seconds without a cost",
    ["na-rs", ...own, "--simulated-seconds", "5"],
    2,
    "--simulated-seconds needs --cost"
  ],
  ["samples without a table", ["--samples", "5"], 2, /--samples'; na-rs, rs,.*have it/],
  ["neighbors without a neighborhood", ["rs", "--neighbors", "2"], 2, /--neighbors'; .*na-rs.*have it/],
  ["a population without evolution", ["rs", "--population", "50"], 2, /--population'; evolution has it/],
  ["a factor of no cost", ["na-rs", ...own, "--cost-factor", "2"], 2, /--cost-factor needs --cost/],
  ["a learning rate of alpha", ["rs", "--alpha-learning-rate", "1"], 2, /rate'; na-darts,.*have it/],
  [
    "a goal of trainings",
    ["na-rs", "--evaluator", "train", "--goal", "maximize"],
    2,
    /--goal.*--evaluator "table" has it/
  ],
  ["a config file that is missing", ["--config", "nope.json"], 2, "nope.json"]
]
for (const [name, args, status, cure] of wrong) {
  test(`${name} is one line of error that helps`, async () => {
    const ran: Ran = await cli("search", ...args)
    assert.is(ran.status, status, ran.stderr)
    assert.is(ran.stdout, "")
    assert.match(ran.stderr, cure)
    assert.is(ran.stderr.trim().split("\n").length, 1, ran.stderr)
    assert.not.match(ran.stderr, "    at ")
  })
}

test.run()
